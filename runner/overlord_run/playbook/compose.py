"""Build a tree of nodes from the YAML parser's events, within limits, each node at its place.

The C parser's own composer is not used: it recurses without a bound, keeps the last of two equal keys in silence and
expands aliases without counting.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from overlord_run.errors import OverlordError
from overlord_run.playbook import scalars
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.syntax import explain
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

MAX_DEPTH = 50
MAX_VALUES = 150_000
"""Of all keys and values once every alias stands for what it names."""

MAX_CHARACTERS = 8 * 1024 * 1024
"""Of all keys and texts once every alias stands for what it names; a file itself is not that large."""

_ANCHOR = re.compile(r"&\S++(?:\s++(?:#[^\n\r\x85\u2028\u2029]*+)?+)*+")
"""An anchor and the blanks and comments up to the value that it names."""

_COMMENT = re.compile(r"\s*(#.*)")
"""A comment behind a value; a slice of the line would be copied for each value that stands on it."""


class StoppedError(Exception):
    """Reading cannot go on after the last problem."""


class Entry(Struct, frozen=True):
    """A key of a mapping and its value."""

    key: Place
    node: "Node"


class Node(Struct, frozen=True):
    """A value with its place.

    Attributes:
        content: A scalar's value, a list of nodes, or a dict of entries.
        text: Where a text's first line stands.
        by_line: Whether a text's lines are lines of the file.
        written: A plain scalar as it stands in the file; None of anything else.
        comment: What stands behind a plain scalar on its last line, from a `#` on that begins a comment.
        values: How many keys and values it holds once aliases are expanded, itself included.
        characters: How many characters its keys and texts hold then.
    """

    content: Any
    place: Place
    text: Place
    by_line: bool = True
    written: str | None = None
    comment: str = ""
    values: int = 1
    characters: int = 0


class Composer(Struct):
    """What is known while the events of one file are read.

    Attributes:
        lines: The file's lines, split where libyaml splits them.
        problems: What was found, in the order of the file.
    """

    file: str
    text: str
    lines: list[str]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    values: int = 0
    characters: int = 0

    def compose(self) -> Node | None:
        """Return the root of the one document, or None where it is empty.

        Raises:
            StoppedError: There is no root; the last problem says why.
        """
        events = yaml.parse(self.text, Loader=c_loader(yaml))
        try:
            return self._document(events)
        except yaml.MarkedYAMLError as error:
            place, message, hint = explain(error, self.file, self.lines)
            self._stop(place, "yaml-syntax", message, hint)

    def _document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._stop(
                        self._place(event.start_mark),
                        "second-document",
                        "a second document begins here",
                        "keep one document a file, and only one '---' at its top",
                    )
                self._check_version(event)
                root = self._node(next(events), events, 1)
        return root

    def _check_version(self, event: yaml.DocumentStartEvent) -> None:
        if event.version not in (None, (1, 2)):
            self._tell(self._place(event.start_mark), "yaml-version", "only YAML 1.2 is read", "remove this line")

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        place = self._place(event.start_mark)
        if depth > MAX_DEPTH:
            self._stop(place, "too-deep", f"values are nested more than {MAX_DEPTH} deep", "nest them less deeply")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), place)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if event.tag is not None:
            self._tell(place, "yaml-tag", f"the tag {shown(event.tag)} is not read", "remove it; quotes make a text")
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(place, events, depth)
        else:
            node = self._mapping(place, events, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str, place: Place) -> Node:
        target = self.anchors.get(anchor)
        if target is None:
            holds = anchor in self.anchors
            message = f"the alias *{anchor} stands inside what it names" if holds else f"nothing is named &{anchor}"
            self._tell(place, "alias", message, "name the value with & before the alias *, and outside of it")
            target = Node("", place, place)
        self._count(place, target.values, target.characters)
        return replace(target, place=place, comment="")

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Node:
        self._count(place, 1, len(event.value))
        text, by_line = self._text_place(event, place)
        if event.style:
            return Node(event.value, place, text, by_line, characters=len(event.value))
        content, comment = self._resolve(event.value, place), self._comment_behind(event)
        return Node(content, place, text, by_line, event.value, comment, characters=len(event.value))

    def _comment_behind(self, event: Any) -> str:
        end = event.end_mark
        found = _COMMENT.match(self.lines[end.line], end.column) if end.line < len(self.lines) else None
        return found[1] if found else ""

    def _resolve(self, text: str, place: Place) -> Any:
        try:
            return scalars.resolve(text)
        except scalars.NumberError as error:
            self._tell(place, "number", f"{shown(text).strip(chr(39))} {error}", "quote it if it is meant as text")
            return text

    def _text_place(self, event: Any, place: Place) -> tuple[Place, bool]:
        if event.style not in ("|", ">"):
            return place, "\n" not in event.value
        by_line = event.style == "|" and "\u2028" not in event.value and "\u2029" not in event.value
        first = place.line
        if event.anchor is not None:
            header = _ANCHOR.match(self.text, event.start_mark.index)
            first += len((header.group() + ".").splitlines()) - 1 if header else 0
        if not event.value.strip():
            return Place(self.file, first + 1, 1), by_line
        line = next(index for index in range(first, len(self.lines)) if self.lines[index].strip())
        raw = self.lines[line]
        if not by_line:
            return Place(self.file, line + 1, len(raw) - len(raw.lstrip(" ")) + 1), by_line
        written = event.value.split("\n")[line - first]
        return Place(self.file, first + 1, len(raw) - len(written) + 1), by_line

    def _sequence(self, place: Place, events: Iterator[Any], depth: int) -> Node:
        self._count(place, 1, 0)
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return _collection(items, items, place)

    def _mapping(self, place: Place, events: Iterator[Any], depth: int) -> Node:
        self._count(place, 1, 0)
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            plain = isinstance(event, yaml.ScalarEvent) and not event.style
            node = self._node(next(events), events, depth + 1)
            if self._is_key(key, entries, place, plain=plain):
                entries[key.content] = Entry(key.place, _beside(key.place, node))
        nodes = [entry.node for entry in entries.values()]
        return _collection(entries, nodes, place, values=len(entries), characters=sum(map(len, entries)))

    def _is_key(self, key: Node, entries: dict[str, Entry], mapping: Place, *, plain: bool) -> bool:
        if isinstance(key.content, dict) and _is_behind(key.place, mapping):
            message = "a text that begins with '{{' must stand in quotes"
            self._tell(mapping, "key-type", message, 'write "{{ … }}"; a condition stands without braces')
            return False
        if not isinstance(key.content, str):
            self._tell(key.place, "key-type", *_key_fault(key.content))
            return False
        if key.content == "<<" and plain:
            self._tell(
                key.place, "merge-key", "the merge key '<<' is not read", "write out the keys that it stands for"
            )
            return False
        if key.content in entries:
            first = entries[key.content].key.line
            message = f"the key {shown(key.content)} stands here twice, first on line {first}"
            self._tell(key.place, "duplicate-key", message, "keep one of them")
            return False
        return True

    def _count(self, place: Place, values: int, characters: int) -> None:
        self.values += values
        self.characters += characters
        if self.values > MAX_VALUES:
            message = f"the file holds more than {MAX_VALUES:,} values once its aliases are expanded"
            self._stop(place, "too-large", message, "split it, or use fewer aliases")
        if self.characters > MAX_CHARACTERS:
            message = f"the file holds more than {MAX_CHARACTERS:,} characters once its aliases are expanded"
            self._stop(place, "too-large", message, "split it, or use fewer aliases")

    def _place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _tell(self, place: Place, rule: str, message: str, hint: str) -> None:
        self.problems.append(problem(place, rule, message, hint))
        if len(self.problems) > MAX_PROBLEMS:
            raise StoppedError

    def _stop(self, place: Place, rule: str, message: str, hint: str) -> NoReturn:
        self._tell(place, rule, message, hint)
        raise StoppedError


def c_loader(library: Any) -> Any:
    """Return PyYAML's loader on libyaml.

    Raises:
        OverlordError: This PyYAML was built without libyaml.
    """
    loader = getattr(library, "CLoader", None)
    if loader is None:
        message = "PyYAML is installed here without libyaml, the parser that playbooks are read with"
        raise OverlordError(
            message, code="no-libyaml", next="install a wheel of it: pip install --force-reinstall PyYAML"
        )
    return loader


def _is_behind(place: Place, other: Place) -> bool:
    return (place.line, place.column) == (other.line, other.column + 1)


def _beside(key: Place, node: Node) -> Node:
    """Return an empty value at its key: there is nothing to point at behind the colon."""
    return replace(node, place=key) if node.content is None else node


def _collection(content: Any, nodes: list[Node], place: Place, values: int = 0, characters: int = 0) -> Node:
    """Return a node that holds others; `values` and `characters` are those of its keys."""
    values += 1 + sum(node.values for node in nodes)
    return Node(content, place, place, values=values, characters=characters + sum(node.characters for node in nodes))


def _key_fault(content: Any) -> tuple[str, str]:
    if isinstance(content, list | dict):
        return "a key must be text", "use texts as keys, and put a text that begins with { or [ in quotes"
    word = "null" if content is None else shown(content)
    return f"the key {word} is not text", f'quote it: "{word}"'

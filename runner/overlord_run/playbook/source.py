"""Read YAML 1.2 strictly: plain values, the place of each, and every trap answered by a problem.

Only libyaml's parser is used, so that an editor and the runner agree on what a file says. What it lets through is
guarded here: size, encoding and control characters before it sees the text; depth, aliases, duplicate keys, tags and
numbers on its events (compose.py), before anything is built from them.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.compose import Composer, Entry, Node, StoppedError
from overlord_run.playbook.rules import MAX_BYTES, MAX_PROBLEMS, problem
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem

Path = tuple[str | int, ...]
"""The keys and list indexes that lead from the root to a value."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What libyaml takes for the end of a line."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Mark(Struct, frozen=True, gc=False):
    """Where a value stands.

    Attributes:
        key: Of the key that leads to it; in a list, of the value itself.
        value: Of its first character; of an empty value, the key's.
        text: Of a text's first line; for a block scalar the line below its indicator.
        by_line: Whether a text's lines are lines of the file.
        written: A plain scalar as it stands in the file; None of anything else.
        comment: What stands behind a plain scalar on its last line, from a `#` on that begins a comment.
    """

    key: Place
    value: Place
    text: Place
    by_line: bool
    written: str | None
    comment: str


class Document(Struct, frozen=True):
    """A YAML document as plain values, with the place of each by its path."""

    file: str
    value: Any
    marks: Mapping[Path, Mark]

    def at(self, path: Path) -> Any:
        """Return the value at `path`."""
        value: Any = self.value
        for step in path:
            value = value[step]
        return value

    def key(self, path: Path) -> Place:
        """Return the place of the key that leads to a value."""
        return self.marks[path].key

    def place(self, path: Path) -> Place:
        """Return the place of a value."""
        return self.marks[path].value

    def text(self, path: Path) -> Text:
        """Return the text at `path`, which must be one, so that a line of it can be found in the file."""
        mark = self.marks[path]
        return Text(self.at(path), mark.text, mark.by_line)


def read_yaml(content: bytes | str, file: str) -> Document:
    """Return the document that a YAML file holds.

    Args:
        content: The file's bytes, UTF-8, or its text.
        file: The path to tell problems at.

    Raises:
        InvalidPlaybookError: It is not YAML, not within the limits, or holds what JSON cannot; all is told.
    """
    document, problems = scan(content, file)
    if document is None or problems:
        raise InvalidPlaybookError(problems)
    return document


def scan(content: bytes | str, file: str) -> tuple[Document | None, list[Problem]]:
    """Return what can be read of a YAML file, None where nothing can, and all that is wrong with it.

    What is wrong is left out of the document: the second of two equal keys, a key that is no text, a number that is
    too large (null stands for it).
    """
    try:
        text = decode(content, file)
        composer = Composer(file, text, text.splitlines())
    except InvalidPlaybookError as error:
        return None, list(error.problems)
    try:
        root = composer.compose()
    except StoppedError:
        return None, composer.problems
    if root is None or root.content is None:
        return None, [problem(Place(file, 1, 1), "empty-file", "the file holds nothing", "write it")]
    marks: dict[Path, Mark] = {}
    return Document(file, _value(root, (), root.place, marks), marks), composer.problems


def decode(content: bytes | str, file: str) -> str:
    """Return a file's text without its byte order mark.

    Raises:
        InvalidPlaybookError: It is too large, not UTF-8, or holds characters that YAML forbids.
    """
    if len(content) > MAX_BYTES:
        raise _invalid(Place(file, 1, 1), "too-large", f"the file is larger than {MAX_BYTES:,} bytes", "split it")
    text = content if isinstance(content, str) else _decoded(content, file)
    text = text.lstrip("\ufeff")
    problems = list(islice(_forbidden(text, file), MAX_PROBLEMS))
    if problems:
        raise InvalidPlaybookError(problems)
    return text


def digest_of(data: bytes) -> str:
    """Return `sha256:` and the hex digest of a file's bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def unix_lines(text: str) -> str:
    """Return a text with line feeds at the end of its lines, so that what is sent is the same on every platform."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").removeprefix("\ufeff")
        lines = LINE_BREAK.split(before)
        place = Place(file, len(lines), len(lines[-1]) + 1)
        if content.startswith(_UTF16_MARKS):
            message = "the file is UTF-16, not UTF-8"
        else:
            message = f"the byte 0x{content[error.start]:02x} at offset {error.start} is not UTF-8"
        raise _invalid(place, "encoding", message, "save the file as UTF-8") from error


def _forbidden(text: str, file: str) -> Iterator[Problem]:
    if not _FORBIDDEN.search(text):
        return
    for number, line in enumerate(LINE_BREAK.split(text), 1):
        for found in _FORBIDDEN.finditer(line):
            message = f"the character U+{ord(found.group()):04X} is not allowed here"
            yield problem(Place(file, number, found.start() + 1), "control-character", message, "remove it")


def _invalid(place: Place, rule: str, message: str, hint: str) -> InvalidPlaybookError:
    return InvalidPlaybookError([problem(place, rule, message, hint)])


def _value(node: Node, path: Path, key: Place, marks: dict[Path, Mark]) -> Any:
    """Return a node's plain value, and put its mark, and those of all in it, into `marks`."""
    marks[path] = Mark(key, node.place, node.text, node.by_line, node.written, node.comment)
    if isinstance(node.content, list):
        return [_value(item, (*path, index), item.place, marks) for index, item in enumerate(node.content)]
    if isinstance(node.content, dict):
        return {name: _entry(entry, (*path, name), marks) for name, entry in node.content.items()}
    return node.content


def _entry(entry: Entry, path: Path, marks: dict[Path, Mark]) -> Any:
    return _value(entry.node, path, entry.key, marks)

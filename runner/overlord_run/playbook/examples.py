"""Turn the bytes of a file of examples into a playbook with an assignment for each of them, and what must come of each.

So an example's values are checked, and its prompt is made, by what checks and makes those of any playbook.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Assignment, Model, Playbook, Role
from overlord_run.playbook.names import LONGEST_PATH, folded, path_fault, shown
from overlord_run.playbook.parse import PROFILES, checked
from overlord_run.playbook.patterns import PatternError, parse_pattern
from overlord_run.playbook.rules import bounded, problem
from overlord_run.playbook.source import Document
from overlord_run.playbook.texts import FileRef, Place, Source
from overlord_run.problem import Problem

SUFFIXES = (".examples.yml", ".examples.yaml")
"""How the name of a file of examples ends; before it stands the role file's, without `.md`."""

_SLOT = "servant"


class Reply(Struct, frozen=True):
    """A reply and what must be read in it.

    Attributes:
        json: The value of its answer, where it must hold one.
        misfit: What must be told of it, where it may hold none; else empty.
    """

    text: str
    place: Place
    json: Any = None
    misfit: tuple[str, ...] = ()


class Example(Struct, frozen=True):
    """What must come of a role that is filled with values.

    Attributes:
        place: Of its name.
        slot: Of the servant that the prompt is made for.
        text: The whole prompt, or the file that holds it; None where nothing is said of it as a whole.
        contains: What the prompt must contain.
        lacks: What it may not contain.
        matches: Patterns, each of which must be found in a line of it.
    """

    name: str
    place: Place
    slot: str = _SLOT
    text: Source | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    reply: Reply | None = None


class Examples(Struct, frozen=True):
    """The examples of a role.

    Attributes:
        playbook: Holds the role, and for each example an assignment in whose slot its name stands.
        examples: In the order of the assignments.
    """

    playbook: Playbook
    examples: tuple[Example, ...] = ()

    def alone(self, index: int) -> Playbook:
        """Return a playbook that assigns one example's servant, in the slot that the example wants."""
        assignment = self.playbook.assignments[index]
        alias = assignment.model or self.playbook.roles[assignment.role].model or "normal"
        places = {
            ("assignments", 0, *rest): place
            for (head, at, *rest), place in self.playbook.places.items()
            if (head, at) == ("assignments", index)
        }
        return replace(
            self.playbook,
            models={alias: Model(alias, alias)},
            assignments=(replace(assignment, slot=self.examples[index].slot),),
            places=places,
        )


def role_of(file: str) -> str | None:
    """Return the name of the role file that a file's examples are of, or None where a file is not named for one."""
    name = PurePath(file).name
    stems = [name[: -len(suffix)] for suffix in SUFFIXES if name.endswith(suffix)]
    return f"{stems[0]}.md" if stems and stems[0] else None


def parse_examples(data: bytes, file: str) -> tuple[Examples | None, list[Problem]]:
    """Return the examples in a file, None where they cannot be looked at, and all that is wrong with the file.

    Args:
        data: The file's bytes, YAML.
        file: Its path, as the user would write it; it says which role file beside it the examples are of.
    """
    role_file = role_of(file)
    document, problems = checked(data, file, "examples")
    if role_file is None:
        hint = "call it critic.examples.yml where the role file beside it is critic.md"
        place = Place(file, 1, 1)
        problems.append(problem(place, "file-path", "the file is not called after a role file", hint))
    if document is not None and not problems:
        problems += _check(document)
    if document is None or role_file is None or problems:
        return None, bounded(problems)
    return _build(document, role_file), []


def _check(document: Document) -> Iterator[Problem]:
    """Find what the schema cannot say."""
    fields = Fields.of(document)
    files: dict[str, str] = {}
    for name, example in fields.named("examples"):
        if example.has("reply") and not (example.has("expect") or fields.has("expect")):
            message = "'reply' stands without 'expect'"
            yield problem(example.key_of("reply"), "goes-with", message, "add 'expect' here, or at the top for all")
        if (file := example.string("text_file")) is not None:
            yield from _check_file(file, example.place_of("text_file"), files)
            files.setdefault(folded(file), name)
        yield from _check_patterns(example)


def _check_file(file: str, place: Place, files: Mapping[str, str]) -> Iterator[Problem]:
    """Find what is wrong with the path of a whole text; `files` are the examples whose files are known already."""
    if fault := path_fault(file):
        hint = "write a path from this file's folder, with / between folders"
        yield problem(place, "file-path", f"the path {shown(file, longest=LONGEST_PATH)} {fault}", hint)
    elif ".." in file.split("/"):
        message = f"{shown(file, longest=LONGEST_PATH)} is outside of this file's folder"
        yield problem(place, "file-outside", message, "put it beside the examples, or in a folder there")
    elif folded(file) in files:
        message = f"the file {shown(file, longest=LONGEST_PATH)} is that of {shown(files[folded(file)])} too"
        yield problem(place, "repeated", message, "give each text a file of its own")


def _check_patterns(example: Fields) -> Iterator[Problem]:
    for source, place in example.strings("matches"):
        try:
            parse_pattern(source)
        except PatternError as error:
            yield problem(place, "bad-value", f"the pattern {shown(source)} {error}", "write it another way")


def _build(document: Document, role_file: str) -> Examples:
    fields = Fields.of(document)
    name, top = role_file.removesuffix(".md"), Place(document.file, 1, 1)
    named = dict(fields.named("examples"))
    playbook = Playbook(
        file=document.file,
        name="examples",
        digest="",
        roles={name: Role(name, top, file=FileRef(f"./{role_file}", top))},
        assignments=tuple(_assignment(name, each, one, fields) for each, one in named.items()),
        places=dict(_places(document, list(named))),
    )
    return Examples(playbook, tuple(_example(each, one) for each, one in named.items()))


def _places(document: Document, names: list[str]) -> Iterator[tuple[tuple[str | int, ...], Place]]:
    """Yield where the values of each example stand, as in a playbook's assignments."""
    numbers: Mapping[str | int, int] = {name: index for index, name in enumerate(names)}
    for path, mark in document.marks.items():
        match path:
            case ("examples", name, "with", *rest):
                yield ("assignments", numbers[name], "with", *rest), mark.key


def _assignment(role: str, name: str, fields: Fields, top: Fields) -> Assignment:
    servant = fields.inner("servant")
    return Assignment(
        slot=name,
        role=role,
        place=fields.key,
        name=servant.string("name") or "",
        values=fields.mapping("with"),
        model=servant.string("model"),
        profile=PROFILES.get(servant.string("profile")),
        expect=fields.expect("expect") or top.expect("expect"),
    )


def _example(name: str, fields: Fields) -> Example:
    text = fields.source("text")
    return Example(
        name=name,
        place=fields.key,
        slot=fields.inner("servant").string("slot") or _SLOT,
        text=text,
        contains=_texts(fields, "contains"),
        lacks=_texts(fields, "lacks"),
        matches=_texts(fields, "matches"),
        reply=_reply(fields),
    )


def _reply(fields: Fields) -> Reply | None:
    text = fields.text("reply")
    if text is None:
        return None
    return Reply(text.source, text.place, fields.content.get("json"), _texts(fields, "misfit"))


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(text for text, _ in fields.strings(name))

"""Read a mapping of a checked document key by key; what does not have the type that is asked for counts as absent.

So what stands beside a mistake can still be looked at, and all that is wrong is told at once.
"""

import re
from collections.abc import Iterator, Set
from typing import Any

from msgspec import Struct

from overlord_run.playbook.source import Document, Path
from overlord_run.playbook.texts import Expect, FileRef, Place, Schema, Source, Text

_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Fields(Struct, frozen=True):
    """The mapping at a path of a document."""

    document: Document
    path: Path
    content: dict[str, Any]

    @classmethod
    def of(cls, document: Document) -> "Fields":
        """Return a document's root."""
        return cls(document, (), document.value if isinstance(document.value, dict) else {})

    @property
    def key(self) -> Place:
        """Where the key stands that leads here; in a list, where the item begins."""
        return self.document.key(self.path)

    def has(self, name: str) -> bool:
        """Return whether a key is there, whatever its value."""
        return name in self.content

    def key_of(self, name: str) -> Place:
        """Return the place of a key that is there."""
        return self.document.key((*self.path, name))

    def place_of(self, name: str) -> Place:
        """Return the place of the value of a key that is there."""
        return self.document.place((*self.path, name))

    def is_clear_of(self, places: Set[Place]) -> bool:
        """Return whether none of some places is in here."""
        return not places or places.isdisjoint(_places(self.document, self.path, self.content))

    def string(self, name: str) -> str | None:
        """Return a text, or None."""
        value = self.content.get(name)
        return value if isinstance(value, str) else None

    def text(self, name: str) -> Text | None:
        """Return a text with its place, or None."""
        return None if self.string(name) is None else self.document.text((*self.path, name))

    def expression(self, name: str) -> Text | None:
        """Return an expression with its place, or None; `true` and `false` may be given as such."""
        value = self.content.get(name)
        return Text(str(value).lower(), self.place_of(name)) if isinstance(value, bool) else self.text(name)

    def source(self, name: str) -> Source | None:
        """Return the text under a key, or the file under the key with `_file` behind it, or None."""
        file = f"{name}_file"
        path = self.string(file)
        return FileRef(path, self.place_of(file)) if path is not None else self.text(name)

    def expect(self, name: str) -> Expect | None:
        """Return what a reply must hold, or None."""
        inner = self.inner(name)
        repairs = inner.integer("repairs")
        file = inner.string("schema_file")
        schema: Schema | FileRef | None = None
        if file is not None:
            schema = FileRef(file, inner.place_of("schema_file"))
        elif isinstance(inner.content.get("schema"), dict):
            schema = schema_at(self.document, (*inner.path, "schema"))
        if schema is None:
            return None
        return Expect(schema) if repairs is None else Expect(schema, repairs)

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None."""
        value = self.content.get(name)
        is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
        return int(value) if is_whole and value is not None else None

    def number(self, name: str) -> float | None:
        """Return a number, or None."""
        value = self.content.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def seconds(self, name: str, *, units: str = "sm") -> float | None:
        """Return a duration in seconds, or None; it may be given in these units, of `s`, `m` and `h`."""
        found = _DURATION.fullmatch(self.string(name) or "")
        return float(found[1]) * _SECONDS[found[2]] if found and found[2] in units else None

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a mapping as it is, or an empty one."""
        value = self.content.get(name)
        return value if isinstance(value, dict) else {}

    def values(self, name: str) -> dict[str, Any]:
        """Return a mapping whose texts, at any depth, are held with their places, or an empty one."""
        return {key: _with_texts(self.document, (*self.path, name, key)) for key in self.mapping(name)}

    def strings(self, name: str) -> list[tuple[str, Place]]:
        """Return the texts of a list with their places; a single text counts as a list of one."""
        value = self.content.get(name)
        if isinstance(value, str):
            return [(value, self.place_of(name))]
        items = enumerate(value) if isinstance(value, list) else ()
        return [(item, self.document.place((*self.path, name, i))) for i, item in items if isinstance(item, str)]

    def inner(self, name: str) -> "Fields":
        """Return the mapping under a key, an empty one where there is none."""
        return Fields(self.document, (*self.path, name), self.mapping(name))

    def named(self, name: str) -> Iterator[tuple[str, "Fields"]]:
        """Return each entry of a mapping of mappings, an empty one where the entry is something else."""
        for key in self.mapping(name):
            yield key, self.inner(name).inner(key)

    def listed(self, name: str) -> Iterator["Fields"]:
        """Return each mapping in a list."""
        value = self.content.get(name)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                yield Fields(self.document, (*self.path, name, index), item)


def schema_at(document: Document, path: Path) -> Schema:
    """Return the mapping at a path of a document as a schema, with the place of each part."""
    steps = _steps(document.at(path))
    return Schema(document.at(path), {step: (document.key(path + step), document.place(path + step)) for step in steps})


def _steps(value: Any, before: Path = ()) -> Iterator[Path]:
    """Yield the path of a value and of each in it, `before` standing before all of them."""
    yield before
    inside = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in inside:
        yield from _steps(value[step], (*before, step))


def _places(document: Document, path: Path, value: Any) -> Iterator[Place]:
    for step in _steps(value):
        yield document.key(path + step)
        yield document.place(path + step)


def _with_texts(document: Document, path: Path) -> Any:
    value = document.at(path)
    if isinstance(value, str):
        return document.text(path)
    if isinstance(value, list):
        return [_with_texts(document, (*path, index)) for index in range(len(value))]
    if isinstance(value, dict):
        return {key: _with_texts(document, (*path, key)) for key in value}
    return value

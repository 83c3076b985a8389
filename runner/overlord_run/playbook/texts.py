"""Hold what stands in a file of a person's, a text above all, with its place there."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Place(Struct, frozen=True, gc=False):
    """Where something stands: a file as the user wrote its path, a line and a column, both from 1."""

    file: str
    line: int
    column: int


class Text(Struct, frozen=True):
    """A template's source and where its first line stands.

    Attributes:
        source: The text, as YAML or the role file gives it.
        place: Of the text's first line: for a block scalar the line below its indicator.
        by_line: Whether the text's line N is the file's line `place.line + N - 1`. False for folded and quoted scalars
            that span lines, whose errors point at their beginning.
        included: What it, and what it includes, may include: the name and the text of each.
    """

    source: str
    place: Place
    by_line: bool = True
    included: tuple[tuple[str, "Text"], ...] = ()

    def at(self, line: int) -> Place:
        """Return the place in the file of this text's line `line`, from 1; the included texts' lines are counted on."""
        behind = line - lines_in(self.source) if self.included else 0
        for _, text in self.included:
            lines = lines_in(text.source)
            if 0 < behind <= lines:
                return text.at(behind)
            behind -= lines
        if not self.by_line or line <= 1:
            return self.place
        return Place(self.place.file, self.place.line + line - 1, self.place.column)


def lines_in(source: str) -> int:
    """Return how many lines a text has, the one behind its last line break included."""
    return source.count("\n") + 1


class FileRef(Struct, frozen=True):
    """A text that stands in a file of its own.

    Attributes:
        path: Relative to the file that names it; a role may also be `PACK/NAME`.
    """

    path: str
    place: Place


Source = Text | FileRef


class Schema(Struct, frozen=True):
    """A JSON Schema as written.

    Attributes:
        places: The place of the key, and of the value, of each part of it, by the path from its root.
    """

    content: Mapping[str, Any]
    places: Mapping[tuple[str | int, ...], tuple[Place, Place]]

    def key(self, path: tuple[str | int, ...]) -> Place:
        """Return where the key stands that leads to a part; in a list, where the part begins."""
        return self.places[path][0]

    def place(self, path: tuple[str | int, ...]) -> Place:
        """Return where a part stands."""
        return self.places[path][1]


class Expect(Struct, frozen=True):
    """What the reply to a message must hold: JSON that fits a schema.

    Attributes:
        schema: The schema, or the file beside the playbook that holds it.
        repairs: How often a reply that does not fit is answered by what does not.
    """

    schema: Schema | FileRef
    repairs: int = 1

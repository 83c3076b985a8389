"""Say what of a line stands out where there is colour; the words are the same without it."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from overlord_run.cli.report.visible import visible

DEEPEST = 24
"""How many blanks at the beginning of somebody else's line are taken for its indentation."""

Style = Literal["", "strong", "faint", "good", "bad", "busy", "notice"]


class Styled(Struct, frozen=True):
    """A piece of text and how it stands out."""

    text: str
    style: Style = ""


class Line(Struct, frozen=True):
    """Pieces that stand on one line, `indent` blanks from its beginning.

    Where an indented line is too long for the terminal, the rest of it keeps the indentation on the next.
    """

    parts: tuple[Styled, ...] = ()
    indent: int = 0

    def seen(self) -> Iterable[Styled]:
        """Yield the pieces as they may reach a terminal: nothing in them acts on it, and none begins a new line."""
        return (Styled(visible(part.text).replace("\n", " "), part.style) for part in self.parts)


def line(text: str, style: Style = "", *, indent: int = 0) -> Line:
    """Return a line that is one piece."""
    return Line((Styled(text, style),), indent)


def quoted(text: str, *, indent: int) -> list[Line]:
    """Return a text of somebody else's, every line of it moved right, so that none can pass for one of ours."""
    return [_moved(one, indent) for one in visible(text).removesuffix("\n").split("\n")]


def _moved(text: str, indent: int) -> Line:
    """Return a line whose own indentation is kept too, within reason, where the rest of it stands on the next."""
    own = min(len(text) - len(text.lstrip(" ")), DEEPEST)
    return line(text[own:], indent=indent + own) if text else Line()


def plain(lines: Iterable[Line]) -> str:
    """Return lines as text without any colour."""
    return "\n".join(" " * one.indent + "".join(part.text for part in one.seen()) for one in lines)

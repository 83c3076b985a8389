"""Paint lines by way of rich, which knows what terminals understand, NO_COLOR, and how wide a character is.

Nothing that is painted is read as markup, as an emoji's name, or as something to highlight.
"""

from collections.abc import Iterable, Mapping
from io import StringIO
from typing import TextIO

from rich.console import Console, detect_legacy_windows
from rich.text import Text

from overlord_run.cli.report.styled import Line, Style

_STYLES: Mapping[Style, str] = {
    "": "",
    "strong": "bold",
    "faint": "dim",
    "good": "green",
    "bad": "red",
    "busy": "cyan",
    "notice": "yellow",
}
WIDEST_READ = 100
NARROWEST_READ = 10
"""Longer lines are hard to read, and so are much shorter ones."""


def canvas(stream: TextIO) -> Console:
    """Return a console on a terminal; an old Windows console is painted by its own calls."""
    return Console(file=stream, force_terminal=True, markup=False, emoji=False, highlight=False)


def painted(line: Line) -> Text:
    """Return a line as rich draws it, without its indentation."""
    return Text.assemble(*((part.text, _STYLES[part.style]) for part in line.seen()))


def paint(lines: Iterable[Line], *, columns: int | None = None) -> str:
    """Return lines with escape sequences for colour.

    Args:
        lines: What to paint.
        columns: The terminal's width: an indented line that is longer is wrapped, and keeps its indentation. The
            others are left to the terminal, so that a path or a command can be copied. None where there is no terminal.
    """
    console = Console(
        file=StringIO(),
        force_terminal=True,
        color_system=None if detect_legacy_windows() else "auto",
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    with console.capture() as captured:
        for line in lines:
            for part in _wrapped(console, line, columns):
                console.print(Text(" " * line.indent).append_text(part), soft_wrap=True)
    return captured.get()


def _wrapped(console: Console, line: Line, columns: int | None) -> Iterable[Text]:
    text = painted(line)
    if columns is None or not line.indent:
        return [text]
    room = max(min(columns, WIDEST_READ) - line.indent, NARROWEST_READ)
    parts = text.wrap(console, room, overflow="fold", tab_size=console.tab_size)
    for part in parts:
        part.rstrip()
    return parts

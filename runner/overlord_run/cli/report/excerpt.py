"""Show the line that a problem points at, with a caret below the column."""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby

from overlord_run.cli.report.styled import Line, Style, Styled
from overlord_run.cli.report.visible import visible
from overlord_run.problem import Problem, Severity

TAB = "    "
COLUMNS = 120
"""Cells that a line may take where no terminal shows it."""

NARROWEST = 20
"""Cells of a line that are shown at least, on however narrow a terminal."""

_STYLES: Mapping[Severity, Style] = {"error": "bad", "warning": "notice"}
_CUT = "…"
_GUTTER = len("  | ") + 1  # and the last column, which some terminals wrap at


def excerpts(problems: Sequence[Problem], lines: Mapping[tuple[str, int], str], columns: int) -> list[Line]:
    """Return each problem on the line that editors read, and below those of one place the line of the file.

    Args:
        problems: What is wrong, in the order of the places.
        lines: The lines of the files, by file and number; a problem without one, or with a blank one, has no excerpt.
        columns: How many cells a line may take.
    """
    told: list[Line] = []
    for _, group in groupby(problems, lambda one: (one.file, one.line, one.column)):
        here = list(group)
        told += map(_headline, here)
        told += _excerpt(here[0], lines.get((here[0].file, here[0].line), ""), columns)
    return told


def _headline(problem: Problem) -> Line:
    place = f"{problem.file}:{problem.line}:{problem.column}: "
    rest = str(problem).removeprefix(f"{place}{problem.severity}")
    return Line((Styled(place, "strong"), Styled(problem.severity, _STYLES[problem.severity]), Styled(rest)))


def _excerpt(problem: Problem, source: str, columns: int) -> list[Line]:
    if not source.strip():
        return []
    number = str(problem.line)
    text, before = _window(source, problem.column - 1, max(columns - len(number) - _GUTTER, NARROWEST))
    return [
        Line((Styled(f" {number} | ", "faint"), Styled(text))),
        Line(
            (Styled(f" {' ' * len(number)} | ", "faint"), Styled(" " * before), Styled("^", _STYLES[problem.severity]))
        ),
    ]


def _window(source: str, at: int, room: int) -> tuple[str, int]:
    """Return what fits of a line around a place in it, and how many cells stand before that place.

    Args:
        source: The line.
        at: The place, in characters from 0; the line's length is its end.
        room: Cells.
    """
    first = max(at - room, 0)  # of a line of megabytes no more is looked at than can be seen
    shown = [TAB if char == "\t" else visible(char) for char in source[first : at + room].rstrip()]
    at -= first
    shown += [" "] * (at - len(shown))
    ends = [0, *accumulate(map(_cells, shown))]
    is_whole = first == 0 and len(source.rstrip()) <= len(shown)
    if is_whole and ends[-1] <= room:
        return "".join(shown).rstrip(), ends[at]
    start = 0
    if first or ends[min(at + 1, len(shown))] + len(_CUT) > room:
        start = next(index for index in range(at + 1) if ends[at] - ends[index] <= room // 2)
    before = _CUT if first or start else ""
    left = room - len(before) - len(_CUT)
    stop = max(index for index in range(start, len(shown) + 1) if index == start or ends[index] - ends[start] <= left)
    after = "" if stop == len(shown) and first + stop >= len(source.rstrip()) else _CUT
    return before + "".join(shown[start:stop]) + after, ends[at] - ends[start] + len(before)


def _cells(text: str) -> int:
    """Return how many cells a terminal takes for a text in which nothing is unseen."""
    return sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    # Source: Unicode Standard Annex 11, East Asian Width.
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1

"""Lay the live table out for a terminal's size: the servants that matter most now, and how many more there are.

The servants that are shown keep the order of the assignments, so that a row stays where it was as long as it can. What
is told of a servant is one of COLUMNS, and what it can be doing has its style and its rank in _STYLES.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest

from msgspec import Struct

from overlord_run.cli.report.rows import Doing, Row, Rows
from overlord_run.cli.report.size import Size
from overlord_run.cli.report.styled import Line, Style, Styled, line
from overlord_run.cli.report.tally import cost_text, tokens_text
from overlord_run.cli.report.words import counted, elapsed, whole_seconds
from overlord_run.plan.pricing import NO_COST

SHARE = 2 / 3
"""Of the terminal's height, what the table takes at most: what went wrong stands above it."""
GAP = "  "
WIDE = 60
"""How many columns a terminal has at least where each servant's cost is told; else the message would not be seen."""
_SHORTEST = 8

# What matters most comes first.
_STYLES: Mapping[Doing, Style] = {
    "asking": "busy",
    "waiting": "notice",
    "blocked": "bad",
    "ready": "good",
    "queued": "faint",
    "pending": "faint",
}
_RANKS: Mapping[Doing, int] = {doing: rank for rank, doing in enumerate(_STYLES)}


def board(rows: Rows, size: Size, now: str) -> list[Line]:
    """Return the table's lines, fewer than the terminal has; one that is too wide is to be cut when it is drawn."""
    every = list(rows.by_slot.values())
    room = int(size.lines * SHARE)
    total = _total(every, rows, now)
    places = room - len(("a blank line", "the header", "how many more", "the total"))
    if len(every) <= places + 1:  # nothing is left out, so there is no need to say how many
        return [Line(), *_table(every, every, size.columns, now), total]
    if places < 1:
        return [total]
    shown = _that_matter(every, places)
    return [Line(), *_table(shown, every, size.columns, now), _more(every, shown), total]


def _that_matter(rows: Sequence[Row], count: int) -> Sequence[Row]:
    """Return so many rows, in their order: the busy ones, then the blocked, then who answered last, then the others."""
    latest = sorted(range(len(rows)), key=lambda place: rows[place].ended_at or "", reverse=True)
    return [rows[place] for place in sorted(nsmallest(count, latest, key=lambda place: _RANKS[rows[place].doing]))]


def _more(rows: Sequence[Row], shown: Sequence[Row]) -> Line:
    hidden = Counter(row.doing for row in rows) - Counter(row.doing for row in shown)
    states = ", ".join(f"{hidden[doing]:,} {doing}" for doing in _STYLES if hidden[doing])
    return line(f"and {hidden.total():,} more: {states}", "faint")


def _total(every: Sequence[Row], rows: Rows, now: str) -> Line:
    told, untold = sum(row.told for row in every), sum(row.untold for row in every)
    tokens = tokens_text(sum(row.tokens for row in every), told=told, untold=untold)
    since = whole_seconds(rows.began_at, now)
    spent = f"tokens {tokens}" if tokens == "unknown" else f"{tokens} tokens"
    cost = cost_text(sum((row.cost for row in every), NO_COST))
    return line(f"{rows.mark}{counted(len(every), 'servant')}, {since}, {spent}, {cost}", "faint")


class Column(Struct, frozen=True):
    """A column between a servant's slot and its message: what it says of a row at a time, and its least width."""

    name: str
    least: int
    text: Callable[[Row, str], str]
    is_number: bool = True


def _time(row: Row, now: str) -> str:
    return whole_seconds(row.began_at, now) if row.ended_at is None else elapsed(row.began_at, row.ended_at)


def _tokens(row: Row, _now: str) -> str:
    return tokens_text(row.tokens, told=row.told, untold=row.untold) if row.told or row.untold else ""


def _cost(row: Row, _now: str) -> str:
    return cost_text(row.cost) if row.cost != NO_COST else ""


# Widths hold still, or the table would dance: so the message, which changes most, stands last and has none.
COLUMNS = (
    Column("state", max(map(len, _STYLES)), lambda row, _now: row.doing, is_number=False),
    Column("time", len("999 ms"), _time),
    Column("tokens", len("99,999"), _tokens),
    Column("cost", len("0.0000 USD"), _cost),
)


def _table(shown: Sequence[Row], rows: Sequence[Row], columns: int, now: str) -> list[Line]:
    """Return the header and a line a row; `rows` are all there are, since the slots' width holds still too."""
    told = COLUMNS if columns >= WIDE else COLUMNS[:-1]
    cells = [[column.text(row, now) for column in told] for row in shown]
    widths = [max([column.least, *(len(texts[place]) for texts in cells)]) for place, column in enumerate(told)]
    others = sum(widths) + len(GAP) * (len(widths) + 1) + _SHORTEST
    slots = min(max(len(row.slot) for row in rows), max(columns - others, _SHORTEST))
    header = [_cell(column.name, column, width) for column, width in zip(told, widths, strict=True)]
    lines = [line(GAP.join([f"{'slot':{slots}}", *header, "message"]), "faint")]
    for row, texts in zip(shown, cells, strict=True):
        state, *numbers = (_cell(*one) for one in zip(texts, told, widths, strict=True))
        lines.append(
            Line(
                (
                    Styled(f"{_cut(row.slot, slots):{slots}}{GAP}"),
                    Styled(state, _STYLES[row.doing]),
                    Styled(GAP.join(["", *numbers, _message(row)])),
                )
            )
        )
    return lines


def _cell(text: str, column: Column, width: int) -> str:
    return text.rjust(width) if column.is_number else text.ljust(width)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _message(row: Row) -> str:
    return row.message if row.attempt == 1 else f"{row.message}, attempt {row.attempt}"

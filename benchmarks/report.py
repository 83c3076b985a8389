"""Tell figures as text: a table for a terminal, and tables of Markdown for the docs."""

from collections.abc import Iterable, Iterator
from statistics import median

from benchmarks.results import Figure, Unit

_WIDTHS = (16, 56, 14, 22, 8, 4)
_HEAD = ("case", "what", "median", "lowest to highest", "bar", "met")
_SMALL = 0.1
_MET = {True: "yes", False: "NO", None: ""}


def head() -> str:
    """Return the line above a table."""
    return _row(_HEAD)


def line(figure: Figure) -> str:
    """Return a figure's line of the table, and under it one for each of its sides."""
    low, high = min(figure.values), max(figure.values)
    spread = f"{_number(low, figure.unit)} to {_number(high, figure.unit)}"
    cells = (figure.case, figure.what, _amount(figure.middle, figure.unit), spread, _bar(figure), _MET[figure.is_met])
    return "\n".join([_row(cells), *_sides(figure)])


def table(figures: Iterable[Figure]) -> str:
    """Return figures as a table of Markdown."""
    lines = ["| what | median | lowest to highest | bar | met |", "| --- | ---: | ---: | ---: | --- |"]
    for figure in figures:
        low, high = (_number(value, figure.unit) for value in (min(figure.values), max(figure.values)))
        name = f"{figure.case}: {figure.what}"
        met = {True: "yes", False: "**no**", None: ""}[figure.is_met]
        lines.append(f"| {name} | {_amount(figure.middle, figure.unit)} | {low} to {high} | {_bar(figure)} | {met} |")
    return "\n".join(lines)


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of Markdown without a heading, of what is told and what it is."""
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {fact} |" for name, fact in rows)])


def amount(figure: Figure) -> str:
    """Return a figure's median with its unit."""
    return _amount(figure.middle, figure.unit)


def sides_table(figures: Iterable[Figure]) -> str:
    """Return what the sides of comparisons took, as a table of Markdown."""
    lines = ["| case | what | who | median |", "| --- | --- | --- | ---: |"]
    for figure in figures:
        what = figure.what.partition(",")[0]
        lines += [
            f"| {figure.case} | {what} | {name} | {_amount(median(values), figure.side_unit)} |"
            for name, values in figure.sides.items()
        ]
    return "\n".join(lines)


def _sides(figure: Figure) -> Iterator[str]:
    for name, values in figure.sides.items():
        yield _row(("", f"  {name}", _amount(median(values), figure.side_unit), "", "", "")).rstrip()


def _bar(figure: Figure) -> str:
    return "" if figure.bar is None else _amount(figure.bar, figure.unit)


def _amount(value: float, unit: Unit) -> str:
    return f"{_number(value, unit)} {unit}"


def _number(value: float, unit: Unit) -> str:
    """Return a value as precisely as its unit deserves."""
    match unit:
        case "×":
            return f"{value:.2f}"
        case "s":
            return f"{value:.3f}"
        case "bytes":
            return f"{value:,.0f}"
        case "ms" if value < _SMALL:
            return f"{value:.3f}"
        case _:
            return f"{value:,.1f}"


def _row(cells: Iterable[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()

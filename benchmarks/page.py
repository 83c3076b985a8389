"""Write docs/performance.md's tables and its plots from a file of results: `python -m benchmarks.page [RESULTS]`.

The results that the page shows are kept beside this module, so a test can tell whether the page says what they say.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.plot import Axis, Points, draw
from benchmarks.report import amount, pairs, sides_table, table
from benchmarks.results import Results

RESULTS = Path(__file__).parent / "results.json"
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"
_APART = ("profile", "libraries")
"""Cases that have tables of their own."""

_PLOTS: Mapping[str, tuple[str, Axis, Axis]] = {
    "cost": (
        "What a message costs as a run grows",
        Axis("messages so far, 5,000 servants"),
        Axis("CPU a message, ms"),
    ),
    "conversation": (
        "What an exchange costs as its conversation grows",
        Axis("exchanges so far, 200 characters each"),
        Axis("CPU an exchange, ms"),
    ),
    "concurrency": (
        "Calls a second before an API that takes 50 ms",
        Axis("servants, all asked at once", is_log=True),
        Axis("calls a second, whole process", is_log=True),
    ),
}


def plots(results: Results) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text of each plot that there are curves for."""
    for name, (title, x, y) in _PLOTS.items():
        lines: dict[str, Points] = {curve.series: curve.points for curve in results.curves if curve.plot == name}
        if lines:
            yield DOCS / "images" / f"bench-{name}.svg", draw(title, x, y, lines)


def page(text: str, results: Results) -> str:
    """Return the page with each table that follows a mark, `<!-- bench: NAME -->`, made anew."""
    figures = results.figures
    shown = [figure for figure in figures if figure.case not in _APART]
    tables = {
        "facts": pairs(results.facts.items()),
        "bars": table(figure for figure in figures if figure.bar is not None),
        "profile": pairs((figure.what, amount(figure)) for figure in figures if figure.case == "profile"),
        "libraries": table(figure for figure in figures if figure.case == "libraries"),
        "others": table(figure for figure in shown if figure.bar is None),
        "sides": sides_table(shown),
    }
    for name, made in tables.items():
        text = re.sub(rf"(<!-- bench: {name} -->\n)(?:\n(?:\|.*\n)+)?", rf"\g<1>\n{_literal(made)}\n", text)
    return text


def write(results: Results) -> None:
    """Write the page's tables and the plots."""
    PAGE.write_text(page(PAGE.read_text("utf-8"), results), encoding="utf-8")
    for path, text in plots(results):
        path.write_text(text, encoding="utf-8")


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        RESULTS.write_text(Path(sys.argv[1]).read_text("utf-8"), encoding="utf-8")
    write(Results.from_json(RESULTS.read_text("utf-8")))

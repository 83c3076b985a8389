"""The page of the docs is made from results, and from nothing else."""

from benchmarks.page import page, plots
from benchmarks.results import Curve, Figure, Results

RESULTS = Results(
    {"machine": "ours, 2 processors"},
    600.0,
    (
        Figure("help", "time, over import click", "×", (1.5,), 2.0, {"--help": (0.06,), "import click": (0.04,)}),
        Figure("profile", "HTTP client", "%", (50.7, 51.0, 49.0)),
        Figure("reading", "CPU of list", "s", (0.2254,)),
    ),
    (Curve("cost", "first run", ((1000.0, 1.5), (9000.0, 1.6))),),
)
TEXT = """# How fast

<!-- bench: facts -->

| old | table |
| --- | --- |

<!-- bench: bars -->

Words stay. <!-- bench: others --> is a mark only before a table.

<!-- bench: profile -->
"""
MADE = """# How fast

<!-- bench: facts -->

| | |
| --- | --- |
| machine | ours, 2 processors |

<!-- bench: bars -->

| what | median | lowest to highest | bar | met |
| --- | ---: | ---: | ---: | --- |
| help: time, over import click | 1.50 × | 1.50 to 1.50 | 2.00 × | yes |

Words stay. <!-- bench: others --> is a mark only before a table.

<!-- bench: profile -->

| | |
| --- | --- |
| HTTP client | 50.7 % |
"""


def test_a_table_behind_its_mark_is_made_anew_and_words_stay() -> None:
    assert page(TEXT, RESULTS) == MADE


def test_a_page_that_was_made_stays_as_it_is() -> None:
    assert page(MADE, RESULTS) == MADE


def test_a_plot_is_drawn_where_there_are_curves_for_it() -> None:
    assert [path.name for path, _ in plots(RESULTS)] == ["bench-cost.svg"]

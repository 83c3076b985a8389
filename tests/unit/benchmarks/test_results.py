"""Results as JSON and as tables: what was measured is told as it was."""

import pytest

from benchmarks.report import head, line, sides_table, table
from benchmarks.results import Curve, Figure, Results

SLOWER = Figure(
    "3-servants",
    "time, over bare httpx",
    "×",
    (1.5, 1.2, 1.41),
    1.3,
    {"overlord-run": (0.6, 0.5, 0.7), "bare httpx": (0.4, 0.4, 0.5)},
)
UNBOUND = Figure("reading", "peak memory of list", "MB", (1026.04,))


def test_a_figure_is_its_median_and_its_bar_is_for_the_median() -> None:
    assert (SLOWER.middle, SLOWER.is_met, UNBOUND.is_met) == (1.41, False, None)
    assert Figure("help", "time", "×", (1.3, 9.0, 1.0), 1.3).is_met


def test_results_come_back_from_json_as_they_were() -> None:
    results = Results({"machine": "ours"}, 12.5, (SLOWER, UNBOUND), (Curve("cost", "first run", ((1.0, 2.0),)),))
    assert Results.from_json(results.to_json()) == results


def test_the_table_on_a_terminal_tells_median_spread_and_bar() -> None:
    told = "\n".join([head(), line(SLOWER), line(UNBOUND)])
    assert [" ".join(row.split()) for row in told.splitlines()] == [
        "case what median lowest to highest bar met",
        "3-servants time, over bare httpx 1.41 × 1.20 to 1.50 1.30 × NO",
        "overlord-run 0.600 s",
        "bare httpx 0.400 s",
        "reading peak memory of list 1,026.0 MB 1,026.0 to 1,026.0",
    ]


def test_the_tables_of_the_docs_tell_the_same() -> None:
    assert table([SLOWER, UNBOUND]).splitlines()[2:] == [
        "| 3-servants: time, over bare httpx | 1.41 × | 1.20 to 1.50 | 1.30 × | **no** |",
        "| reading: peak memory of list | 1,026.0 MB | 1,026.0 to 1,026.0 |  |  |",
    ]
    assert sides_table([SLOWER, UNBOUND]).splitlines()[2:] == [
        "| 3-servants | time | overlord-run | 0.600 s |",
        "| 3-servants | time | bare httpx | 0.400 s |",
    ]


@pytest.mark.parametrize(("unit", "told"), [("×", "1.23 ×"), ("s", "1.235 s"), ("ms", "1.2 ms"), ("bytes", "1 bytes")])
def test_a_value_is_told_as_precisely_as_its_unit_deserves(unit: str, told: str) -> None:
    assert f"| {told} |" in table([Figure("case", "what", unit, (1.2347,))])  # type: ignore[arg-type]

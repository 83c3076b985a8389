import pytest

from overlord_run.cli.report.excerpt import excerpts
from overlord_run.cli.report.styled import plain
from overlord_run.problem import Problem


def shown(source: str, column: int, *, columns: int = 60) -> list[str]:
    """Return the lines below a problem at this column of a line."""
    problem = Problem("f.yml", 12, column, "unknown-key", "unknown")
    head, *rest = plain(excerpts([problem], {("f.yml", 12): source}, columns)).split("\n")
    assert head == str(problem)
    return rest


CASES = {
    "plain": ("  rols: {}", 3, [" 12 |   rols: {}", "    |   ^"]),
    "behind the end": ("name:", 6, [" 12 | name:", "    |      ^"]),
    "beyond what is left of the line": ("a  ", 3, [" 12 | a", "    |   ^"]),
    "tabs": ("\ta:\t1", 5, [" 12 |     a:    1", "    |           ^"]),
    "wide": ("a: 日本 b", 7, [" 12 | a: 日本 b", "    |         ^"]),
    "combining": ("e\u0301: b", 5, [" 12 | e\u0301: b", "    |    ^"]),
    "control, bidirectional and zero-width": (
        "a\x1b\u202e\u200bb",
        5,
        [" 12 | a\\u001b\\u202e\\u200bb", "    |                    ^"],
    ),
    "carriage return": ("a: b\r", 4, [" 12 | a: b", "    |    ^"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_caret_stands_below_the_column(case: str) -> None:
    source, column, expected = CASES[case]
    assert shown(source, column) == expected


@pytest.mark.parametrize(
    ("column", "line", "caret"),
    [
        (1, "0123456789012345678…", 0),
        (8, "0123456789012345678…", 7),
        (19, "0123456789012345678…", 18),
        (30, "…901234567890123456…", 11),
        (95, "…4567890123456789", 11),
        (101, "…0123456789", 11),
    ],
)
def test_a_long_line_is_cut_around_the_column(column: int, line: str, caret: int) -> None:
    assert shown("0123456789" * 10, column, columns=4) == [f" 12 | {line}", f"    | {' ' * caret}^"]


def test_of_a_line_of_megabytes_only_what_is_seen_is_looked_at() -> None:
    told, below = shown("x" * 2_000_000 + "!" + "日" * 2_000_000, 2_000_001, columns=40)
    assert told[below.index("^")] == "!"
    assert told.startswith(" 12 | …x")
    assert told.endswith("日…")
    assert len(told) < 40


def test_wide_characters_are_cut_by_the_cells_they_take() -> None:
    told, _ = shown("日" * 100, 50, columns=46)
    assert told.count("日") <= 19


def test_problems_at_one_place_share_its_line_and_a_blank_line_is_not_shown() -> None:
    one, other, blank = (Problem("f.yml", line, 1, "wrong-type", text) for line, text in ((1, "a"), (1, "b"), (2, "c")))
    told = plain(excerpts([one, other, blank], {("f.yml", 1): "x", ("f.yml", 2): "  "}, 80))
    assert told.split("\n") == [str(one), str(other), " 1 | x", "   | ^", str(blank)]

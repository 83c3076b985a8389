import pytest

from overlord_run.cli.report.words import counted, elapsed, indented, joined, moment, number, seconds


@pytest.mark.parametrize(("count", "told"), [(0, "no"), (1, "one"), (12, "twelve"), (13, "13"), (5000, "5,000")])
def test_a_count_is_a_word_up_to_twelve(count: int, told: str) -> None:
    assert number(count) == told


@pytest.mark.parametrize(("count", "told"), [(0, "0 tokens"), (1, "1 token"), (1200, "1,200 tokens")])
def test_a_noun_takes_an_s_unless_there_is_one(count: int, told: str) -> None:
    assert counted(count, "token") == told


@pytest.mark.parametrize(
    ("names", "told"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_a_list_in_a_sentence(names: list[str], told: str) -> None:
    assert joined(names) == told


@pytest.mark.parametrize(
    ("duration_s", "told"),
    [(0.25, "250 ms"), (2.0, "2 s"), (2.54, "2.5 s"), (9.96, "10.0 s"), (12.6, "13 s"), (3600.0, "3,600 s")],
)
def test_a_duration_is_told_in_seconds(duration_s: float, told: str) -> None:
    assert seconds(duration_s) == told


def test_the_time_between_two_events_is_told_where_both_are_known() -> None:
    assert elapsed("2026-07-01T12:00:00.000Z", "2026-07-01T12:01:05.500Z") == "66 s"
    assert elapsed(None, "2026-07-01T12:01:05.500Z") == ""
    assert elapsed("2026-07-01T12:00:00.000Z", None) == ""


def test_a_moment_is_told_to_the_second() -> None:
    assert moment("2026-07-01T12:00:05.123Z") == "2026-07-01 12:00:05 UTC"
    assert moment("") == ""


def test_no_line_of_an_indented_text_stands_at_the_margin() -> None:
    assert indented("one\n\nstartup: asked\n") == "    one\n\n    startup: asked"

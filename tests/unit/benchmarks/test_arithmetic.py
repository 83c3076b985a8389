"""The arithmetic of the benchmarks: what is compared, and how a cost that grows is told from one that does not."""

import pytest

from benchmarks.arithmetic import growth, ratios, windows


def test_a_ratio_is_of_the_two_that_took_turns_in_one_round() -> None:
    assert ratios([1.0, 6.0], [2.0, 3.0]) == (0.5, 2.0)


def test_rounds_that_only_one_of_them_had_are_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_a_cost_that_stays_the_same_does_not_grow() -> None:
    assert growth([100, 5000, 10_000], [2.0, 2.0, 2.0], first=100, last=10_000) == 1.0


def test_a_cost_that_doubles_along_the_way_grows_to_twice() -> None:
    places = [0, 2500, 5000, 7500, 10_000]
    assert growth(places, [1 + place / 10_000 for place in places], first=0, last=10_000) == pytest.approx(2.0)


def test_a_single_dear_stretch_in_the_middle_is_not_taken_for_growth() -> None:
    assert growth([0, 1, 2, 3, 4], [2.0, 2.0, 9.0, 2.0, 2.0], first=0, last=4) == pytest.approx(1.0)


def test_a_window_ends_at_the_first_look_at_which_it_is_wide_enough() -> None:
    counts, totals = [0, 0, 4, 10, 11, 25], [1.0, 2.0, 6.0, 12.0, 13.0, 41.0]
    assert windows(counts, totals, width=10) == [(5.0, 1.1), (17.5, pytest.approx(29 / 15))]


def test_looks_that_saw_too_little_make_no_window() -> None:
    assert windows([0, 5], [0.0, 5.0], width=10) == []

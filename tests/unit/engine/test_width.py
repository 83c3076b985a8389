import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.engine.width import QUIET_S, Width

SECONDS = st.integers(0, 64 * 60).map(lambda steps: steps / 64)  # whose sums are exact


def test_a_complaint_halves_it_and_quiet_gives_one_place_back_at_a_time() -> None:
    width = Width(8)
    assert (width.size(5.0), width.grows_in_s(5.0)) == (8, math.inf)
    assert width.complain(4.0, 5.0)
    assert [width.size(5.0 + quiet_s) for quiet_s in (0, 9.9, 10, 20, 39, 40, 4000)] == [4, 4, 5, 6, 7, 8, 8]
    assert [width.grows_in_s(5.0 + quiet_s) for quiet_s in (0, 9, 10, 35, 40)] == [10, 1, 10, 5, math.inf]


def test_calls_that_were_under_way_together_halve_it_once() -> None:
    width = Width(8)
    told = [width.complain(left_s, now_s) for left_s, now_s in [(1.0, 2.0), (1.0, 2.5), (2.0, 3.0), (2.5, 4.0)]]
    assert told == [True, False, False, True]
    assert width.size(4.0) == 2


def test_each_complaint_begins_the_quiet_anew() -> None:
    width = Width(8)
    width.complain(1.0, 2.0)
    assert not width.complain(1.5, 11.5)
    assert (width.size(21.25), width.size(21.5)) == (4, 5)


@pytest.mark.parametrize(("most", "sizes"), [(1, [1, 1]), (2, [1, 1]), (3, [1, 1]), (9, [4, 2, 1, 1])])
def test_one_call_may_always_be_under_way(most: int, sizes: list[int]) -> None:
    width, now_s, seen = Width(most), 0.0, []
    for _ in sizes:
        now_s += 1
        width.complain(now_s, now_s)
        seen.append(width.size(now_s))
    assert seen == sizes


def test_nobody_is_told_of_a_complaint_that_changes_nothing() -> None:
    assert not Width(1).complain(1.0, 2.0)


@given(
    most=st.integers(1, 1000),
    complaints=st.lists(st.tuples(SECONDS, SECONDS), max_size=30),
    after_s=SECONDS,
)
def test_it_stays_within_its_bounds_and_is_whole_again_after_enough_quiet(
    most: int, complaints: list[tuple[float, float]], after_s: float
) -> None:
    width, now_s = Width(most), 0.0
    for gap_s, took_s in complaints:
        now_s += gap_s
        before = width.size(now_s)
        narrowed = width.complain(now_s - took_s, now_s)
        assert width.size(now_s) == (max(before // 2, 1) if narrowed else before)
        assert 1 <= width.size(now_s) <= most
    later_s = now_s + after_s
    grows_in_s = width.grows_in_s(later_s)
    assert 0 < grows_in_s <= QUIET_S or (grows_in_s == math.inf and width.size(later_s) == most)
    assert width.size(now_s + most * QUIET_S) == most

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.engine.window import PERIOD_S, Entry, Window

AMOUNTS = st.integers(0, 30)
GAPS_S = st.integers(0, 40 * 64).map(lambda steps: steps / 64)  # whose sums are exact


def left(window: Window, amount: int, at_s: float) -> Entry:
    """Let an amount out that leaves at once."""
    entry = window.let_out(amount)
    window.leave(entry, at_s)
    return entry


def test_as_much_as_the_limit_leaves_at_once_and_the_rest_a_minute_later() -> None:
    window = Window(3)
    for _ in range(3):
        assert window.wait_s(1, 10.0) == 0
        left(window, 1, 10.0)
    assert window.wait_s(1, 10.0) == 60
    assert window.wait_s(1, 69.0) == 1
    assert window.wait_s(1, 70.0) == 0


def test_the_wait_is_until_enough_is_a_minute_old() -> None:
    window = Window(10)
    for at_s, amount in [(0.0, 4), (5.0, 1), (20.0, 5)]:
        left(window, amount, at_s)
    waits = [window.wait_s(amount, 30.0) for amount in (0, 1, 4, 5, 6, 10)]
    assert waits == [0, 30, 30, 35, 50, 50]


def test_what_is_above_the_limit_leaves_alone() -> None:
    window = Window(10)
    left(window, 1, 0.0)
    assert window.wait_s(11, 5.0) == 55
    left(window, 11, 60.0)
    assert (window.wait_s(1, 61.0), window.wait_s(11, 61.0), window.wait_s(0, 61.0)) == (59, 59, 0)
    assert window.wait_s(10, 120.0) == 0


@pytest.mark.parametrize(("really", "wait_s"), [(0, 0.0), (4, 0.0), (5, 50.0), (400, 50.0)])
def test_what_turns_out_otherwise_is_counted_as_what_it_was(really: int, wait_s: float) -> None:
    window = Window(10)
    entry = left(window, 10, 0.0)
    window.correct(entry, really, 10.0)
    assert window.wait_s(6, 10.0) == wait_s


def test_what_is_a_minute_old_counts_no_more_whatever_it_turns_out_to_be() -> None:
    window = Window(10)
    entry = left(window, 10, 0.0)
    window.correct(entry, 400, 60.0)
    assert window.wait_s(10, 60.0) == 0
    entry = left(window, 10, 61.0)
    window.correct(entry, 3, 62.0)
    window.correct(entry, 7, 63.0)
    assert (window.wait_s(3, 64.0), window.wait_s(4, 64.0)) == (0, 57)


def test_what_was_let_out_counts_until_it_has_left_and_then_for_a_minute() -> None:
    window = Window(10)
    first, second = window.let_out(4), window.let_out(6)
    assert window.wait_s(1, 500.0) == math.inf
    window.leave(second, 500.0)
    assert (window.wait_s(6, 510.0), window.wait_s(7, 510.0)) == (50, math.inf)
    window.leave(first, 520.0)
    assert (window.wait_s(6, 530.0), window.wait_s(7, 530.0)) == (30, 50)


def test_what_was_let_out_and_never_left_counts_nothing_once_that_is_known() -> None:
    window = Window(10)
    entry = window.let_out(10)
    window.correct(entry, 0, 70.0)
    assert window.wait_s(10, 70.0) == 0


@given(limit=st.integers(1, 20), steps=st.lists(st.tuples(GAPS_S, AMOUNTS, st.none() | AMOUNTS), max_size=40))
def test_in_any_minute_no_more_leaves_than_the_limit_or_one_alone(
    limit: int, steps: list[tuple[float, int, int | None]]
) -> None:
    window, now_s = Window(limit), 0.0
    entries: list[Entry] = []
    for gap_s, amount, really in steps:
        now_s += gap_s
        wait_s = window.wait_s(amount, now_s)
        assert 0 <= wait_s <= PERIOD_S
        assert wait_s == 0 or window.wait_s(amount, now_s + wait_s - 1 / 64) > 0, "it need not have waited so long"
        now_s += wait_s
        assert window.wait_s(amount, now_s) == 0
        entries.append(left(window, amount, now_s))
        within = [entry.amount for entry in entries if entry.amount and now_s < entry.at_s + PERIOD_S]
        assert sum(within) <= limit or len(within) == 1 or amount == 0
        if really is not None:
            window.correct(entries[-1], really, now_s)

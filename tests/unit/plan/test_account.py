"""The book of a run's spending: whatever the order of its calls, what they bill stays within the limits."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.plan.account import Account
from overlord_run.plan.pricing import NOTHING, Amount, Orchestration, Share
from overlord_run.playbook.money import Limits

CALL = ("rank", "alder")
LIMITS = Limits(nano_usd=1000, tokens=100, requests=20)


@dataclass(frozen=True)
class Planned:
    """A call that wants to leave: what it reserves, what it bills of that, and how it ends."""

    reserved: Amount
    billed: Amount
    end: str
    life: int


@st.composite
def calls(draw: st.DrawFn) -> Planned:
    reserved = Amount(draw(st.integers(1, 60)), draw(st.integers(0, 600)))
    billed = Amount(draw(st.integers(0, reserved.tokens)), draw(st.integers(0, reserved.nano_usd)))
    end = draw(st.sampled_from(["answered", "nobody knows", "unbilled", "crashed"]))
    return Planned(reserved, NOTHING if end == "unbilled" else billed, end, draw(st.integers(0, 4)))


def end(account: Account, number: int, one: Planned) -> None:
    call = ("m", str(number))
    if one.end == "answered":
        account.settle(call, one.billed)
    elif one.end == "nobody knows":
        account.settle(call, None)
    elif one.end == "unbilled":
        account.release(call)


@given(st.lists(calls(), max_size=30))
def test_what_calls_bill_stays_within_the_limits_in_whatever_order_they_come_and_end(planned: list[Planned]) -> None:
    account, flying, sent, billed = Account(LIMITS), dict[int, int](), 0, NOTHING
    for number, one in enumerate(planned):
        for earlier in [earlier for earlier, life in flying.items() if life == 0]:
            end(account, earlier, planned[earlier])
            del flying[earlier]
        flying = {earlier: life - 1 for earlier, life in flying.items()}
        if account.obstacle(one.reserved) is None:
            account.reserve(("m", str(number)), one.reserved)
            flying[number], sent, billed = one.life, sent + 1, billed + one.billed
        committed = account.committed
        assert billed.tokens <= committed.tokens <= 100
        assert billed.nano_usd <= committed.nano_usd <= 1000
        assert account.requests == sent <= 20


@given(st.lists(calls(), min_size=1, max_size=20), st.data())
def test_only_what_calls_in_flight_bill_above_their_reservation_passes_a_limit(
    planned: list[Planned], data: st.DataObject
) -> None:
    account, above = Account(Limits(tokens=100)), 0
    for number, one in enumerate(planned):
        if account.obstacle(one.reserved) is None:
            account.reserve(("m", str(number)), one.reserved)
            billed = data.draw(st.integers(0, 200))
            above += max(billed - one.reserved.tokens, 0)
            account.settle(("m", str(number)), Amount(billed))
    assert account.committed.tokens <= 100 + above


@pytest.mark.parametrize(
    ("amount", "limit"),
    [
        (Amount(100, 1000), None),
        (Amount(101, 1000), "tokens"),
        (Amount(100, 1001), "usd"),
        (Amount(101, 1001), "usd"),
    ],
)
def test_a_call_that_does_not_fit_is_told_by_the_first_limit_in_its_way(amount: Amount, limit: str | None) -> None:
    assert Account(LIMITS).obstacle(amount) == limit


def test_what_is_about_to_leave_counts_too() -> None:
    account = Account(LIMITS)
    assert account.obstacle(Amount(50), Amount(51), 2) == "tokens"
    assert account.obstacle(NOTHING, NOTHING, 21) == "requests"
    assert account.after(Amount(50, 7), Amount(51, 5), 2) == {"usd": 12, "tokens": 101, "requests": 2}


def test_nothing_is_in_the_way_without_limits() -> None:
    assert Account().obstacle(Amount(10**12, 10**18), requests=10**9) is None


def test_a_call_that_never_ended_may_have_been_billed_when_it_is_made_again() -> None:
    account = Account(LIMITS)
    account.reserve(CALL, Amount(10, 100))
    account.reserve(CALL, Amount(20, 200))
    assert (account.possible, account.reserved, account.requests) == (Amount(10, 100), Amount(20, 200), 2)


def test_a_call_that_is_in_no_book_gives_nothing_back() -> None:
    account = Account(LIMITS)
    account.release(CALL)
    account.settle(CALL, None)
    assert account == Account(LIMITS)


USAGE = {"promptTokens": 100, "completionTokens": 10, "orchestrationInputTokens": 50, "orchestrationOutputTokens": 0}


def test_an_answer_counts_as_what_it_cost_and_teaches_the_share_of_orchestration() -> None:
    account = Account(LIMITS)
    account.reserve(CALL, Amount(500, 900))
    account.answer(CALL, "fugu", USAGE, 400)
    assert (account.spent, account.reserved, account.possible) == (Amount(160, 400), NOTHING, NOTHING)
    assert account.orchestration == {"fugu": Orchestration(Share(50, 100), Share(0, 10))}


@pytest.mark.parametrize("told", [{}, {"promptTokens": 100}, {"completionTokens": 10, "promptTokens": None}])
def test_an_answer_that_does_not_tell_its_tokens_keeps_its_reservation(told: dict[str, int | None]) -> None:
    account = Account(LIMITS)
    account.reserve(CALL, Amount(500, 900))
    account.answer(CALL, "fugu", told, None)
    assert (account.spent, account.possible, account.orchestration) == (NOTHING, Amount(500, 900), {})


def test_an_answer_without_a_price_is_known_in_tokens_where_no_money_is_limited() -> None:
    account = Account(Limits(tokens=1000))
    account.reserve(CALL, Amount(500))
    account.answer(CALL, "fugu", USAGE, None)
    assert (account.spent, account.possible) == (Amount(160), NOTHING)


def test_an_answer_without_a_price_is_not_known_where_money_is_limited() -> None:
    account = Account(LIMITS)
    account.reserve(CALL, Amount(500, 900))
    account.answer(CALL, "fugu", USAGE, None)
    assert (account.spent, account.possible) == (NOTHING, Amount(500, 900))


def test_a_probe_is_held_for_ever() -> None:
    account = Account(LIMITS)
    account.hold(Amount(10, 20))
    assert (account.possible, account.requests) == (Amount(10, 20), 1)


def test_a_limit_that_is_raised_stops_the_run_no_more() -> None:
    account = Account(LIMITS, reached="usd", needed=1500)
    account.raise_to(Limits(nano_usd=1000, tokens=200, requests=20))
    assert account.reached == "usd"
    account.raise_to(Limits(nano_usd=1001, tokens=200, requests=20))
    assert account.reached is None
    assert account.remedy() == ""


@pytest.mark.parametrize(
    ("limits", "reached", "needed", "remedy"),
    [
        (Limits(nano_usd=2_500_000_000), "usd", 3_000_000_000, "usd=5.00"),
        (Limits(nano_usd=2_500_000_000), "usd", 7_001_000_000, "usd=7.01"),
        (Limits(nano_usd=1_000_000), "usd", 1, "usd=0.0020"),
        (Limits(tokens=1000), "tokens", 1500, "tokens=2000"),
        (Limits(requests=3), "requests", 9, "requests=9"),
        (Limits(time_ms=90_000), "time", 90_000, "time=3m"),
        (Limits(time_ms=1_000), "time", 1_000, "time=1m"),
    ],
)
def test_the_remedy_is_twice_the_limit_or_what_the_next_call_needs(
    limits: Limits, reached: str, needed: int, remedy: str
) -> None:
    assert Account(limits, reached=reached, needed=needed).remedy() == remedy  # type: ignore[arg-type]

"""What a run spends, folded from its log; the amounts themselves are the account's own tests."""

import json
from pathlib import Path

import pytest

from overlord_run.plan.pricing import NO_COST, Amount, Cost
from overlord_run.playbook.money import Limits
from overlord_run.store import events as ev
from overlord_run.store.book import worked_ms
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.registry import registry_parts
from overlord_run.store.state import State
from store_kit import OWNER, created, failed, queued, replied

FOLDER = RunFolder(Path("/runs/one"))
LIMITS = Limits(nano_usd=10**9, tokens=5000, requests=9, time_ms=60_000)
SENT = ev.RequestSent("rank", "alder", 1, "fugu", "sha256:2", 40, 700)


def told(*steps: tuple[int, int, ev.Body], limits: Limits = LIMITS) -> State:
    """Fold events, each with its second and its epoch, after the run has begun."""
    first = created(FOLDER, settings={"budget": limits.to_json()})
    events = [
        ev.Event(seq, epoch, seq, f"2026-11-22T10:{second // 60:02}:{second % 60:02}.000Z", body, "0" * 64, "0" * 64)
        for seq, (second, epoch, body) in enumerate([(0, 1, first), (0, 1, OWNER), *steps], start=1)
    ]
    return fold(events)


def cost_of(state: State) -> Cost:
    return state.messages["rank"].results["alder"].cost


def test_a_run_begins_with_the_limits_that_its_settings_say() -> None:
    assert told().account.limits == LIMITS
    assert fold([]).account.limits == Limits()


def test_a_call_reserves_and_its_answer_is_spent() -> None:
    asked = told((0, 1, queued("rank", "alder")), (1, 1, SENT))
    assert (asked.account.reserved, asked.account.requests) == (Amount(40, 700), 1)
    answer = ev.ReplyReceived(
        "rank", "alder", 1, "fugu-2", None, "Fine.", "stop", cut=False,
        usage={"promptTokens": 10, "completionTokens": 5}, cost_nano_usd=300,
    )  # fmt: skip
    state = told((0, 1, queued("rank", "alder")), (1, 1, SENT), (2, 1, answer))
    assert (state.account.reserved, state.account.spent) == (Amount(), Amount(15, 300))
    assert list(state.account.orchestration) == ["fugu"]  # by the id that was asked
    assert cost_of(state) == Cost(300, priced=1)


def test_an_answer_without_a_price_is_unpriced() -> None:
    state = told((0, 1, queued("rank", "alder")), (1, 1, SENT), (2, 1, replied("rank", "alder")))
    assert (cost_of(state), state.account.possible) == (Cost(unpriced=1), Amount(40, 700))


@pytest.mark.parametrize(("is_unbilled", "possible", "cost"), [(True, Amount(), NO_COST), (False, Amount(40, 700), 1)])
def test_a_failure_gives_its_reservation_back_only_where_nothing_was_billed(
    possible: Amount, cost: Cost | int, *, is_unbilled: bool
) -> None:
    failure = ev.RequestFailed("rank", "alder", 1, "fugu", "timeout", None, None, "", 0.5, unbilled=is_unbilled)
    state = told((0, 1, queued("rank", "alder")), (1, 1, SENT), (2, 1, failure))
    assert (state.account.reserved, state.account.possible) == (Amount(), possible)
    assert cost_of(state) == (Cost(unpriced=cost) if isinstance(cost, int) else cost)


def test_what_was_spent_on_a_message_stays_when_it_is_asked_again() -> None:
    steps = [(0, 1, queued("rank", "alder")), (1, 1, SENT), (2, 1, failed("rank", "alder"))]
    again = told(*steps, (3, 1, ev.ServantRecovered("alder", "rank")))
    anew = told(*steps, (3, 1, ev.ServantReplaced("alder", 2, "scope", "", "rank")), (4, 1, queued("rank", "alder")))
    assert cost_of(again) == cost_of(anew) == Cost(unpriced=1)


def test_a_new_servant_takes_over_no_cost_where_there_was_none() -> None:
    failure = ev.RequestFailed("rank", "alder", 1, "fugu", "refused-key", 401, None, "", None, unbilled=True)
    replaced = ev.ServantReplaced("alder", 2, "scope", "", "rank")
    state = told((0, 1, queued("rank", "alder")), (1, 1, SENT), (2, 1, failure), (3, 1, replaced))
    assert state.messages["rank"].results == {}


def test_a_probe_is_held() -> None:
    state = told((1, 1, ev.ProbeSent("fugu", 10, 20)))
    assert (state.account.possible, state.account.requests) == (Amount(10, 20), 1)


def test_a_limit_is_reached_until_it_is_raised() -> None:
    state = told((1, 1, ev.BudgetReached("usd", "why", 7)))
    assert (state.account.reached, state.account.needed) == ("usd", 7)
    state = told((1, 1, ev.BudgetReached("usd", "why", 7)), (2, 1, ev.BudgetRaised({"usd": 2, "tokens": 5000})))
    assert state.account.reached is None
    assert state.account.limits == Limits(nano_usd=2 * 10**9, tokens=5000)


def test_a_limit_that_no_run_has_is_damage() -> None:
    with pytest.raises(KeyError, match="mood"):
        told((1, 1, ev.BudgetReached("mood", "why", 7)))


PASSED = ev.PreflightPassed(["fugu"])


@pytest.mark.parametrize(
    ("steps", "elapsed_s"),
    [
        ([(5, 1, PASSED)], 5),
        ([(5, 1, PASSED), (4, 1, PASSED), (6, 1, PASSED)], 7),  # the clock was set back
        ([(5, 1, PASSED), (90, 2, OWNER), (92, 2, PASSED)], 7),  # nobody owned it meanwhile
        ([(5, 1, PASSED), (90, 2, ev.LogRepaired(3, 9, "torn")), (90, 2, OWNER), (91, 2, PASSED)], 6),
        ([(5, 1, ev.RunStopped("interrupted")), (50, 1, PASSED)], 5),
        ([(5, 1, ev.RunFinished("completed", None, {}, {})), (6, 2, OWNER), (9, 2, PASSED)], 8),
    ],
)
def test_time_is_counted_while_an_owner_works(steps: list[tuple[int, int, ev.Body]], elapsed_s: int) -> None:
    assert told(*steps).account.elapsed_ms == elapsed_s * 1000


def test_time_is_not_counted_where_it_has_no_limit() -> None:
    assert told((5, 1, PASSED), limits=Limits(tokens=5)).account.elapsed_ms == 0


def test_what_will_have_been_worked_goes_on_while_the_run_does() -> None:
    running, ended = told((5, 1, PASSED)), told((5, 1, ev.RunStopped("interrupted")))
    assert worked_ms(running, "2026-11-22T10:00:07.500Z") == 7500
    assert worked_ms(ended, "2026-11-22T10:00:07.500Z") == 5000
    assert worked_ms(State(), "2026-11-22T10:00:07.500Z") == 0


def test_the_registry_tells_the_limits_and_what_is_used_of_them() -> None:
    state = told((0, 1, queued("rank", "alder")), (1, 1, SENT), (2, 1, ev.BudgetReached("tokens", "why", 7)))
    assert json.loads(b"".join(registry_parts(state)))["budget"] == {
        "limits": {"usd": 1.0, "tokens": 5000, "requests": 9, "timeS": 60.0},
        "spent": {"usd": 0.0, "tokens": 0, "requests": 1, "timeS": 2.0},
        "possible": {"usd": 0.0, "tokens": 0},
        "reserved": {"usd": 7e-7, "tokens": 40},
        "reached": "tokens",
    }


def test_a_run_that_its_budget_stopped_hands_over_what_it_has() -> None:
    state = told((1, 1, ev.RunStopped("the budget is reached", None, {"first": 1}, {"last": "no reply"})))
    assert (state.state, state.outputs, state.output_failures) == ("stopped", {"first": 1}, {"last": "no reply"})

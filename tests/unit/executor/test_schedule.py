"""Whatever waits for what, and whenever a crash comes: each redirect ends once, in order, as it would have ended."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlord_run.store import events as ev
from unit.executor.graphs import Drawn, drawn, faults, gone_through, limited, outcome, planned, raised

SHARE, SWEEP = 25, 2_000
EVENTS = 120
AT_LENGTH = settings(max_examples=SWEEP, suppress_health_check=list(HealthCheck))
IN_SHORT = settings(max_examples=SHARE, derandomize=True, suppress_health_check=list(HealthCheck))


def check_order(one: Drawn) -> None:
    with tempfile.TemporaryDirectory() as folder:
        record = gone_through(Path(folder), one)
        assert list(faults(planned(one), record.events)) == []
        assert record.state.state in {"completed", "partial", "rejected"}
        assert all(message.ended_at is not None for message in record.state.messages.values())


def check_crash(one: Drawn, cut_at: int) -> None:
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as cut:
        expected = gone_through(Path(whole), one)
        resumed = gone_through(Path(cut), one, cut_at=cut_at)
        assert outcome(resumed.state) == outcome(expected.state)


def check_budget(one: Drawn, requests: int, cut_at: int | None) -> None:
    """Of a run with a budget, no more requests leave than it allows; raised, it ends as one that had none."""
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as bounded:
        expected = gone_through(Path(whole), one)
        tight = limited(one, requests)
        stopped = gone_through(Path(bounded), tight, cut_at=cut_at)
        sent = [body for body in stopped.events if isinstance(body, ev.RequestSent)]
        assert len(sent) <= requests or cut_at is not None
        assert stopped.state.account.requests <= requests
        if stopped.state.state == "stopped":
            assert stopped.state.account.reached == "requests"
            stopped = raised(Path(bounded), tight, stopped)
        assert outcome(stopped.state) == outcome(expected.state)


@IN_SHORT
@given(drawn(may_end=True))
def test_every_redirect_ends_once_no_need_is_broken_and_servants_are_asked_in_order(one: Drawn) -> None:
    check_order(one)


@IN_SHORT
@given(drawn(may_end=False), st.integers(3, EVENTS))
def test_a_resumed_run_ends_as_an_uncut_one(one: Drawn, cut_at: int) -> None:
    check_crash(one, cut_at)


@IN_SHORT
@given(drawn(may_end=False), st.integers(1, 12), st.none() | st.integers(3, EVENTS))
def test_a_budget_holds_over_a_crash_and_raised_it_lets_the_run_end_as_if_there_were_none(
    one: Drawn, requests: int, cut_at: int | None
) -> None:
    check_budget(one, requests, cut_at)


@pytest.mark.sweep
@AT_LENGTH
@given(drawn(may_end=False), st.integers(1, 20), st.none() | st.integers(3, EVENTS))
def test_a_budget_holds_at_length(one: Drawn, requests: int, cut_at: int | None) -> None:
    check_budget(one, requests, cut_at)


@pytest.mark.sweep
@AT_LENGTH
@given(drawn(may_end=True))
def test_the_order_holds_at_length(one: Drawn) -> None:
    check_order(one)


@pytest.mark.sweep
@AT_LENGTH
@given(drawn(may_end=False), st.integers(3, EVENTS))
def test_a_resumed_run_ends_as_an_uncut_one_at_length(one: Drawn, cut_at: int) -> None:
    check_crash(one, cut_at)


PLAN = planned(
    Drawn(
        """\
overlord: 1
name: two
roles: {adviser: {system: Advise., task: Begin.}}
assignments: [{slot: alder, role: adviser}]
redirects:
  - {id: one, to: alder, message: One.}
  - {id: two, to: alder, message: Two., needs: [one]}
  - {id: three, redirects: [{id: four, to: alder, message: Four.}], after: []}
""",
        "",
    )
)
ONE, TWO = ev.RequestSent("one", "alder", 1, "fugu", ""), ev.RequestSent("two", "alder", 1, "fugu", "")
FOUR = ev.RequestSent("four.1", "alder", 1, "fugu", "")
DONE = {name: ev.MessageSettled(name, "completed", None) for name in ("one", "two", "four.1")}
OVER = ev.RoundEnded("three", 1, "completed", None)


def answered(sent: ev.RequestSent) -> ev.ReplyReceived:
    return ev.ReplyReceived(sent.message_id, sent.slot, 1, "fugu", None, "Yes.", "stop", cut=False, usage={})


RIGHT = [ONE, answered(ONE), DONE["one"], TWO, answered(TWO), DONE["two"], FOUR, answered(FOUR), DONE["four.1"], OVER]
# Each breaks one promise: what was done, and what is told of it.
WRONG = {
    "ended twice": ([*RIGHT, DONE["two"]], ["two ended 2 times"]),
    "never ended": ([body for body in RIGHT if body is not DONE["two"]], ["two ended 0 times"]),
    "not of the plan": ([*RIGHT, ev.MessageSettled("five", "completed", None)], ["five is none of the plan's"]),
    "too early": ([*RIGHT[:2], *RIGHT[3:6], DONE["one"], *RIGHT[6:]], ["two before one", "two without one"]),
    "without what it needs": (
        [*RIGHT[:2], ev.MessageSettled("one", "failed", "why"), *RIGHT[3:]],
        ["two without one"],
    ),
    "out of turn": ([*RIGHT[:3], *RIGHT[6:], *RIGHT[3:6]], ["alder was asked two too late"]),
    "at once": (
        [*RIGHT[:4], FOUR, answered(TWO), DONE["two"], answered(FOUR), DONE["four.1"], OVER],
        ["alder was asked four.1 while it had two"],
    ),
}


def test_nothing_is_wrong_where_nothing_is() -> None:
    assert list(faults(PLAN, RIGHT)) == []


@pytest.mark.parametrize(("events", "told"), WRONG.values(), ids=WRONG)
def test_what_breaks_a_promise_is_told(events: list[ev.Body], told: list[str]) -> None:
    assert list(faults(PLAN, events)) == told

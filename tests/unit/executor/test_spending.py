"""What a budget does to a run, told by its events: each test is a playbook with a budget and what must be recorded."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from council_kit import CANCEL, Held, Parts, Record, ask_of, carry_on, carry_out, cut, run_folder
from overlord_run.engine.base import Failure
from overlord_run.executor.council import Council
from overlord_run.executor.desk import Mailbox
from overlord_run.executor.proof import fault_of
from overlord_run.executor.run import execute
from overlord_run.executor.spending import is_unbilled
from overlord_run.plan.pricing import Amount
from overlord_run.playbook.money import limits_from_json
from overlord_run.store import events as ev
from overlord_run.store.inbox import Check, Send
from overlord_run.store.rehydrate import rehydrate

ONE_CALL = 672  # tokens that a first call reserves: about 286 of prompt, 50 of answer, and as much again
SMALL = "tokens: 800"  # enough for the startup and not for what comes next
COUNCIL = """\
overlord: 1
name: council
engine: {budget: {BUDGET}}
models: {normal: {id: fugu, params: {max_tokens: 50}, price: {input: 1000, output: 1000}}}
roles: {critic: {system: S, task: T}}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
redirects:
  - {id: rank, to: all, message: Rank.}
outputs:
  first: {value: replies.startup.alder.text}
  last: {value: replies.rank.alder.text}
"""


def council(budget: str) -> str:
    return COUNCIL.replace("{BUDGET}", f"{{{budget}}}")


def requests(record: Record) -> int:
    return sum(isinstance(body, ev.RequestSent) for body in record.events)


def most_in_flight(record: Record) -> int:
    """Return how many calls were in flight at once, at most."""
    flying, most = 0, 0
    for body in record.events:
        flying += isinstance(body, ev.RequestSent) - isinstance(body, ev.ReplyReceived | ev.RequestFailed)
        most = max(most, flying)
    return most


def test_a_call_reserves_what_it_may_cost_at_most_before_it_leaves(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council("usd: 100"))
    first = next(body for body in record.events if isinstance(body, ev.RequestSent))
    answer = next(body for body in record.events if isinstance(body, ev.ReplyReceived))
    assert first.reserved_tokens == ONE_CALL
    assert first.reserved_nano_usd == ONE_CALL * 10**6
    assert answer.cost_nano_usd == (answer.usage["promptTokens"] + answer.usage["completionTokens"]) * 10**6
    account = record.state.account
    assert account.spent.nano_usd == sum(one.cost_nano_usd or 0 for one in record.of(ev.ReplyReceived))  # type: ignore[attr-defined]
    assert (account.possible, account.reserved, account.requests) == (Amount(), Amount(), 4)


def test_nothing_is_reserved_without_a_budget_that_needs_it(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council("requests: 9"))
    assert {(body.reserved_tokens, body.reserved_nano_usd) for body in record.of(ev.RequestSent)} == {(0, 0)}  # type: ignore[attr-defined]
    assert record.state.state == "completed"


@pytest.mark.parametrize(("tokens", "flying"), [(ONE_CALL, 1), (2 * ONE_CALL - 1, 1), (2 * ONE_CALL, 2)])
def test_a_call_that_does_not_fit_waits_for_those_in_flight(tmp_path: Path, tokens: int, flying: int) -> None:
    startup = council(f"tokens: {tokens}").replace("  - {id: rank, to: all, message: Rank.}\n", "")
    startup = startup.replace("redirects:\n", "").replace("  last: {value: replies.rank.alder.text}\n", "")
    record = carry_out(tmp_path, startup)
    assert most_in_flight(record) == flying
    # The first answer cost half of what was reserved for it, and taught that no orchestration comes on top.
    assert record.state.state == "completed"


def test_at_the_limit_nothing_more_is_sent_and_the_run_stops_as_it_stands(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(SMALL))
    assert record.state.state == "stopped"
    assert record.results("startup") == {"alder": "completed", "birch": "completed"}
    assert record.results("rank") == {"alder": "queued"}
    account, reached = record.state.account, record.of(ev.BudgetReached)
    assert [body.limit for body in reached] == ["tokens"]  # type: ignore[attr-defined]
    assert (account.reached, account.needed) == ("tokens", reached[0].needed)  # type: ignore[attr-defined]
    assert record.state.reason == (
        f"the budget of 800 tokens is reached: {account.spent.tokens} are spent, and the next call may take 386"
    )
    assert account.needed == account.spent.tokens + 386


def test_what_the_answers_so_far_come_to_is_handed_over(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(SMALL))
    assert list(record.state.outputs or {}) == ["first"]
    assert record.state.output_failures == {"last": "'alder' gave no reply to 'rank'"}


def test_a_run_whose_budget_is_raised_carries_on_exactly_where_it_stopped(tmp_path: Path) -> None:
    stopped = carry_out(tmp_path, council(SMALL))
    record = raised(tmp_path, council(SMALL), {"tokens": 5000})
    assert record.state.state == "completed"
    assert requests(stopped) + requests(record) == 4
    rendered = [body.slot for body in record.events if isinstance(body, ev.MessageQueued)]
    assert rendered == ["birch"]  # alder's question was on record, and nothing is rendered twice
    whole = carry_out(tmp_path / "whole", council("tokens: 5000"))
    assert record.state.account.spent == whole.state.account.spent


def raised(folder: Path, playbook: str, limits: dict[str, float], *, parts: Parts | None = None) -> Record:
    async def deed(council: Council, mailbox: Mailbox) -> None:
        await council.recorder.record(ev.BudgetRaised(limits_from_json(limits).to_json()))
        await execute(council, mailbox)

    return carry_out(folder, playbook, deed=deed, purpose="resume", parts=parts)


def test_a_run_that_is_carried_on_without_a_raise_sends_nothing(tmp_path: Path) -> None:
    carry_out(tmp_path, council(SMALL))
    record = carry_on(tmp_path, council(SMALL), decision=None)
    assert (record.state.state, requests(record)) == ("stopped", 0)


def test_a_failure_of_which_nobody_can_tell_what_it_cost_keeps_its_reservation(tmp_path: Path) -> None:
    script = "overlord: 1\nanswers: {alder: {startup: {fault: timeout}}}"
    playbook = council("tokens: 5000").replace("engine: {", "engine: {startup: {require: any}, ")
    record = carry_out(tmp_path, playbook, script)
    assert record.state.account.possible == Amount(ONE_CALL, ONE_CALL * 10**6)
    assert record.state.messages["startup"].results["alder"].cost.unpriced == 1


def test_an_attempt_that_is_made_again_gives_its_reservation_back_and_counts_as_a_request(tmp_path: Path) -> None:
    script = "overlord: 1\nanswers: {alder: {startup: {status: 503, times: 1, retry_after: 0s}}}"
    record = carry_out(tmp_path, council("tokens: 5000, requests: 9"), script)
    assert record.state.state == "completed"
    assert (record.state.account.possible, record.state.account.requests) == (Amount(), 5)


def test_attempts_that_are_made_again_use_the_requests_up(tmp_path: Path) -> None:
    script = "overlord: 1\nanswers: {alder: {startup: {status: 503, retry_after: 0s}}}"
    record = carry_out(tmp_path, council("requests: 3"), script)
    assert (requests(record), record.state.state) == (3, "stopped")
    assert record.state.reason == "the budget of 3 requests is reached"
    assert record.state.account.needed == 4


def test_what_a_crash_left_in_flight_stays_reserved(tmp_path: Path) -> None:
    first = carry_out(tmp_path, council("tokens: 5000"))
    sent = next(at for at, body in enumerate(first.events) if isinstance(body, ev.RequestSent))
    crashed = cut(tmp_path, tmp_path / "crashed", sent + 1)
    state = rehydrate(run_folder(crashed)).state
    assert (state.account.reserved.tokens, state.account.requests) == (ONE_CALL, 1)
    record = carry_on(crashed, council("tokens: 5000"))
    assert record.state.state == "completed"
    assert (record.state.account.possible.tokens, record.state.account.reserved.tokens) == (ONE_CALL, 0)


def test_a_call_that_waits_for_the_budget_is_woken_by_a_stop(tmp_path: Path) -> None:
    held = Held("startup")

    def stop(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.RequestSent):
            council.halt.wanted.set()
            asyncio.get_running_loop().call_later(0.01, held.let_go.set)

    record = carry_out(tmp_path, council(f"tokens: {ONE_CALL}"), watch=stop, parts=Parts(engine=held.around))
    assert (requests(record), record.of(ev.BudgetReached)) == (1, [])
    assert Counter(record.results("startup").values()) == {"completed": 1, "queued": 1}


def test_a_message_that_the_budget_does_not_cover_stops_a_run_that_had_ended(tmp_path: Path) -> None:
    playbook = council("requests: 4")
    carry_out(tmp_path, playbook)
    record, tray = ask_of(tmp_path, playbook, Send("r1", "alder", "More?"))
    assert (record.state.state, requests(record), len(tray.taken)) == ("stopped", 0, 1)
    assert list(record.state.outputs or {}) == ["first", "last"]
    again = raised(tmp_path, playbook, {"requests": 5})
    assert (again.state.state, again.results("send.1")) == ("completed", {"alder": "completed"})


def ticking(*seconds: int) -> Parts:
    """Return a clock that shows these seconds one after the other, and the last one from then on."""
    left = list(seconds)

    def clock() -> str:
        now = left.pop(0) if len(left) > 1 else left[0]
        return f"2026-11-22T10:{now // 60:02}:{now % 60:02}.000Z"

    return Parts(clock=clock)


def test_a_run_that_has_worked_for_as_long_as_it_may_sends_nothing_new(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council("time: 5s"), parts=ticking(0, 5))
    assert (record.state.state, requests(record)) == ("stopped", 0)
    assert record.state.reason == "the budget of 5 s is reached"


def test_a_call_in_flight_may_finish_when_the_time_is_up(tmp_path: Path) -> None:
    held = Held("startup")
    shown = ["00.000", "00.990"]

    def clock() -> str:
        return f"2026-11-22T10:00:{shown.pop(0) if len(shown) > 1 else shown[0]}Z"

    def pass_time(body: ev.Body, _council: Council) -> None:
        if isinstance(body, ev.RequestSent):
            shown[:] = ["02.000"]
        if isinstance(body, ev.BudgetReached):
            held.let_go.set()

    parts = Parts(engine=held.around, clock=clock)
    record = carry_out(tmp_path, council("time: 1s"), watch=pass_time, parts=parts)
    assert record.state.state == "stopped"
    assert set(record.results("startup").values()) == {"completed"}
    assert record.state.account.elapsed_ms == 2000


def test_time_counts_on_over_a_resume_and_stands_still_while_nobody_owns_the_run(tmp_path: Path) -> None:
    playbook = council("time: 100s")

    def stop(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.StartupBegan):
            council.halt.wanted.set()

    first = carry_out(tmp_path, playbook, watch=stop, parts=ticking(0, 0, 30))
    assert first.state.account.elapsed_ms == 30_000
    record = carry_on(tmp_path, playbook, decision=None, parts=ticking(600, 620))
    assert (record.state.state, record.state.account.elapsed_ms) == ("completed", 50_000)


def test_a_probe_counts_as_a_request_and_as_what_it_may_cost(tmp_path: Path) -> None:
    async def probing(council: Council, mailbox: Mailbox) -> None:
        assert await fault_of(council, "probe") is None
        await execute(council, mailbox)

    record = carry_out(tmp_path, council("usd: 100, requests: 9"), deed=probing)
    probes = record.of(ev.ProbeSent)
    assert [body.reserved_tokens for body in probes] == [2024, 2024]  # type: ignore[attr-defined]
    assert record.state.account.possible == Amount(2 * 2024, 2 * 2024 * 10**6)
    assert record.state.account.requests == 6


def test_a_probe_that_the_budget_does_not_cover_stops_the_run_before_anything_is_sent(tmp_path: Path) -> None:
    async def probing(council: Council, mailbox: Mailbox) -> None:
        assert await fault_of(council, "probe") == "the budget of 1 requests is reached"
        await execute(council, mailbox)

    record = carry_out(tmp_path, council("requests: 1"), deed=probing)
    assert (len(record.of(ev.ProbeSent)), requests(record), record.state.state) == (1, 0, "stopped")
    assert record.state.reason == "the budget of 1 requests is reached"


def test_a_check_of_a_run_whose_budget_is_used_up_tells_why_nothing_was_asked(tmp_path: Path) -> None:
    carry_out(tmp_path, council("requests: 4"))
    record, _ = ask_of(tmp_path, council("requests: 4"), Check("r1", ping=True))
    checked = [body.failure for body in record.events if isinstance(body, ev.LeaseChecked) and body.request_id]
    assert checked == ["the budget of 4 requests is reached"]


def test_whatever_is_in_flight_at_once_the_book_stays_within_the_limit(tmp_path: Path) -> None:
    slots = "".join(f"  - {{slot: s{number}, role: critic}}\n" for number in range(20))
    playbook = council("tokens: 6000").replace("redirects:\n", f"{slots}redirects:\n")
    used: list[int] = []

    def look(body: ev.Body, council: Council) -> None:
        account = council.state.account
        used.append(account.committed.tokens)
        assert council.flights.count <= 8

    record = carry_out(tmp_path, playbook, watch=look)
    assert max(used) <= 6000
    assert (record.state.state, record.state.account.spent.tokens > 5000) == ("stopped", True)


def test_a_limit_that_several_calls_meet_is_told_once(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council("requests: 2"))
    assert (len(record.of(ev.BudgetReached)), len(record.of(ev.RunStopped))) == (1, 1)


def test_a_cancelled_call_leaves_its_reservation_behind(tmp_path: Path) -> None:
    held = Held("startup")

    def cancel(body: ev.Body, _council: Council) -> object:
        return CANCEL if isinstance(body, ev.RequestSent) else None

    with pytest.raises(asyncio.CancelledError):
        carry_out(tmp_path, council("tokens: 5000"), watch=cancel, parts=Parts(engine=held.around))
    assert rehydrate(run_folder(tmp_path)).state.account.reserved.tokens >= ONE_CALL


@pytest.mark.parametrize(
    ("failure", "is_free"),
    [
        (Failure("connect", "", unbilled=True), True),
        (Failure("timeout", "", unbilled=True), True),
        (Failure("timeout", ""), False),
        (Failure("transport", ""), False),
        (Failure("server-error", "", status=500), False),
        (Failure("malformed", "", status=200), False),
        (Failure("no-text", "", status=200), False),
        (Failure("refusal", "", status=200), False),
        (Failure("bad-request", "", status=400), False),
        (Failure("refused-key", "", status=401), True),
        (Failure("quota", "", status=402), True),
        (Failure("not-found", "", status=404), True),
        (Failure("key-in-prompt", ""), True),
        (Failure("script", ""), True),
    ],
)
def test_only_what_no_model_can_have_worked_on_is_unbilled(failure: Failure, *, is_free: bool) -> None:
    assert is_unbilled(failure) is is_free

"""What is seldom met together: a person's no, a budget, a crash, and a question of a round that is long over."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from council_kit import CANCEL, Parts, Record, ask_of, carry_on, carry_out
from overlord_run.engine.base import Engine
from overlord_run.executor.council import Council
from overlord_run.executor.desk import Mailbox
from overlord_run.executor.run import conclude, execute
from overlord_run.executor.unknown import leave_out_before
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.inbox import Recover, Send

HEAD = """\
overlord: 1
name: together
ENGINE
roles: {adviser: {system: You advise.}}
assignments:
  - {slot: alder, role: adviser}
  - {slot: birch, role: adviser}
redirects:
"""
LAST = "  - {id: last, to: all, message: Anything else?}\n"


def playbook(redirects: str, engine: str = "") -> str:
    return HEAD.replace("ENGINE\n", f"engine: {engine}\n" if engine else "") + redirects


def states(record: Record) -> dict[str, str]:
    return {message.id: message.state for message in record.state.messages.values()}


async def reject(council: Council, mailbox: Mailbox) -> None:
    await council.recorder.record(ev.PauseAnswered("ask", approved=False, by="ada", note="", request_id="r1"))
    await conclude(council, mailbox)


class Silent:
    """An engine whose API never answers what proves it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def preflight(self, *_: object) -> tuple[str, ...]:
        async with asyncio.timeout(60):
            await asyncio.Event().wait()
        return ()


class Slow(SystemDisk):
    """A disk that takes its time once it is told to.

    Attributes:
        may_sync: Set while it may.
        has_synced: Set once it has.
    """

    def __init__(self) -> None:
        self.may_sync, self.has_synced = threading.Event(), threading.Event()
        self.may_sync.set()

    def sync(self, fd: int) -> None:
        assert self.may_sync.wait(60)
        super().sync(fd)
        self.has_synced.set()


def test_an_answer_that_comes_while_what_waited_for_it_is_going_home_is_heeded(tmp_path: Path) -> None:
    disk = Slow()
    tasks: list[asyncio.Task[None]] = []

    def watch(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.PauseReached):
            council.answers["ask"].add_done_callback(go_home)
        if isinstance(body, ev.MessageSettled) and body.message_id == "side":
            disk.may_sync.clear()
            disk.has_synced.clear()
            said = ev.PauseAnswered("ask", approved=True, by="ada", note="", request_id="r1")
            tasks.append(asyncio.ensure_future(council.recorder.record(said)))

    def go_home(_waiting: object) -> None:
        disk.may_sync.set()
        assert disk.has_synced.wait(60)  # the loop stands still meanwhile, so nobody is home yet

    text = playbook("  - {id: side, to: alder, message: S.}\n  - {id: ask, pause: Ship?, after: []}\n" + LAST)
    record = carry_out(tmp_path, text, watch=watch, parts=Parts(disk=disk))
    assert states(record) == {"side": "completed", "ask": "completed", "last": "completed"}
    assert record.state.state == "completed"


def test_a_rejection_asks_nothing_of_a_budget_that_is_used_up(tmp_path: Path) -> None:
    work = "  - {id: ask, pause: Ship?}\n  - {id: work, to: all, message: Work., after: []}\n"
    text = playbook(work + LAST, "{budget: {requests: 1}}")
    assert carry_out(tmp_path, text).state.account.reached == "requests"
    record = carry_out(tmp_path, text, deed=reject, purpose="reject")
    assert states(record) == {"ask": "failed", "work": "partial", "last": "skipped"}
    assert record.of(ev.BudgetReached) == []
    assert record.state.state == "rejected"


def test_a_rejection_skips_what_a_person_sent_that_the_budget_did_not_cover(tmp_path: Path) -> None:
    text = playbook("  - {id: ask, pause: Ship?}\n" + LAST, "{budget: {requests: 1}}")
    carry_out(tmp_path, text)
    ask_of(tmp_path, text, Send("s1", "all", "Why?"))
    record = carry_out(tmp_path, text, deed=reject, purpose="reject")
    assert record.results("send.1") == {"alder": "completed", "birch": "skipped"}
    assert states(record) == {"ask": "failed", "send.1": "partial", "last": "skipped"}
    assert record.state.state == "rejected"


MISFIT = "overlord: 1\nanswers:\n  alder: {work: [nonsense, 'true']}\n"


def test_what_an_answer_cost_whose_repair_a_person_did_not_want_any_more_stays_on_record(tmp_path: Path) -> None:
    work = "  - {id: work, to: alder, message: Work., after: [], expect: {schema: {type: boolean}}}\n"
    text = playbook("  - {id: ask, pause: Ship?}\n" + work + LAST)

    def watch(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.ReplyReceived):
            council.halt.wanted.set()

    before = carry_out(tmp_path, text, MISFIT, watch=watch)
    record = carry_out(tmp_path, text, MISFIT, deed=reject, purpose="reject")
    result = record.state.messages["work"].results["alder"]
    assert result.state == "skipped"
    assert result.usage is not None
    assert result.usage == before.state.messages["work"].results["alder"].usage


def test_a_rejection_counts_where_a_failure_has_stopped_the_run_already(tmp_path: Path) -> None:
    work = (
        "  - {id: ask, pause: Ship?}\n  - {id: work, to: alder, message: Work., after: [], on_failure: stop}\n"
        "  - {id: slow, to: birch, message: Slow., after: []}\n"
    )
    script = "overlord: 1\nanswers:\n  alder: {work: {fault: empty}}\n  birch: {slow: {slow: 1s}}\n"

    def watch(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.MessageSettled) and body.message_id == "work":
            tasks.append(asyncio.ensure_future(say_no(council)))

    tasks: list[asyncio.Task[None]] = []

    async def say_no(council: Council) -> None:
        await council.recorder.record(ev.PauseAnswered("ask", approved=False, by="ada", note="", request_id="r1"))
        council.answers["ask"].set_result(True)

    record = carry_out(tmp_path, playbook(work), script, watch=watch)
    assert record.state.state == "rejected"
    assert record.state.reason == "'ask' was not approved: rejected by ada"


BLOCK = """\
  - id: rounds
    redirects:
      - {id: draft, to: all, message: "Draft {{ round }}."}
      - {id: ask, pause: "Round {{ round }}?"}
    repeat: {max: 2}
"""
BIRCH_FAILS = "overlord: 1\nanswers:\n  birch: {draft.1: {status: 500, times: 1, text: B1}}\n"


def approve(folder: Path, text: str, message_id: str) -> Record:
    body = ev.PauseAnswered(message_id, approved=True, by="ada", note="", request_id=message_id)

    async def deed(council: Council, mailbox: Mailbox) -> None:
        await council.recorder.record(body)
        await execute(council, mailbox)

    return carry_out(folder, text, BIRCH_FAILS, deed=deed, purpose="approve")


@pytest.mark.parametrize("cut_at", [ev.ServantRecovered, ev.RequestSent])
def test_a_question_of_a_round_that_is_over_is_asked_again_after_a_crash_too(
    tmp_path: Path, cut_at: type[ev.Body]
) -> None:
    text = playbook(BLOCK)
    carry_out(tmp_path, text, BIRCH_FAILS)
    assert states(approve(tmp_path, text, "ask.1"))["ask.2"] == "started"

    async def recover(council: Council, mailbox: Mailbox) -> None:
        await council.recorder.record(ev.ServantRecovered("birch", "draft.1", "r1"))
        await execute(council, mailbox)

    def watch(body: ev.Body, _council: Council) -> object:
        return CANCEL if isinstance(body, cut_at) else None

    with pytest.raises(asyncio.CancelledError):
        carry_out(tmp_path, text, BIRCH_FAILS, deed=recover, purpose="recover", watch=watch)
    record = carry_on(tmp_path, text, BIRCH_FAILS)
    assert record.results("draft.1") == {"alder": "completed", "birch": "completed"}
    assert record.state.latest["draft"] == "draft.2"
    assert record.state.state == "awaiting-human"


def test_a_question_of_a_round_that_is_over_leaves_the_latest_round_as_it_is(tmp_path: Path) -> None:
    text = playbook(BLOCK)
    carry_out(tmp_path, text, BIRCH_FAILS)
    approve(tmp_path, text, "ask.1")
    record, _ = ask_of(tmp_path, text, Recover("r1", "birch", replace=False), script=BIRCH_FAILS)
    assert record.results("draft.1") == {"alder": "completed", "birch": "completed"}
    assert record.state.latest["draft"] == "draft.2"
    assert (record.state.state, record.state.reason) == ("awaiting-human", "a person's word is wanted on ask.2")


def test_a_block_that_is_left_out_asks_no_person_any_more(tmp_path: Path) -> None:
    text = playbook(BLOCK + LAST)
    assert carry_out(tmp_path, text).state.state == "awaiting-human"

    async def go_on(council: Council, mailbox: Mailbox) -> None:
        await leave_out_before(council, "last")
        await execute(council, mailbox)

    record = carry_out(tmp_path, text, deed=go_on, purpose="resume")
    assert states(record) == {"draft.1": "completed", "ask.1": "skipped", "rounds": "skipped", "last": "completed"}
    assert record.state.messages["ask.1"].failure == "the run was carried on from 'last'"
    assert record.state.state == "partial"


def test_a_run_whose_messages_have_ended_is_not_a_failed_startup_where_it_is_stopped_at_the_proof(
    tmp_path: Path,
) -> None:
    text = playbook(LAST)

    def cancel(body: ev.Body, _council: Council) -> object:
        return CANCEL if isinstance(body, ev.MessageSettled) else None

    with pytest.raises(asyncio.CancelledError):
        carry_out(tmp_path, text, watch=cancel)

    async def stopped(council: Council, mailbox: Mailbox) -> None:
        council.halt.wanted.set()
        await execute(council, mailbox)

    record = carry_out(tmp_path, text, deed=stopped, purpose="resume", parts=Parts(engine=Silent))
    assert record.of(ev.RunFinished) == []
    assert carry_on(tmp_path, text).state.state == "completed"

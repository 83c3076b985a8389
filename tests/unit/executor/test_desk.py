"""What other processes ask of a run: of its owner while it goes on, and of whoever takes it up when it has ended."""

import asyncio
from pathlib import Path

from council_kit import Held, Parts, Tray, ask_of, carry_out
from overlord_run.executor.council import Council
from overlord_run.plan.conversation import turns
from overlord_run.store import events as ev
from overlord_run.store.inbox import Answer, Check, Recover, Request, Send, Stop

COUNCIL = """\
overlord: 1
name: council
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
redirects:
  - {id: rank, to: all, message: Rank your findings.}
  - {id: last, to: all, message: Anything else?}
"""
BIRCH_FAILS = "overlord: 1\nanswers:\n  birch: {last: {status: 500}}\n"


def ask_meanwhile(folder: Path, until: type[ev.Body], *requests: Request) -> tuple[list[ev.Body], Tray, Council]:
    """Have requests taken while a run waits for its last message, which goes on once an event is there."""
    held, tray = Held("last"), Tray(requests)
    seen: list[Council] = []

    def watch(body: ev.Body, council: Council) -> None:
        seen.append(council)
        has_come = isinstance(body, until) and getattr(body, "message_id", "send.1") == "send.1"
        if has_come or council.halt.wanted.is_set():
            held.let_go.set()

    record = carry_out(folder, COUNCIL, watch=watch, parts=Parts(engine=held.around, mailbox=tray))
    return record.events, tray, seen[-1]


def test_what_is_sent_while_a_run_goes_on_is_answered_beside_its_plan(tmp_path: Path) -> None:
    _, tray, council = ask_meanwhile(tmp_path, ev.MessageAccepted, Send("1", "role:critic", "And then?"))
    message = council.state.messages["send.1"]
    assert {slot: result.state for slot, result in message.results.items()} == dict.fromkeys(
        ("alder", "birch"), "completed"
    )
    assert council.state.state == "completed"
    assert len(tray.taken) == 1


class Seldom(Tray):
    """A mailbox into which nobody looks between the beginning of a run and its end: all goes too fast."""

    async def pause(self, closing: asyncio.Event) -> None:
        await closing.wait()


def test_what_waited_for_the_startup_of_a_run_that_was_over_soon_is_answered_before_its_end(tmp_path: Path) -> None:
    tray = Seldom([Send("1", "birch", "And then?")])
    record = carry_out(tmp_path, COUNCIL, parts=Parts(mailbox=tray))
    assert record.results("send.1") == {"birch": "completed"}
    assert (record.events[-1].type, record.state.state, tray.waiting) == ("run_finished", "completed", [])


def test_a_check_while_a_run_goes_on_is_on_record(tmp_path: Path) -> None:
    events, _, _ = ask_meanwhile(tmp_path, ev.LeaseChecked, Check("1", ping=False))
    assert [body.request_id for body in events if isinstance(body, ev.LeaseChecked)][-1] == "1"


def test_a_stop_lets_the_run_send_nothing_new(tmp_path: Path) -> None:
    events, tray, council = ask_meanwhile(tmp_path, ev.MessageAccepted, Stop("1"))
    assert [body for body in events if isinstance(body, ev.RunFinished)] == []
    assert council.state.open_calls == {}
    assert council.halt.request_id == "1"
    assert [letter.request for letter in tray.taken] == [Stop("1")]


def test_what_is_sent_to_a_run_that_has_ended_leaves_its_end_as_it_was(tmp_path: Path) -> None:
    before = carry_out(tmp_path, COUNCIL, BIRCH_FAILS)
    record, tray = ask_of(tmp_path, COUNCIL, Send("1", "all", "And then?"))
    assert record.results("send.1") == {"alder": "completed", "birch": "skipped"}
    assert (record.state.state, record.state.reason) == (before.state.state, before.state.reason)
    assert tray.waiting == []


def test_a_request_that_is_found_twice_is_taken_once(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL)
    ask_of(tmp_path, COUNCIL, Send("1", "alder", "And then?"))
    record, tray = ask_of(tmp_path, COUNCIL, Send("1", "alder", "And then?"))
    assert record.of(ev.RequestSent) == []
    assert [message_id for message_id in record.state.messages if message_id.startswith("send")] == ["send.1"]
    assert tray.waiting == []


def test_requests_to_nobody_are_taken_out_and_come_to_nothing(tmp_path: Path) -> None:
    before = carry_out(tmp_path, COUNCIL)
    record, tray = ask_of(tmp_path, COUNCIL, Send("1", "elm", "Hello?"), Recover("2", "elm", replace=False))
    assert record.state.messages.keys() == before.state.messages.keys()
    assert tray.waiting == []


def test_a_blocked_servant_is_asked_again_and_the_outputs_are_made_anew(tmp_path: Path) -> None:
    before = carry_out(tmp_path, COUNCIL, BIRCH_FAILS)
    record, _ = ask_of(tmp_path, COUNCIL, Recover("1", "birch", replace=False))
    assert (before.state.state, record.state.state) == ("partial", "completed")
    assert record.results("last") == {"alder": "completed", "birch": "completed"}
    assert [body.slot for body in record.of(ev.RequestSent)] == ["birch"]


def test_a_servant_that_is_not_blocked_is_not_asked_again(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL)
    record, _ = ask_of(tmp_path, COUNCIL, Recover("1", "birch", replace=False))
    assert record.of(ev.RequestSent) == []


def test_a_new_servant_takes_the_slot_and_the_question_with_a_handoff(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL, BIRCH_FAILS)
    record, _ = ask_of(tmp_path, COUNCIL, Recover("1", "birch", replace=True))
    conversation = turns(record.state.servants["birch"].conversation)
    assert [turn.role for turn in conversation] == ["system", "user", "assistant"]
    assert conversation[1].content.startswith("You take over from another servant in this slot")
    assert conversation[1].content.endswith("Anything else?")
    assert record.state.servants["birch"].generation == 2


def test_a_new_servant_in_a_healthy_slot_is_asked_nothing_yet(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL)
    record, _ = ask_of(tmp_path, COUNCIL, Recover("1", "birch", replace=True))
    assert record.of(ev.RequestSent) == []
    assert record.state.servants["birch"].state == "pending"
    assert "the Overlord asked for another" in (record.state.servants["birch"].handoff or "")


def test_a_ping_asks_each_model_for_a_word_on_the_record(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL)
    record, _ = ask_of(tmp_path, COUNCIL, Check("1", ping=True))
    assert [body.model for body in record.of(ev.ProbeSent)] == ["fugu", "fugu-ultra"]
    checked = record.of(ev.LeaseChecked)[-1]
    assert (checked.method, checked.request_id, list(checked.slots)) == ("probe", "1", ["alder", "birch"])


def test_a_check_that_is_fresh_asks_the_api_nothing_more(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL)
    record, _ = ask_of(tmp_path, COUNCIL, Check("1", ping=False))
    assert len(record.of(ev.PreflightPassed)) == 1
    assert record.state.requests == {"1": ""}


ASKS = """\
overlord: 1
name: asks
roles: {critic: {system: You criticise.}}
assignments: [{slot: alder, role: critic}]
redirects:
  - {id: ask, pause: Ship?}
  - {id: more, to: alder, message: More.}
"""
YES = Answer("1", "ask", approved=True, by="ada", note="yes")


def test_whoever_came_for_another_deed_leaves_an_answer_to_who_carries_the_plan_on(tmp_path: Path) -> None:
    carry_out(tmp_path, ASKS)
    record, tray = ask_of(tmp_path, ASKS, Send("2", "alder", "Why?"), YES)
    assert record.results("send.1") == {"alder": "completed"}
    assert [letter.request for letter in tray.waiting] == [YES]
    assert record.state.state == "awaiting-human"


def test_an_answer_that_waits_in_the_inbox_is_taken_by_a_resume(tmp_path: Path) -> None:
    carry_out(tmp_path, ASKS)
    tray = Tray([YES])
    record = carry_out(tmp_path, ASKS, parts=Parts(mailbox=tray), purpose="resume")
    assert record.of(ev.PauseAnswered) == [ev.PauseAnswered("ask", approved=True, by="ada", note="yes", request_id="1")]
    assert (record.state.state, tray.waiting) == ("completed", [])


def test_an_answer_that_is_found_twice_is_taken_once(tmp_path: Path) -> None:
    carry_out(tmp_path, ASKS)
    for _ in range(2):
        tray = Tray([YES])
        record = carry_out(tmp_path, ASKS, parts=Parts(mailbox=tray), purpose="resume")
        assert (record.state.state, tray.waiting) == ("completed", [])
    assert record.of(ev.PauseAnswered) == []

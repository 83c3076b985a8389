"""A run that was cut off anywhere is carried on to the same end, and nothing that was answered is asked again."""

from pathlib import Path

import pytest

from council_kit import Record, carry_on, carry_out, cut, run_folder
from overlord_run.executor.council import Council
from overlord_run.executor.desk import Mailbox
from overlord_run.executor.run import execute
from overlord_run.executor.unknown import leave_out_before
from overlord_run.store import events as ev
from overlord_run.store.log import read
from overlord_run.store.verify import verify

COUNCIL = """\
overlord: 1
name: council
engine: {recovery: RECOVERY}
roles:
  critic: {system: You criticise., task: What can go wrong?}
  judge: {system: You decide., model: ultra}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: "role:critic", message: Rank your findings.}
  - {id: verdict, to: oak, message: "{% for slot, text in replies.rank | items %}{{ text }}{% endfor %} Decide."}
  - {id: last, to: all, message: "{{ replies.verdict.oak }} Anything else?"}
outputs:
  verdict: {value: replies.verdict.oak.text}
"""
WITHOUT_HELP = COUNCIL.replace("RECOVERY", "manual")
WITH_HELP = COUNCIL.replace("RECOVERY", "auto")
RUNS = {
    "all answer": (WITHOUT_HELP, ""),
    "one fails": (WITHOUT_HELP, "overlord: 1\nanswers:\n  birch: {rank: {status: 500}}\n"),
    "the startup fails": (WITHOUT_HELP, "overlord: 1\nanswers:\n  birch: {startup: {status: 500}}\n"),
    "one fails and is helped in vain": (WITH_HELP, "overlord: 1\nanswers:\n  birch: {rank: {status: 500}}\n"),
}


def what_it_came_to(record: Record) -> object:
    """Return how a run, its messages and their results ended: all that a crash must not change."""
    state = record.state
    messages = {
        message.id: (message.state, {slot: (each.state, each.reply) for slot, each in message.results.items()})
        for message in state.messages.values()
    }
    servants = {slot: (each.state, each.generation) for slot, each in state.servants.items()}
    return state.state, messages, state.outputs, servants


def answered(folder: Path) -> set[tuple[str, str]]:
    return {(body.message_id, body.slot) for body in bodies(folder) if isinstance(body, ev.ReplyReceived)}


def bodies(folder: Path) -> list[object]:

    return [event.body for event in read(run_folder(folder).log_path)]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_was_cut_off_anywhere_comes_to_the_same_end(tmp_path: Path, name: str) -> None:
    playbook, script = RUNS[name]
    record = carry_out(tmp_path, playbook, script)
    for at in cuts(record):
        again = cut(tmp_path, tmp_path / str(at), at)
        had_answered = answered(again)
        assert what_it_came_to(carry_on(again, playbook, script)) == what_it_came_to(record)
        sent = bodies(again)[at:]
        assert had_answered.isdisjoint((b.message_id, b.slot) for b in sent if isinstance(b, ev.RequestSent))
        assert verify(run_folder(again)).differences == ()


def cuts(record: Record) -> list[int]:
    """Return after how many events to cut: behind the first event of each kind, also within a batch."""
    first: dict[str, int] = {}
    for at, body in enumerate(record.events, start=1):
        first.setdefault(body.type, at)
    return list(first.values())


def test_a_run_that_was_cut_off_twice_comes_to_the_same_end(tmp_path: Path) -> None:
    playbook, script = RUNS["one fails"]
    record = carry_out(tmp_path, playbook, script)
    once = cut(tmp_path, tmp_path / "once", 20)
    carry_on(once, playbook, script)
    twice = cut(once, tmp_path / "twice", 28)
    assert what_it_came_to(carry_on(twice, playbook, script)) == what_it_came_to(record)
    assert [body.purpose for body in bodies(twice) if isinstance(body, ev.OwnerChanged)] == ["run", "resume", "resume"]


def unknown_rank(folder: Path) -> Path:
    """Return where a run stands that was cut off while `rank` was asked."""
    record = carry_out(folder, WITHOUT_HELP)
    at = 1 + next(n for n, b in enumerate(record.events) if isinstance(b, ev.RequestSent) and b.message_id == "rank")
    return cut(folder, folder / "cut", at)


def test_a_call_whose_outcome_is_not_known_is_made_again_on_a_persons_word(tmp_path: Path) -> None:
    record = carry_on(unknown_rank(tmp_path), WITHOUT_HELP, decision="resend")
    assert record.state.state == "completed"
    assert max(result.attempts for result in record.state.messages["rank"].results.values()) == 2


def test_a_call_whose_outcome_is_not_known_counts_as_failed_on_a_persons_word(tmp_path: Path) -> None:
    record = carry_on(unknown_rank(tmp_path), WITHOUT_HELP, decision="skip")
    assert sorted(record.results("rank").values()) == ["completed", "failed"]
    assert record.state.messages["rank"].state == "partial"
    assert sorted(servant.state for servant in record.state.servants.values()) == ["blocked", "ready", "ready"]


def test_a_run_that_is_carried_on_from_a_redirect_leaves_out_those_before_it(tmp_path: Path) -> None:
    async def go_on(council: Council, mailbox: Mailbox) -> None:
        await leave_out_before(council, "last")
        await execute(council, mailbox)

    playbook = WITHOUT_HELP.replace("{{ replies.verdict.oak }} ", "")
    record = carry_out(tmp_path, playbook)
    at = 1 + next(n for n, body in enumerate(record.events) if isinstance(body, ev.MessageSettled))
    again = carry_out(cut(tmp_path, tmp_path / "cut", at), playbook, deed=go_on, purpose="resume")
    assert {message.id: message.state for message in again.state.messages.values()} == {
        "startup": "completed",
        "rank": "skipped",
        "verdict": "skipped",
        "last": "completed",
    }


@pytest.mark.parametrize(
    ("require", "state"), [("any", "partial"), ("1", "partial"), ("50%", "partial"), ("all", "failed")]
)
def test_a_startup_is_proved_by_as_many_answers_as_it_requires(tmp_path: Path, require: str, state: str) -> None:
    playbook = WITHOUT_HELP.replace("recovery: manual", f"recovery: manual, startup: {{require: {require}}}")
    record = carry_out(tmp_path, playbook, RUNS["the startup fails"][1])
    assert record.state.messages["startup"].state == state
    assert ("rank" in record.state.messages) == (state == "partial")


def test_a_servant_that_fails_is_asked_again_then_replaced_once(tmp_path: Path) -> None:
    record = carry_out(tmp_path, WITH_HELP, RUNS["one fails and is helped in vain"][1])
    helped = [body.type for body in record.events if isinstance(body, ev.ServantRecovered | ev.ServantReplaced)]
    assert helped == ["servant_recovered", "servant_replaced"]
    assert [(old.slot, old.state) for old in record.state.replaced] == [("birch", "replaced")]
    assert record.state.servants["birch"].generation == 2
    assert record.state.servants["birch"].state == "blocked"


def test_a_servant_that_answers_when_asked_again_is_not_replaced(tmp_path: Path) -> None:
    script = "overlord: 1\nanswers:\n  birch: {rank: {status: 500, times: 1}}\n"
    record = carry_out(tmp_path, WITH_HELP, script)
    assert record.state.replaced == []
    assert record.state.servants["birch"].recoveries == 1
    assert record.state.state == "completed"


def test_a_crash_before_the_remedy_does_not_lose_it(tmp_path: Path) -> None:
    script = RUNS["one fails and is helped in vain"][1]
    record = carry_out(tmp_path, WITH_HELP, script)
    types = [body.type for body in record.events]
    again = cut(tmp_path, tmp_path / "cut", types.index("servant_recovered"))
    assert carry_on(again, WITH_HELP, "overlord: 1\nanswers: {}\n").state.state == "completed"
    helped = [body for body in bodies(again) if isinstance(body, ev.ServantRecovered | ev.ServantReplaced)]
    assert helped == [ev.ServantRecovered("birch", "rank")]


def test_a_call_that_a_person_counts_as_failed_has_no_remedy_by_itself(tmp_path: Path) -> None:
    record = carry_out(tmp_path, WITH_HELP)
    at = 1 + next(n for n, b in enumerate(record.events) if isinstance(b, ev.RequestSent) and b.message_id == "rank")
    again = cut(tmp_path, tmp_path / "cut", at)
    state = carry_on(again, WITH_HELP, decision="skip").state
    assert sorted(result.state for result in state.messages["rank"].results.values()) == ["completed", "failed"]
    assert not [body for body in bodies(again) if isinstance(body, ev.ServantRecovered | ev.ServantReplaced)]


def test_nobody_is_helped_by_itself_where_the_plan_does_not_say_so(tmp_path: Path) -> None:
    record = carry_out(tmp_path, WITHOUT_HELP, RUNS["one fails"][1])
    assert record.of(ev.ServantRecovered) == []
    assert record.state.servants["birch"].state == "blocked"

"""What orders, skips, ends and repeats redirects: each test is a few redirects, a script and what came of them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from council_kit import Held, Parts, Record, Tray, carry_on, carry_out
from overlord_run.executor.council import Council
from overlord_run.executor.replies import approvals_of
from overlord_run.executor.run import conclude, execute
from overlord_run.plan.conversation import turns
from overlord_run.store import events as ev
from overlord_run.store.inbox import Answer, Letter

HEAD = """\
overlord: 1
name: flow
roles:
  side: {system: You argue.}
  judge: {system: You judge.}
assignments:
  - {slot: yea, role: side}
  - {slot: nay, role: side}
  - {slot: oak, role: judge}
redirects:
"""
ASKED = "  - {id: first, to: all, message: Begin.}\n"
BLOCK = """\
  - id: debate
    redirects:
      - id: argue
        to: role:side
        message: "{{ round }}{% for slot, reply in previous.argue | items %}, {{ slot }}: {{ reply }}{% endfor %}"
      - {id: weigh, to: oak, message: "{{ replies.argue.yea }}", expect: {schema: {type: boolean}, repairs: 0}}
    repeat: {until: replies.weigh.oak.json, max: 3, at_max: AT_MAX}
  - {id: close, to: oak, message: "{{ replies.argue.yea }}!", needs: [debate]}
"""


# A servant whom no redirect goes to is refused, so each playbook ends with one that could go to all.
REST = "  - {id: rest, to: all, message: R., when: false, after: []}\n"


def flow(folder: Path, redirects: str, answers: str = "", **options: object) -> Record:
    script = f"overlord: 1\nanswers:\n{answers}" if answers else ""
    return carry_out(folder, HEAD + redirects + REST, script, **options)  # type: ignore[arg-type]


def states(record: Record) -> dict[str, str]:
    return {message.id: message.state for message in record.state.messages.values() if message.id != "rest"}


def reasons(record: Record) -> dict[str, str]:
    messages = [message for message in record.state.messages.values() if message.id != "rest"]
    return {message.id: message.failure for message in messages if message.failure is not None}


def asked(record: Record, message_id: str, slot: str) -> str | None:
    return record.state.messages[message_id].results[slot].text


def test_a_redirect_whose_condition_is_false_is_skipped_and_the_run_is_complete(tmp_path: Path) -> None:
    record = flow(tmp_path, ASKED + "  - {id: more, to: all, message: More., when: replies.first | length > 3}\n")
    assert states(record) == {"first": "completed", "more": "skipped"}
    assert reasons(record) == {"more": "its 'when' is false"}
    assert (record.state.state, record.state.reason) == ("completed", None)


def test_a_redirect_whose_condition_is_true_is_sent(tmp_path: Path) -> None:
    record = flow(tmp_path, ASKED + "  - {id: more, to: all, message: More., when: replies.first | length == 3}\n")
    assert states(record) == {"first": "completed", "more": "completed"}


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("replies.first.oak.text", "a condition must be true or false, and this is text"),
        ("1", "a condition must be true or false, and this is a number"),
        ("replies.first.oak.json.settled", "the reply has no 'json': its message expects none"),
    ],
)
def test_a_redirect_whose_condition_has_no_truth_fails_without_a_call(condition: str, why: str, tmp_path: Path) -> None:
    more = f'  - {{id: more, to: all, message: More., when: "{condition}"}}\n'
    record = flow(tmp_path, ASKED + more)
    assert reasons(record) == {"more": f"its 'when' cannot be evaluated: {why}"}
    assert states(record)["more"] == "failed"
    assert [body.message_id for body in record.of(ev.RequestSent)] == ["first"] * 3  # type: ignore[union-attr]
    assert record.state.reason == "not all servants answered: more"


def test_what_needs_something_that_did_not_succeed_is_skipped_along_the_chain(tmp_path: Path) -> None:
    chain = """\
  - {id: more, to: yea, message: More., needs: [first], require: all}
  - {id: late, to: nay, message: Late., needs: [more]}
  - {id: last, to: oak, message: Last.}
"""
    record = flow(
        tmp_path, ASKED.replace("message", "require: all, message") + chain, "  yea: {first: {fault: empty}}\n"
    )
    assert states(record) == {"first": "failed", "more": "skipped", "late": "skipped", "last": "completed"}
    assert reasons(record)["more"] == "it needs 'first', which failed"
    assert reasons(record)["late"] == "it needs 'more', which was skipped"
    assert record.state.state == "partial"


def test_enough_answers_are_a_success_for_those_that_need_it(tmp_path: Path) -> None:
    record = flow(
        tmp_path, ASKED + "  - {id: more, to: oak, message: M., needs: [first]}\n", "  yea: {first: {fault: empty}}\n"
    )
    assert states(record) == {"first": "partial", "more": "completed"}


def test_what_needs_something_that_was_skipped_by_design_is_so_too(tmp_path: Path) -> None:
    more = "  - {id: more, to: all, message: M., when: false}\n  - {id: late, to: all, message: L., needs: [more]}\n"
    record = flow(tmp_path, ASKED + more)
    assert states(record) == {"first": "completed", "more": "skipped", "late": "skipped"}
    assert record.state.state == "completed"


def test_only_leaves_targets_out_that_do_not_count(tmp_path: Path) -> None:
    more = '  - {id: more, to: all, message: M., only: servant.role == "side", require: all}\n'
    record = flow(tmp_path, more)
    assert record.results("more") == {"yea": "completed", "nay": "completed", "oak": "skipped"}
    assert states(record) == {"more": "completed"}
    assert record.state.state == "completed"


def test_a_share_that_is_required_is_of_those_that_are_not_left_out(tmp_path: Path) -> None:
    more = '  - {id: more, to: all, message: M., only: servant.role == "side", require: 90%}\n'
    record = flow(tmp_path, more, "  yea: {more: {fault: empty}}\n")
    assert reasons(record) == {"more": "1 of 2 servants answered, 2 are required"}


def test_a_message_that_leaves_everybody_out_is_skipped(tmp_path: Path) -> None:
    record = flow(tmp_path, "  - {id: more, to: all, message: M., only: false}\n")
    assert (states(record), reasons(record)) == ({"more": "skipped"}, {"more": "its 'only' leaves nobody"})
    assert record.state.state == "completed"


def test_a_target_of_which_nobody_can_say_whether_it_is_meant_is_not_asked(tmp_path: Path) -> None:
    record = flow(tmp_path, "  - {id: more, to: all, message: M., only: servant.slot}\n")
    result = record.state.messages["more"].results["oak"]
    assert (result.state, result.failure) == ("failed", "a condition must be true or false, and this is text")
    assert record.of(ev.RequestSent) == []


def test_a_check_that_holds_lets_the_run_go_on(tmp_path: Path) -> None:
    gate = '  - {id: gate, check: replies.first | length == 3, message: "No."}\n  - {id: more, to: oak, message: M.}\n'
    record = flow(tmp_path, ASKED + gate)
    assert states(record) == {"first": "completed", "gate": "completed", "more": "completed"}
    assert record.of(ev.CheckAnswered) == [ev.CheckAnswered("gate", holds=True, reason=None)]


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("check: replies.first | length == 4", "it is false"),
        ('check: false, message: "{{ replies.first | length }} are too few"', "3 are too few"),
        ("check: replies.first.oak", "a condition must be true or false, and this is text"),
        (
            "check: true, when: replies.first.oak",
            "its 'when' cannot be evaluated: a condition must be true or false, and this is text",
        ),
        ('check: false, message: "{{ replies.first.oak.json }}"', "the reply has no 'json': its message expects none"),
    ],
)
def test_a_check_that_does_not_hold_ends_the_run(check: str, reason: str, tmp_path: Path) -> None:
    record = flow(tmp_path, ASKED + f"  - {{id: gate, {check}}}\n  - {{id: more, to: oak, message: M.}}\n")
    assert states(record) == {"first": "completed", "gate": "failed", "more": "skipped"}
    assert record.state.state == "rejected"
    assert record.state.reason == f"the check 'gate' did not pass: {reason}"
    assert reasons(record)["more"] == record.state.reason
    assert record.state.outputs == {}


def test_what_is_on_its_way_when_a_check_says_no_is_finished_and_nothing_new_is_asked(tmp_path: Path) -> None:
    beside = """\
  - {id: slow, to: [yea, nay], after: [], message: S.}
  - {id: quick, to: [nay, oak], after: [], message: Q.}
  - {id: gate, check: false, after: []}
"""
    record = flow(tmp_path, beside, concurrency=1)
    assert record.state.state == "rejected"
    assert [(body.message_id, body.slot) for body in record.of(ev.RequestSent)] == [("slow", "yea")]  # type: ignore[union-attr]
    assert record.results("slow") == {"yea": "completed", "nay": "skipped"}
    assert {message.ended_at is not None for message in record.state.messages.values()} == {True}


def test_a_pause_ends_the_process_once_nothing_else_can_move(tmp_path: Path) -> None:
    pause = (
        '  - {id: ask, pause: "{{ replies.first | length }} said so. Ship?\\n"}\n  - {id: more, to: oak, message: M.}\n'
    )
    record = flow(tmp_path, ASKED + pause + "  - {id: beside, to: yea, after: [first], message: B.}\n")
    assert states(record) == {"first": "completed", "ask": "started", "beside": "completed"}
    assert record.of(ev.PauseReached) == [ev.PauseReached("ask", "3 said so. Ship?")]
    assert record.events[-1] == ev.RunPaused(["ask"])
    assert (record.state.state, record.state.reason) == ("awaiting-human", "a person's word is wanted on ask")
    assert not record.state.has_ended
    assert record.state.is_at_rest


def test_an_answer_that_comes_while_something_else_moves_lets_the_same_process_go_on(tmp_path: Path) -> None:
    tray, slow = Tray(), Held("slow")

    def watch(body: ev.Body, _council: Council) -> None:
        if isinstance(body, ev.PauseReached):
            tray.waiting += Tray([Answer("r1", "ask", True, "ada", "fine"), *letters]).waiting  # noqa: FBT003
        if isinstance(body, ev.PauseAnswered):
            slow.let_go.set()

    letters = [Answer("r2", "ask", False, "bob", ""), Answer("r3", "more", False, "bob", "")]  # noqa: FBT003
    redirects = """\
  - {id: slow, to: yea, message: S., after: []}
  - {id: ask, pause: Ship?, after: []}
  - {id: more, to: oak, message: "{{ approvals.ask.by }}: {{ approvals.ask.note }}"}
"""
    record = flow(tmp_path, redirects, watch=watch, parts=Parts(mailbox=tray, engine=slow.around))
    assert states(record) == {"slow": "completed", "ask": "completed", "more": "completed"}
    assert asked(record, "more", "oak") == "ada: fine"
    assert record.of(ev.PauseAnswered) == [ev.PauseAnswered("ask", True, "ada", "fine", "r1")]  # noqa: FBT003
    assert tray.waiting == []


class Late(Tray):
    """A mailbox in which requests are found only when the desk closes, since nothing moves any more."""

    def __init__(self, *requests: Answer) -> None:
        super().__init__()
        self._late = Tray(requests).waiting
        self._closing: asyncio.Event | None = None

    async def letters(self) -> Sequence[Letter]:
        if self._closing is not None:
            await self._closing.wait()
            self.waiting += self._late
            self._late = []
        return await super().letters()

    async def pause(self, closing: asyncio.Event) -> None:
        self._closing = closing
        await super().pause(closing)


@pytest.mark.parametrize(
    ("approved", "more", "other", "state"),
    [(True, "completed", "started", "awaiting-human"), (False, "skipped", "skipped", "rejected")],
)
def test_an_answer_that_comes_as_the_process_is_about_to_end_is_heeded(
    tmp_path: Path,
    approved: bool,  # noqa: FBT001
    more: str,
    other: str,
    state: str,
) -> None:
    redirects = """\
  - {id: ask, pause: Ship?}
  - {id: more, to: oak, message: M.}
  - {id: other, pause: And now?, after: []}
"""
    tray = Late(Answer("r1", "ask", approved, "ada", ""))
    record = flow(tmp_path, redirects, parts=Parts(mailbox=tray))
    assert states(record) == {
        "ask": "completed" if approved else "failed",
        "other": other,
        "more": more,
    }
    assert (record.state.state, tray.waiting) == (state, [])


def test_a_rejection_while_something_else_moves_lets_that_finish_and_nothing_new_begin(tmp_path: Path) -> None:
    tray, slow = Tray(), Held("slow")

    def watch(body: ev.Body, _council: Council) -> None:
        if isinstance(body, ev.PauseReached):
            tray.waiting += Tray([Answer("r1", "ask", approved=False, by="ada", note="")]).waiting
        if isinstance(body, ev.PauseAnswered):
            slow.let_go.set()

    redirects = """\
  - {id: slow, to: yea, message: S., after: []}
  - {id: ask, pause: Ship?, after: []}
  - {id: late, to: nay, message: L., after: [slow]}
"""
    record = flow(tmp_path, redirects, watch=watch, parts=Parts(mailbox=tray, engine=slow.around))
    assert states(record) == {"slow": "completed", "ask": "failed", "late": "skipped"}
    assert reasons(record)["late"] == "'ask' was not approved: rejected by ada"
    assert (record.state.state, tray.waiting) == ("rejected", [])


def answer(folder: Path, redirects: str, *, approved: bool, message_id: str = "ask", note: str = "") -> Record:
    """Answer a pause of the run in a folder, and carry the run on."""
    body = ev.PauseAnswered(message_id, approved, "ada", note, "r1")

    async def deed(council: Council, mailbox: Tray) -> None:
        await council.recorder.record(body)
        await (execute(council, mailbox) if approved else conclude(council, mailbox))

    purpose = "approve" if approved else "reject"
    return carry_out(folder, HEAD + redirects + REST, deed=deed, purpose=purpose)  # type: ignore[arg-type]


PAUSED = ASKED + "  - {id: ask, pause: Ship?}\n  - {id: more, to: oak, needs: [ask], message: M.}\n"


def test_an_approved_run_goes_on_where_it_waited(tmp_path: Path) -> None:
    flow(tmp_path, PAUSED)
    record = answer(tmp_path, PAUSED, approved=True)
    assert states(record) == {"first": "completed", "ask": "completed", "more": "completed"}
    assert [body.message_id for body in record.of(ev.RequestSent)] == ["more"]  # type: ignore[union-attr]
    assert record.state.state == "completed"
    assert approvals_of(record.state) == {"ask": {"by": "ada", "note": "", "at": "2026-11-22T10:00:00.000Z"}}


def test_a_rejected_run_ends_without_a_call_to_the_api(tmp_path: Path) -> None:
    flow(tmp_path, PAUSED)
    record = answer(tmp_path, PAUSED, approved=False, note="not yet")
    assert states(record) == {"first": "completed", "ask": "failed", "more": "skipped"}
    assert reasons(record)["ask"] == "rejected by ada: not yet"
    assert (record.state.state, record.state.reason) == (
        "rejected",
        "'ask' was not approved: rejected by ada: not yet",
    )
    assert record.of(ev.PreflightPassed) == []
    assert approvals_of(record.state) == {}
    assert list(record.state.outputs or {}) == ["oak"] if record.state.outputs else True


def test_a_rejection_ends_the_other_questions_too(tmp_path: Path) -> None:
    two = "  - {id: ask, pause: Ship?}\n  - {id: other, pause: And now?, after: []}\n"
    assert flow(tmp_path, two).state.state == "awaiting-human"
    record = answer(tmp_path, two, approved=False)
    assert states(record) == {"ask": "failed", "other": "skipped"}


def test_an_approval_of_one_of_two_waits_for_the_other(tmp_path: Path) -> None:
    two = "  - {id: ask, pause: Ship?}\n  - {id: other, pause: And now?, after: []}\n"
    flow(tmp_path, two)
    record = answer(tmp_path, two, approved=True)
    assert states(record) == {"ask": "completed", "other": "started"}
    assert record.events[-1] == ev.RunPaused(["other"])
    assert len(record.of(ev.PauseReached)) == 0


def test_a_question_that_cannot_be_asked_ends_the_run(tmp_path: Path) -> None:
    record = flow(tmp_path, ASKED + '  - {id: ask, pause: "{{ replies.first.oak.json }}"}\n')
    assert record.state.state == "rejected"
    assert reasons(record)["ask"] == "the reply has no 'json': its message expects none"
    assert record.state.reason == "'ask' could not be asked: the reply has no 'json': its message expects none"


def test_whoever_waits_for_a_servant_that_an_unsent_message_comes_before_does_not_hold_the_run_up(
    tmp_path: Path,
) -> None:
    redirects = """\
  - {id: ask, pause: Ship?}
  - {id: mine, to: oak, message: M.}
  - {id: yours, to: [oak, yea], message: Y., after: []}
"""
    record = flow(tmp_path, redirects)
    assert record.state.state == "awaiting-human"
    assert record.results("yours") == {"yea": "completed"}
    record = answer(tmp_path, redirects, approved=True)
    assert states(record) == {"ask": "completed", "yours": "completed", "mine": "completed"}
    asked = [turn.content for turn in turns(record.state.servants["oak"].conversation) if turn.role == "user"]
    assert asked == ["M.", "Y."]


def test_a_block_is_gone_through_until_its_condition_holds(tmp_path: Path) -> None:
    answers = (
        "  yea: {argue.1: a1, argue.2: a2}\n  nay: {argue.1: b1, argue.2: b2}\n"
        "  oak: {weigh.1: 'false', weigh.2: 'true'}\n"
    )
    record = flow(tmp_path, BLOCK.replace("AT_MAX", "fail"), answers)
    assert states(record) == {
        "argue.1": "completed",
        "weigh.1": "completed",
        "debate": "completed",
        "argue.2": "completed",
        "weigh.2": "completed",
        "close": "completed",
    }
    assert asked(record, "argue.1", "yea") == "1"
    assert asked(record, "argue.2", "nay") == "2, yea: a1, nay: b1"
    assert asked(record, "close", "oak") == "a2!"
    assert record.of(ev.RoundEnded) == [
        ev.RoundEnded("debate", 1, None, None),
        ev.RoundEnded("debate", 2, "completed", None),
    ]
    assert record.state.messages["debate"].rounds == 2


@pytest.mark.parametrize(
    ("at_max", "debate", "close", "reason"),
    [
        ("fail", "failed", "skipped", "its 'until' does not hold after 3 rounds"),
        ("continue", "completed", "completed", None),
    ],
)
def test_a_block_that_is_not_done_in_time(
    at_max: str, debate: str, close: str, reason: str | None, tmp_path: Path
) -> None:
    record = flow(tmp_path, BLOCK.replace("AT_MAX", at_max), '  oak: {weigh: "false"}\n')
    assert (states(record)["debate"], states(record)["close"]) == (debate, close)
    assert record.state.messages["debate"].failure == reason
    assert record.state.messages["debate"].rounds == 3


def test_a_block_whose_condition_cannot_be_evaluated_fails_after_that_round(tmp_path: Path) -> None:
    record = flow(tmp_path, BLOCK.replace("AT_MAX", "fail"), '  oak: {weigh: "perhaps"}\n')
    reason = "its 'until' cannot be evaluated: 'oak' gave no reply to 'weigh'"
    assert record.of(ev.RoundEnded) == [ev.RoundEnded("debate", 1, "failed", reason)]
    assert states(record)["close"] == "skipped"
    assert record.state.state == "partial"


def test_a_block_without_rounds_is_gone_through_once_and_waits_as_one(tmp_path: Path) -> None:
    redirects = """\
  - id: both
    redirects:
      - {id: one, to: yea, message: "{{ round }}", after: []}
      - {id: two, to: yea, message: Two., after: []}
  - {id: more, to: yea, message: "{{ replies.one | length }}"}
"""
    record = flow(tmp_path, redirects)
    asked = [turn.content for turn in turns(record.state.servants["yea"].conversation) if turn.role == "user"]
    assert asked == ["1", "Two.", "1"]
    assert record.state.state == "completed"


def test_a_check_in_a_block_ends_the_run_in_its_round(tmp_path: Path) -> None:
    redirects = """\
  - id: both
    redirects:
      - {id: one, to: yea, message: One.}
      - {id: gate, check: round < 2, message: "round {{ round }}"}
      - {id: two, to: yea, message: Two.}
    repeat: {max: 3}
  - {id: more, to: yea, message: More.}
"""
    record = flow(tmp_path, redirects)
    reason = "the check 'gate.2' did not pass: round 2"
    assert (record.state.state, record.state.reason) == ("rejected", reason)
    assert record.of(ev.RoundEnded) == [
        ev.RoundEnded("both", 1, None, None),
        ev.RoundEnded("both", 2, "failed", reason),
    ]
    assert (states(record)["two.2"], states(record)["more"]) == ("skipped", "skipped")


def test_a_pause_in_a_block_asks_in_each_round(tmp_path: Path) -> None:
    redirects = """\
  - id: both
    redirects:
      - {id: one, to: yea, message: One.}
      - {id: ask, pause: "Round {{ round }}?"}
    repeat: {max: 2}
  - {id: more, to: yea, message: "{{ approvals.ask.note }}"}
"""
    record = flow(tmp_path, redirects)
    assert record.events[-1] == ev.RunPaused(["ask.1"])
    record = answer(tmp_path, redirects, approved=True, message_id="ask.1", note="a")
    assert record.events[-1] == ev.RunPaused(["ask.2"])
    record = answer(tmp_path, redirects, approved=True, message_id="ask.2", note="b")
    assert asked(record, "more", "yea") == "b"
    assert record.state.state == "completed"


def test_a_stop_between_two_rounds_leaves_the_block_for_a_resume(tmp_path: Path) -> None:
    block = BLOCK.replace("AT_MAX", "continue")

    def watch(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.RoundEnded):
            council.halt.wanted.set()

    record = flow(tmp_path, block, '  oak: {weigh: "false"}\n', watch=watch)
    assert "argue.2" not in record.state.messages
    script = 'overlord: 1\nanswers:\n  oak: {weigh: "false"}\n'
    record = carry_on(tmp_path, HEAD + block + REST, script)
    assert [body.round for body in record.of(ev.RoundEnded)] == [2, 3]  # type: ignore[union-attr]
    assert record.state.state == "completed"

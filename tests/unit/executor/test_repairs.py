"""What becomes of answers that do not fit what a message expects: each test is told by a run's events."""

import json
from pathlib import Path
from typing import Any

import pytest

from council_kit import Record, carry_on, carry_out, cut, run_folder
from overlord_run.executor.council import Council
from overlord_run.expect.words import asking_for, repair
from overlord_run.plan.conversation import turns
from overlord_run.store import events as ev
from overlord_run.store.verify import verify

COUNCIL = """\
overlord: 1
name: council
models: {normal: {id: fugu, json_mode: object}}
roles: {judge: {system: You decide., task: Ready?}}
assignments:
  - {slot: alder, role: judge}
  - {slot: oak, role: judge}
redirects:
  - {id: verdict, to: all, message: Ship?, expect: {schema: {enum: [ship, hold]}, repairs: REPAIRS}}
  - {id: close, to: oak, message: Close.}
outputs:
  verdict: {value: replies.verdict.oak.json}
"""
SCRIPT = """\
overlord: 1
answers:
  alder: {verdict: {json: hold}}
  oak: {verdict: [Ship it., {json: maybe}, {json: ship, contains: '"maybe"'}]}
"""
NO_JSON = "it holds no JSON"
NO_WORD = '$: must be one of "ship", "hold", not "maybe"'


def council(repairs: int = 2) -> str:
    return COUNCIL.replace("REPAIRS", str(repairs))


def received(record: Record) -> list[tuple[int, list[str], str | None]]:
    """Return attempt, misfits and repair of each answer of oak to the verdict."""
    return [
        (body.attempt, list(body.misfits), body.repair)
        for body in record.events
        if isinstance(body, ev.ReplyReceived) and (body.message_id, body.slot) == ("verdict", "oak")
    ]


def test_an_answer_that_does_not_fit_is_answered_by_what_does_not_until_one_fits(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(), SCRIPT)
    assert received(record) == [(1, [NO_JSON], repair([NO_JSON])), (2, [NO_WORD], repair([NO_WORD])), (3, [], None)]
    result = record.state.messages["verdict"].results["oak"]
    assert (result.state, result.reply, result.repairs, result.repair, result.attempts) == (
        "completed",
        '"ship"',
        2,
        None,
        3,
    )
    assert record.state.outputs == {"verdict": "ship"}
    assert record.state.state == "completed"


def test_the_servant_sees_what_it_answered_and_what_did_not_fit(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(), SCRIPT)
    assert [turn.content for turn in turns(record.state.servants["oak"].conversation)][3:-2] == [
        f"Ship?\n\n{asking_for({'enum': ['ship', 'hold']})}",
        "Ship it.",
        repair([NO_JSON]),
        '"maybe"',
        repair([NO_WORD]),
        '"ship"',
    ]


def test_when_no_repair_is_left_the_servant_has_failed_and_is_not_blocked(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(repairs=1), SCRIPT)
    assert received(record) == [(1, [NO_JSON], repair([NO_JSON])), (2, [NO_WORD], None)]
    assert record.results("verdict") == {"alder": "completed", "oak": "failed"}
    result = record.state.messages["verdict"].results["oak"]
    assert (result.reply, result.failure) == (None, f"the answer does not fit its schema: {NO_WORD}")
    assert record.of(ev.ServantBlocked) == []
    assert record.state.servants["oak"].state == "ready"
    assert record.results("close") == {"oak": "completed"}
    assert record.state.output_failures == {"verdict": "'oak' gave no reply to 'verdict'"}
    assert record.state.state == "partial"


def test_without_repairs_the_first_answer_decides(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(repairs=0), SCRIPT)
    assert received(record) == [(1, [NO_JSON], None)]


def test_an_answer_that_does_not_fit_is_no_reason_to_recover_a_servant(tmp_path: Path) -> None:
    auto = council(repairs=0) + "engine: {recovery: auto}\n"
    record = carry_out(tmp_path, auto, SCRIPT)
    assert record.of(ev.ServantRecovered) == record.of(ev.ServantReplaced) == []


def test_the_tokens_of_every_answer_count(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council(), SCRIPT)
    told = [body.usage for body in record.events if isinstance(body, ev.ReplyReceived) and body.slot == "oak"][1:4]
    usage = record.state.messages["verdict"].results["oak"].usage
    assert usage is not None
    assert usage["promptTokens"] == sum(one["promptTokens"] for one in told)
    assert usage["cachedTokens"] is None


def test_each_answer_has_its_line_in_ledger_and_journal(tmp_path: Path) -> None:
    carry_out(tmp_path, council(repairs=1), SCRIPT)
    folder = tmp_path / "runs" / "run"
    ledger = [json.loads(line) for line in (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["responseText"], line["errorText"], line["attempts"]) for line in ledger if line["slot"] == "oak"][
        1:3
    ] == [("Ship it.", NO_JSON, 1), ('"maybe"', NO_WORD, 2)]
    journal = [
        json.loads(line) for line in (folder / "journals" / "oak.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [(line["role"], line["text"]) for line in journal if line["messageId"] == "verdict"][1:] == [
        ("assistant", "Ship it."),
        ("user", repair([NO_JSON])),
        ("assistant", '"maybe"'),
        ("failure", NO_WORD),
    ]


def test_a_call_that_fails_on_the_way_blocks_as_any_other(tmp_path: Path) -> None:
    script = SCRIPT.replace("{json: maybe}", "{status: 500}")
    record = carry_out(tmp_path, council(), script)
    assert record.state.servants["oak"].state == "blocked"
    assert [turn.role for turn in turns(record.state.servants["oak"].conversation)[-2:]] == ["user", "assistant"]
    assert record.results("close") == {"oak": "skipped"}


def test_a_call_that_is_tried_again_asks_for_the_same_repair(tmp_path: Path) -> None:
    script = SCRIPT.replace("{json: maybe}", "{status: 429, retry_after: 0s, times: 2, json: maybe}")
    record = carry_out(tmp_path, council(), script)
    assert [attempt for attempt, _, _ in received(record)] == [1, 3, 4]
    assert record.state.outputs == {"verdict": "ship"}


def test_a_servant_that_is_recovered_is_asked_for_the_repair_that_failed(tmp_path: Path) -> None:
    script = SCRIPT.replace("{json: maybe}", "{status: 500, times: 2, json: maybe}")
    record = carry_out(tmp_path, council() + "engine: {recovery: auto}\n", script)
    assert [body.message_id for body in record.of(ev.ServantRecovered)] == ["verdict"]  # type: ignore[union-attr]
    assert [misfits for _, misfits, _ in received(record)] == [[NO_JSON], [NO_WORD], []]
    assert record.state.outputs == {"verdict": "ship"}


def test_a_new_servant_in_the_slot_begins_with_the_question_and_the_tokens_before_it_still_count(
    tmp_path: Path,
) -> None:
    script = SCRIPT.replace("{json: maybe}, {json: ship, contains: '\"maybe\"'}", "{status: 500, times: 3}")
    record = carry_out(
        tmp_path, council() + "engine: {recovery: auto}\n", script.replace("[Ship it.", "[{text: Ship it.}")
    )
    assert len(record.of(ev.ServantReplaced)) == 1
    usage = record.state.messages["verdict"].results["oak"].usage
    answers = [body for body in record.events if isinstance(body, ev.ReplyReceived) and body.message_id == "verdict"]
    assert usage is not None
    assert usage["promptTokens"] == sum(body.usage["promptTokens"] for body in answers if body.slot == "oak")


def test_a_startup_that_does_not_fit_fails_as_one_without_an_answer(tmp_path: Path) -> None:
    expecting = council().replace(
        "slot: oak, role: judge", "slot: oak, role: judge, expect: {schema: {const: 1}, repairs: 0}"
    )
    record = carry_out(tmp_path, expecting, "overlord: 1\nanswers: {oak: {startup: No.}}")
    assert record.results("startup") == {"alder": "completed", "oak": "failed"}
    assert record.state.state == "failed"


def test_a_startup_that_did_not_fit_is_asked_again_in_the_same_conversation(tmp_path: Path) -> None:
    expecting = council().replace(
        "slot: oak, role: judge", "slot: oak, role: judge, expect: {schema: {const: 1}, repairs: 0}"
    )
    carry_out(tmp_path, expecting, "overlord: 1\nanswers: {oak: {startup: No.}}")
    record = carry_on(tmp_path, expecting, SCRIPT)
    assert record.state.state == "completed"
    roles = [turn.role for turn in turns(record.state.servants["oak"].conversation)[:5]]
    assert roles == ["system", "user", "assistant", "user", "assistant"]


def test_the_request_says_the_form_of_the_answer_where_one_is_expected(tmp_path: Path) -> None:
    forms: dict[str, Any] = {}

    def watch(_body: ev.Body, running: Council) -> None:
        for message_id in ("startup", "verdict"):
            expect = running.plan.expect(message_id, "oak")
            forms[message_id] = running.plan.models["normal"].params_for(message_id, expect)

    carry_out(tmp_path, council(), SCRIPT, watch=watch)
    assert forms == {"startup": {}, "verdict": {"response_format": {"type": "json_object"}}}


def test_a_rehearsal_without_a_script_answers_what_fits(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council())
    assert record.state.outputs == {"verdict": "ship"}


def test_a_schema_that_a_rehearsal_cannot_answer_fails_the_call_and_says_why(tmp_path: Path) -> None:
    record = carry_out(tmp_path, council().replace("{enum: [ship, hold]}", "{type: string, pattern: ^v}"))
    failure = record.state.messages["verdict"].results["oak"].failure
    assert failure == (
        'a rehearsal needs a script here: $: must match the pattern "^v", and "rehearsed answer" does not'
    )


@pytest.mark.parametrize("repairs", [1, 2])
def test_a_run_that_was_cut_at_any_line_ends_as_an_uncut_one(tmp_path: Path, repairs: int) -> None:
    whole = carry_out(tmp_path / "whole", council(repairs), SCRIPT)
    length = len(whole.events)
    begin = next(at for at, body in enumerate(whole.events) if isinstance(body, ev.MessageQueued))
    for lines in range(begin, length):
        folder = cut(tmp_path / "whole", tmp_path / f"cut-{lines}", lines)
        again = carry_on(folder, council(repairs), SCRIPT)
        assert (again.state.state, again.state.outputs) == (whole.state.state, whole.state.outputs), lines
        for slot, servant in whole.state.servants.items():
            assert again.state.servants[slot].conversation == servant.conversation, (lines, slot)
        for slot, result in whole.state.messages["verdict"].results.items():
            now = again.state.messages["verdict"].results[slot]
            assert (now.repairs, now.state, now.usage) == (result.repairs, result.state, result.usage), (lines, slot)
        assert verify(run_folder(folder)).differences == ()

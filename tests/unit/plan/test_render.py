from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from overlord_run.plan.model import Plan, PlannedOutput
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedMessage, PlannedPause
from overlord_run.plan.render import (
    RenderError,
    Replies,
    Seen,
    evaluate_outputs,
    holds,
    render_message,
    render_text,
)
from unit.plan.councils import plan, reply, text

BASE = """\
overlord: 1
name: council
inputs: {who: {type: string, default: you}}
vars: {tone: dry}
roles:
  critic: {system: Find faults., task: Begin.}
  judge: {system: Weigh.}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: role:critic, message: Rank.}
  - {id: verdict, to: all, message: "MESSAGE"}
"""
REPLIES: Replies = {
    "startup": {"birch": reply("b0"), "alder": reply("a0")},
    "rank": {"birch": reply("b1", model="fugu", cut=True)},
    "verdict": {"oak": reply("Hold."), "alder": reply("Ship.")},
}
STATES = {"alder": "blocked", "birch": "ready", "oak": "ready"}


def council(message: str, outputs: str = "") -> Plan:
    return plan(BASE.replace("MESSAGE", message) + outputs)


def message_of(built: Plan) -> PlannedMessage:
    """Return the second redirect of a plan."""
    redirect = built.redirects[1]
    assert isinstance(redirect, PlannedMessage)
    return redirect


def rendered(message: str, slot: str = "oak", replies: Replies = REPLIES, states: Mapping[str, str] = STATES) -> str:
    built = council(message)
    return render_message(built, message_of(built), slot, Seen(replies, states))


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Hello {{ servant.slot }}.", "Hello oak."),
        ("{{ replies.rank.birch }}{{ inputs.who }}{{ vars.tone }}{{ playbook.name }}", "b1youdrycouncil"),
        ("{{ replies.rank.birch.cut }}{{ replies.rank.birch.model }}", "truefugu"),
        ("{% for slot, r in replies.startup | items %}{{ slot }}={{ r }} {% endfor %}", "alder=a0 birch=b0 "),
        ("{% for slot in replies.rank %}{{ slot }} {% endfor %}{{ replies.rank | length }}", "birch 1"),
        ("{{ replies.rank.alder | default('none') }}", "none"),
        ("{{ 'alder' in replies.rank }}{{ 'birch' in replies.rank }}", "falsetrue"),
        ("{{ replies.keys() }}", '["rank", "startup"]'),
        ("{{ servants.alder.state }} {{ servants | length }} {{ servants | first }}", "blocked 3 alder"),
        ("{{ servants.alder.with | length }}{{ servants.oak.role }}{{ servants.oak.state }}", "0judgeready"),
    ],
)
def test_a_message_is_rendered(message: str, text: str) -> None:
    assert rendered(message) == text


def test_a_message_that_is_already_rendered_is_taken_from_the_plan() -> None:
    built = council("Hello {{ servant.slot }}.")
    redirect = replace(message_of(built), texts={"oak": "As planned."})
    assert render_message(built, redirect, "oak", Seen({}, {})) == "As planned."


def test_a_servant_without_a_state_is_pending() -> None:
    assert rendered("{{ servants.oak.state }}", states={}) == "pending"


def test_a_message_whose_replies_are_all_missing_sees_none() -> None:
    assert rendered("{{ replies.rank | length }}", replies={}) == "0"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{{ replies.rank.alder }}", "'alder' gave no reply to 'rank'"),
        ("{{ replies.rank.alder.text }}", "'alder' gave no reply to 'rank'"),
        ("{{ replies.rank['al' ~ 'der'] }}", "'alder' gave no reply to 'rank'"),
        ("{{ replies.startup[servant.slot] }}", "'oak' gave no reply to 'startup'"),
        ("{{ replies['ver' ~ 'dict'] }}", "the mapping has no 'verdict'"),
        ("{{ replies.rank | first / 0 }}", "`/` does not go with text and a number"),
    ],
)
def test_a_message_that_cannot_be_rendered_says_why(message: str, reason: str) -> None:
    with pytest.raises(RenderError) as caught:
        rendered(message)
    assert str(caught.value) == reason


def test_a_reply_is_never_a_template() -> None:
    assert rendered("{{ replies.rank.birch }}", replies={"rank": {"birch": reply("{{ 1 + 1 }}")}}) == "{{ 1 + 1 }}"


def test_without_outputs_the_replies_to_the_last_message_are_handed_over() -> None:
    assert evaluate_outputs(council("Judge."), Seen(REPLIES, STATES)) == ({"alder": "Ship.", "oak": "Hold."}, {})


def test_an_output_that_is_handed_over_is_plain_json() -> None:
    values, _ = evaluate_outputs(council("Judge."), Seen(REPLIES, STATES))
    assert {type(value) for value in values.values()} == {str}


def test_each_output_has_a_value_or_the_reason_why_not() -> None:
    outputs = """\
outputs:
  verdict: {value: replies.verdict.oak}
  all: {value: replies.verdict}
  states: {value: servants.alder.state}
  count: {value: replies | length}
  report: {text: "{{ inputs.who }}: {{ replies.rank.birch }}"}
  missing: {value: replies.rank.alder}
  broken: {text: "{{ replies.rank.alder.text }}"}
"""
    assert evaluate_outputs(council("Judge.", outputs), Seen(REPLIES, STATES)) == (
        {
            "verdict": "Hold.",
            "all": {"alder": "Ship.", "oak": "Hold."},
            "states": "blocked",
            "count": 3,
            "report": "you: b1",
        },
        {"missing": "'alder' gave no reply to 'rank'", "broken": "'alder' gave no reply to 'rank'"},
    )


def test_an_output_that_is_neither_a_value_nor_a_text_is_a_bug() -> None:
    built = replace(council("Judge."), outputs=(PlannedOutput("empty", None, None, None),))
    with pytest.raises(TypeError, match=r"^output 'empty' has neither a value nor a text$"):
        evaluate_outputs(built, Seen(REPLIES, STATES))


FLOW = """\
overlord: 1
name: flow
roles: {critic: {system: Find faults., task: Begin.}}
assignments: [{slot: alder, role: critic}, {slot: birch, role: critic}]
redirects:
  - {id: ask, pause: "{{ replies.startup | length }} are ready. Ship?"}
  - id: block
    redirects:
      - {id: argue, to: all, message: "{{ round }}: {{ previous.argue | length }} {{ approvals.ask.note }}"}
    repeat: {max: 3, until: round == 2 and replies.argue | length == 1}
  - {id: gate, check: "TEXT"}
"""
ADA = {"ask": {"by": "ada", "note": "go on", "at": "2026-11-22T10:00:00.000Z"}}


def flow(check: str = "true") -> Plan:
    return plan(FLOW.replace("TEXT", check))


def condition(expression: str, seen: Seen) -> bool:
    built = flow(expression)
    gate = built.by_id["gate"]
    assert isinstance(gate, PlannedCheck)
    return holds(built, gate, gate.check, seen)


def test_a_question_reads_what_was_answered_and_belongs_to_nobody() -> None:
    built = flow()
    ask = built.by_id["ask"]
    assert isinstance(ask, PlannedPause)
    assert render_text(built, ask, ask.pause, Seen(REPLIES, STATES)) == "2 are ready. Ship?"
    with pytest.raises(RenderError, match="'servant' is undefined"):
        render_text(built, ask, text("{{ servant.slot }}"), Seen(REPLIES, STATES))


def test_a_message_in_a_block_sees_its_round_and_the_one_before_and_so_does_the_end_of_the_round() -> None:
    built, argued = flow(), {"argue": {"alder": reply("a1")}}
    argue, block = built.by_id["argue"], built.by_id["block"]
    assert isinstance(argue, PlannedMessage)
    assert isinstance(block, PlannedBlock)
    assert block.repeat.until is not None
    first, second = Seen({}, STATES, ADA, round=1), Seen(argued, STATES, ADA, round=2, previous=argued)
    assert render_message(built, argue, "alder", first) == "1: 0 go on"
    assert render_message(built, argue, "alder", second) == "2: 1 go on"
    assert not holds(built, block, block.repeat.until, first)
    assert holds(built, block, block.repeat.until, second)


@pytest.mark.parametrize(
    ("expression", "is_met"),
    [
        ("true", True),
        ("false", False),
        ("approvals.ask.by == 'ada'", True),
        ("approvals | list == ['ask'] and approvals | length == 1", True),
        ("approvals.ask is defined and approvals['nobody'] is not defined", True),
        ("replies.argue | length == 2", False),
    ],
)
def test_a_condition_is_true_or_false(expression: str, is_met: bool) -> None:  # noqa: FBT001
    assert condition(expression, Seen(REPLIES, STATES, ADA)) is is_met


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("replies.argue", "a condition must be true or false, and this is a mapping"),
        ("1", "a condition must be true or false, and this is a number"),
        ("'yes'", "a condition must be true or false, and this is text"),
        ("approvals.ask.by == 'ada'", "nobody has approved 'ask'"),
        ("replies.argue.alder == 'a1'", "'alder' gave no reply to 'argue'"),
    ],
)
def test_a_condition_without_a_truth_has_a_reason(expression: str, reason: str) -> None:
    with pytest.raises(RenderError) as caught:
        condition(expression, Seen({}, STATES))
    assert str(caught.value) == reason


def test_an_output_reads_what_was_approved_and_no_round() -> None:
    outputs = "outputs:\n  who: {value: approvals.ask.by}\n  note: {text: '{{ approvals.ask.note }}'}\n"
    built = plan(FLOW.replace("TEXT", "true") + outputs)
    assert evaluate_outputs(built, Seen({}, STATES, ADA)) == ({"who": "ada", "note": "go on"}, {})
    why = "nobody has approved 'ask'"
    assert evaluate_outputs(built, Seen({}, STATES)) == ({}, {"who": why, "note": why})

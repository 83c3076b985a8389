import json
import textwrap
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from overlord_run.engine.script import Script, ScriptedAnswer, parse_script
from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.model import Plan, PlannedModel, PlannedServant
from overlord_run.plan.redirects import PlannedMessage
from overlord_run.playbook.texts import Place, Text

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "rehearsal.schema.json").read_text("utf-8"))


def servant(slot: str, task: str | None = "Begin.") -> PlannedServant:
    return PlannedServant(slot, slot, "critic", "normal", "consultation", {}, f"You are {slot}.", task)


def redirect(id_: str, *targets: str) -> PlannedMessage:
    template = Text("Go on.", Place("playbook.yml", 1, 1))
    return PlannedMessage(id=id_, after=(), to="all", targets=targets, template=template, texts=None)


PLAN = Plan(
    name="council",
    description="",
    inputs={},
    vars={},
    host=None,
    models={"normal": PlannedModel("normal", "fugu", {})},
    servants=(servant("alder"), servant("birch"), servant("oak", task=None)),
    redirects=(redirect("rank", "alder", "birch"), redirect("verdict", "oak")),
    outputs=(),
)


def parse(text: str) -> Script:
    return parse_script(textwrap.dedent(text).encode(), "script.yml", PLAN)


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_script_is_read() -> None:
    script = parse("""
        overlord: 1
        x-note: &calm Calm.
        answers:
          alder:
            startup: Ready.
            rank:
              contains: [the plan, "{risk}"]
              lacks: secret
              status: 429
              retry_after: 1.5s
              slow: 2m
              times: 2
              text: *calm
          "*":
            "*": {fault: timeout}
        """)
    assert script.answers == {
        ("alder", "startup"): ScriptedAnswer(text="Ready."),
        ("alder", "rank"): ScriptedAnswer(
            text="Calm.",
            status=429,
            retry_after_s=1.5,
            slow_s=120.0,
            times=2,
            contains=("the plan", "{risk}"),
            lacks=("secret",),
        ),
        ("*", "*"): ScriptedAnswer(fault="timeout"),
    }


def test_answers_in_a_list_follow_each_other_and_a_value_is_written_as_json() -> None:
    answer = parse("overlord: 1\nanswers: {alder: {rank: [Ship it., {json: {a: ü}}, {status: 500}]}}").find(
        "alder", "rank"
    )
    assert answer is not None
    assert answer.text == "Ship it."
    assert [answer.after(repairs).text for repairs in (0, 1, 2, 3)] == ["Ship it.", '{"a": "ü"}', None, None]
    assert answer.after(3).status == 500
    assert ScriptedAnswer(text="No.").after(2).text == "No."


@pytest.mark.parametrize(
    ("slot", "message", "text"),
    [
        ("alder", "rank", "alder, rank"),
        ("alder", "startup", "alder, any"),
        ("birch", "rank", "any, rank"),
        ("birch", "startup", "any, any"),
    ],
)
def test_the_nearest_entry_counts(slot: str, message: str, text: str) -> None:
    script = parse("""
        overlord: 1
        answers:
          "*": {"*": "any, any", rank: "any, rank"}
          alder: {"*": "alder, any", rank: "alder, rank"}
        """)
    assert script.find(slot, message) == ScriptedAnswer(text=text)


def test_what_has_no_entry_is_not_found() -> None:
    script = parse("overlord: 1\nanswers: {alder: {rank: No.}}")
    assert script.find("alder", "startup") is None


@pytest.mark.parametrize(("times", "faulty"), [(None, [True, True, True]), (1, [True, False, False])])
def test_a_fault_hits_the_first_attempts(times: int | None, faulty: list[bool]) -> None:
    answer = ScriptedAnswer(fault="empty", times=times)
    assert [answer.is_faulty(attempt) for attempt in (1, 2, 3)] == faulty


def test_what_the_playbook_does_not_have_is_told_at_its_line() -> None:
    assert problems("""
        overlord: 1
        answers:
          aldr: {startup: Ready.}
          "42": {startup: Ready.}
          alder: {ranks: No., zzz: No., verdict: No.}
          oak: {startup: No.}
          "*": {ranc: No., "*": Yes.}
        """) == [
        "script.yml:4:3: error: 'aldr' is no slot of this playbook (did you mean 'alder'?) [unknown-slot]",
        (
            "script.yml:5:3: error: '42' is no slot of this playbook "
            "(the slots are 'alder', 'birch', 'oak'; \"*\" is every other one) [unknown-slot]"
        ),
        "script.yml:6:11: error: 'ranks' is no message of this playbook (did you mean 'rank'?) [unknown-redirect]",
        (
            "script.yml:6:23: error: 'zzz' is no message of this playbook "
            "(the messages are 'startup', 'rank', 'verdict'; \"*\" is every other one) [unknown-redirect]"
        ),
        "script.yml:6:33: error: 'alder' is never sent 'verdict' (it goes to 'oak') [no-effect]",
        "script.yml:7:9: error: 'oak' is never sent 'startup' (it goes to 'alder', 'birch') [no-effect]",
        "script.yml:8:9: error: 'ranc' is no message of this playbook (did you mean 'rank'?) [unknown-redirect]",
    ]


def test_what_would_have_no_effect_is_told_at_its_line() -> None:
    assert problems("""
        overlord: 1
        answers:
          alder:
            startup: {retry_after: 2s, text: Ready.}
            rank: {times: 2, text: Ready.}
        """) == [
        "script.yml:5:15: error: 'retry_after' says nothing without 'status' (add status: 429) [no-effect]",
        "script.yml:6:12: error: 'times' says nothing without 'fault', 'status' or 'slow' (remove it) [no-effect]",
    ]


def misfits(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(InvalidPlaybookError) as caught:
        parse(text)
    return [(problem.line, problem.column, problem.rule) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("answer", "column", "rule"),
    [
        ("{fault: timeot}", 19, "not-allowed"),
        ("{fault: empty, status: 429}", 26, "one-of"),
        ("{status: 200}", 20, "out-of-range"),
        ("{status: '429'}", 20, "wrong-type"),
        ("{slow: 2}", 18, "wrong-type"),
        ("{slow: 2 s}", 18, "bad-value"),
        ("{txt: No.}", 12, "unknown-key"),
        ("[]", 11, "too-short"),
        ("[7]", 12, "wrong-type"),
        ("[{times: 2}]", 13, "no-effect"),
        ("{text: No., json: 1}", 23, "one-of"),
        ("{text: ' '}", 18, "too-short"),
        ("' '", 11, "too-short"),
        ("{contains: []}", 22, "too-short"),
        ("{lacks: 7}", 19, "wrong-type"),
        ("{times: 0, fault: empty}", 19, "out-of-range"),
        ("", 5, "wrong-type"),
    ],
)
def test_what_is_no_answer_is_told_at_its_place(answer: str, column: int, rule: str) -> None:
    assert misfits(f"overlord: 1\nanswers:\n  alder:\n    rank: {answer}\n") == [(4, column, rule)]


@pytest.mark.parametrize(
    ("text", "misfit"),
    [
        ("overlord: 2\nanswers: {}", (1, 11, "version")),
        ("overlord: 1\n\tanswers: {}", (2, 1, "yaml-syntax")),
        ("overlord: 1", (1, 1, "missing-key")),
        ("overlord: 1\nanswers: {}\nanswer: {}", (3, 1, "unknown-key")),
        ("- 1", (1, 1, "wrong-type")),
        ("", (1, 1, "empty-file")),
    ],
)
def test_what_is_no_script_is_told_at_its_place(text: str, misfit: tuple[int, int, str]) -> None:
    assert misfits(text) == [misfit]


def test_the_schema_is_a_schema_and_its_examples_fit_it() -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    validator.check_schema(SCHEMA)

    def examples(node: object) -> list[tuple[object, object]]:
        if isinstance(node, list):
            return [found for item in node for found in examples(item)]
        if not isinstance(node, dict):
            return []
        own = (
            [(node, example) for example in node.get("examples", [])] if isinstance(node.get("examples"), list) else []
        )
        return own + [found for value in node.values() for found in examples(value)]

    found = examples(SCHEMA)
    assert len(found) > 10
    for schema, example in found:
        assert jsonschema.Draft7Validator({**schema, "definitions": SCHEMA["definitions"]}).is_valid(example)


def test_with_a_limit_a_script_may_speak_of_those_who_are_left_out() -> None:
    script = b"overlord: 1\nanswers:\n  elm: {rank: x}\n  alder: {rank: y}\n"
    with pytest.raises(InvalidPlaybookError, match="1 problem found"):
        parse_script(script, "script.yml", PLAN)
    limited = parse_script(script, "script.yml", replace(PLAN, limit=("alder",)))
    assert limited.find("alder", "rank") == ScriptedAnswer(text="y")

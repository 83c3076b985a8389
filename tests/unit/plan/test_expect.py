"""What a playbook expects of replies, from its text to the plan, the request and the templates."""

import pytest

from overlord_run.app.prepare import request_bodies
from overlord_run.expect.words import asking_for
from overlord_run.plan.checks import check
from overlord_run.plan.frozen import plan_from_json
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import NO_JSON
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedExpect, PlannedMessage
from overlord_run.plan.render import RenderError, Seen, evaluate_outputs, render_message
from overlord_run.playbook.texts import FileRef, Place, Schema
from playbook_kit import parse
from unit.plan.councils import FILE, plan, playbook, reply

COUNCIL = """\
overlord: 1
name: council
models: {normal: {id: fugu, params: {max_tokens: 9}, json_mode: MODE}}
roles: {judge: {system: Judge., task: Begin.}}
assignments:
  - {slot: alder, role: judge}
  - {slot: oak, role: judge, expect: {schema: {type: boolean}}}
redirects:
  - {id: verdict, to: all, message: "Ship?\\n\\n", expect: {schema: {type: object}, repairs: 3}}
  - {id: close, to: alder, message: "{{ replies.verdict.oak.json.decision }}", expect: {schema: {}, repairs: 0}}
outputs:
  verdict: {value: replies.verdict.oak.json}
"""
BOOLEAN, OBJECT, ANY = asking_for({"type": "boolean"}), asking_for({"type": "object"}), asking_for({})


def message(built: Plan, number: int) -> PlannedMessage:
    """Return a redirect of a plan that is a message."""
    return list(built.messages())[number]


def council(mode: str = "none") -> Plan:
    return plan(COUNCIL.replace("MODE", mode))


def test_a_plan_says_what_each_reply_must_hold() -> None:
    built = council()
    assert built.expect(STARTUP, "oak") == PlannedExpect({"type": "boolean"}, 1)
    assert built.expect("verdict", "alder") == PlannedExpect({"type": "object"}, 3)
    assert built.expect("close", "alder") == PlannedExpect({}, 0)
    assert built.expect(STARTUP, "alder") is built.expect("send.1", "alder") is None
    assert built.schema_of("oak", "verdict") == {"type": "object"}
    assert built.schema_of("alder", STARTUP) is None


def test_a_message_ends_with_what_its_answer_must_be() -> None:
    built = council()
    assert [servant.task for servant in built.servants] == ["Begin.", f"Begin.\n\n{BOOLEAN}"]
    assert message(built, 0).texts == dict.fromkeys(("alder", "oak"), f"Ship?\n\n{OBJECT}")
    replies = {"verdict": {"oak": reply("…", read_json=lambda: {"decision": "ship"})}}
    assert render_message(built, message(built, 1), "alder", Seen(replies, {})) == f"ship\n\n{ANY}"


def test_the_schema_is_a_part_of_the_plan_and_of_its_digest() -> None:
    written = council().to_json()
    assert plan_from_json(written).to_json() == written
    assert written["redirects"][0]["expect"] == {"schema": {"type": "object"}, "repairs": 3}
    assert (
        written["digest"]
        != plan(COUNCIL.replace("repairs: 3", "repairs: 4").replace("MODE", "none")).to_json()["digest"]
    )


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("none", None),
        ("object", {"type": "json_object"}),
        ("schema", {"type": "json_schema", "json_schema": {"name": "verdict", "schema": {"type": "object"}}}),
    ],
)
def test_a_request_says_so_as_far_as_its_model_takes_it(mode: str, form: object) -> None:
    bodies = {(message_id, slot): body for message_id, slot, body in request_bodies(council(mode))}
    assert bodies["verdict", "alder"].get("response_format") == form
    assert "response_format" not in bodies[STARTUP, "alder"]
    assert bodies["close", "alder"]["messages"][-1]["content"].endswith(f"}}}}\n\n{ANY}")
    assert bodies["close", "alder"]["max_tokens"] == 9


def test_a_template_reads_the_value_once_and_only_where_it_asks() -> None:
    reads: list[int] = []

    def read_json() -> object:
        reads.append(1)
        return {"decision": "hold"}

    built = council()
    replies = {"verdict": {"oak": reply("{}", read_json=read_json)}}
    assert reads == []
    assert evaluate_outputs(built, Seen(replies, {}))[0] == {"verdict": {"decision": "hold"}}
    assert render_message(built, message(built, 1), "alder", Seen(replies, {})).startswith("hold\n")
    assert reads == [1]


def test_null_is_a_value_and_a_reply_without_one_says_so() -> None:
    built = council()
    null = {"verdict": {"oak": reply("x", read_json=lambda: None)}}
    assert evaluate_outputs(built, Seen(null, {}))[0] == {"verdict": None}
    assert reply("x").json is NO_JSON
    with pytest.raises(RenderError, match="the reply has no 'json': its message expects none"):
        render_message(built, message(built, 1), "alder", Seen({"verdict": {"oak": reply("x")}}, {}))


def test_the_value_of_a_reply_is_read_only_where_its_message_expects_one() -> None:
    wrong = COUNCIL.replace("MODE", "none").replace("replies.verdict.oak.json}", "replies.startup.alder.json}")
    (found,) = check(parse(wrong.encode(), FILE))
    assert (found.rule, found.message) == ("unknown-attribute", "'replies.startup.alder' has no 'json'")
    assert found.hint == "give the assignment of 'alder' an 'expect' with the schema of its answer"
    assert check(parse(COUNCIL.replace("MODE", "none").encode(), FILE)) == []


def test_a_schema_that_was_not_read_from_its_file_is_a_bug() -> None:
    built = playbook(COUNCIL.replace("MODE", "none").replace("schema: {type: object}", "schema_file: verdict.json"))
    assert message(built, 0).expect is not None
    assert message(built, 0).expect.schema == FileRef("verdict.json", Place(FILE, 9, 72))
    with pytest.raises(TypeError, match="has not been read"):
        plan(COUNCIL.replace("MODE", "none").replace("schema: {type: object}", "schema_file: verdict.json"))


def test_a_schema_knows_where_its_parts_stand() -> None:
    expect = playbook(COUNCIL.replace("MODE", "none")).redirects[0].expect
    assert expect is not None
    assert isinstance(expect.schema, Schema)
    assert (expect.schema.key(("type",)), expect.schema.place(("type",))) == (Place(FILE, 9, 68), Place(FILE, 9, 74))

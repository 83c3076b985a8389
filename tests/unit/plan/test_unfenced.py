import pytest

from overlord_run.plan.unfenced import check_unfenced
from unit.plan.councils import playbook

BASE = """\
overlord: 1
name: council
inputs:
  areas: {type: array, default: [a, b]}
roles:
  critic: {system: You review., task: Begin.}
  judge: {system: You weigh.}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic, EXPECT}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: [alder, oak], message: Rank., expect: {schema: SCHEMA}}
  - {id: weigh, to: oak, message: Weigh.}
  - {id: last, to: [TO], message: 'MESSAGE'}
"""
OF_BIRCH = "expect: {schema: {type: string}}"
TYPES = """{type: object, additionalProperties: {type: string}, properties: {
    score: {type: number}, word: {enum: [yes, no]}, form: {type: string, pattern: "^a$"}, why: {type: [string, "null"]},
    list: {type: array, items: {type: string}}, steps: {type: array, prefixItems: [{type: string}]}, any: {}, all: true,
    named: {type: object, additionalProperties: {type: object, properties: {text: {type: string}}}}}}"""


def told(message: str, to: str = "oak", **changes: str) -> list[str]:
    text = BASE.replace("MESSAGE", message).replace("TO", to).replace("SCHEMA", TYPES)
    text = text.replace(", EXPECT", f", {OF_BIRCH}" if "birch" in changes else "")
    text = text.replace("{slot: oak,", "{for_each: inputs.areas, slot: oak_{{ item }},") if "many" in changes else text
    return [each.message for each in check_unfenced(playbook(text))]


@pytest.mark.parametrize(
    ("message", "to"),
    [
        ("{{ replies.rank.oak }}", "oak"),
        ("{{ replies.rank[servant.slot] }}", "all"),
        ("{% for slot, reply in replies.weigh | items %}{{ slot }}: {{ reply }}{% endfor %}", "oak"),
        ("{% for slot, reply in replies.rank | items %}{{ slot }}: {{ reply | as_data }}{% endfor %}", "oak"),
        ("{{ replies.rank.alder.model }} {{ replies.rank.alder.cut }} {{ replies.rank.alder | length }}", "oak"),
        ("{{ replies.rank.alder.json }} {{ replies.rank }} {{ replies.rank.alder | to_json }}", "oak"),
        ("{{ replies.rank.alder.json.score }} {{ replies.rank.alder.json.word }}", "oak"),
        (
            "{{ replies.rank.alder.json.form }} {{ replies.rank.alder.json.any }} {{ replies.rank.alder.json.all.x }}",
            "oak",
        ),
        ("{% for step in replies.rank.alder.json.steps %}{{ step }}{% endfor %}", "oak"),
        ("{{ inputs.areas }} {{ servants.alder.name }}", "oak"),
        ("{% for id in replies %}{{ id }}{% endfor %}", "oak"),
    ],
)
def test_what_is_no_text_of_another_servant_is_left_alone(message: str, to: str) -> None:
    assert told(message, to) == []


@pytest.mark.parametrize(
    ("message", "to", "whose"),
    [
        ("{{ replies.rank.alder }}", "oak", " to 'rank'"),
        ("{{ replies.startup.alder.text[:200] | trim }}", "oak", " to 'startup'"),
        ("{{ replies.weigh.oak }}", "oak, alder", " to 'weigh'"),
        ("{% for slot, reply in replies.weigh | items %}{{ reply }}{% endfor %}", "all", " to 'weigh'"),
        ("{% for slot, reply in replies.startup | items %}{{ reply }}{% endfor %}", "oak", " to 'startup'"),
        ("{% for id, answers in replies | items %}{{ answers.alder }}{% endfor %}", "oak", ""),
        ("{{ replies.rank.alder.json.why }}", "oak", " to 'rank'"),
        ("{{ replies.rank.alder.json.other }}", "oak", " to 'rank'"),
        ("{% for one in replies.rank.alder.json.list %}- {{ one }}{% endfor %}", "oak", " to 'rank'"),
        ("{{ replies.rank.alder.json.list | join }}", "oak", " to 'rank'"),
        ("{{ replies.rank.alder.json.named.x.text }}", "oak", " to 'rank'"),
        ("{% for id, answers in replies | items %}{{ answers.alder.json.why }}{% endfor %}", "oak", ""),
    ],
)
def test_a_text_of_another_servant_is_told(message: str, to: str, whose: str) -> None:
    assert told(message, to) == [f"a reply{whose} goes to another servant as it stands"]


def test_an_answer_to_a_task_has_the_schema_of_its_assignment() -> None:
    message = "{{ replies.startup.birch.json }}"
    assert told(message, birch="") == ["a reply to 'startup' goes to another servant as it stands"]


def test_whom_a_list_makes_is_not_known_to_be_one() -> None:
    message = "{% for slot, reply in replies.weigh | items %}{{ reply }}{% endfor %}"
    text = BASE.replace("{slot: oak,", '{for_each: inputs.areas, slot: "oak_{{ item }}",').replace(", EXPECT", "")
    text = text.replace("SCHEMA", TYPES).replace("to: oak", "to: role:judge").replace("oak]", "role:judge]")
    book = playbook(text.replace("TO", "role:judge").replace("MESSAGE", message))
    assert [each.message for each in check_unfenced(book)] == [
        "a reply to 'weigh' goes to another servant as it stands"
    ]
    alone = text.replace("to: [alder, role:judge]", "to: alder").replace("TO", "alder")
    assert list(check_unfenced(playbook(alone.replace("MESSAGE", message.replace("weigh", "rank"))))) == []


def test_one_servant_with_a_task_reads_its_own_answer_to_it() -> None:
    message = "{% for slot, reply in replies.startup | items %}{{ reply }}{% endfor %}"
    text = BASE.replace("  - {slot: birch, role: critic, EXPECT}\n", "").replace("SCHEMA", "{type: object}")
    assert list(check_unfenced(playbook(text.replace("TO", "alder").replace("MESSAGE", message)))) == []

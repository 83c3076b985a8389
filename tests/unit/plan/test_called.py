"""Whom a plan's redirects go to once `for_each` has made its servants, and whom a limit lets take part."""

from typing import Any

import pytest

from overlord_run.errors import InvalidPlaybookError, UsageError
from overlord_run.plan.build import build
from overlord_run.plan.frozen import plan_from_json
from overlord_run.plan.model import Plan
from unit.plan.councils import COUNCIL, HOST, plan, playbook

FAN = """\
overlord: 1
name: fan
inputs:
  topics: {type: array}
engine: {startup: {require: STARTUP}}
roles:
  reader: {system: You read., task: Read.}
  idle: {system: You wait.}
  judge: {system: You judge., task: Get ready.}
assignments:
  - {for_each: inputs.topics, slot: "r_{{ item }}", role: reader}
  - {for_each: inputs.topics, slot: "i_{{ item }}", role: idle}
  - {slot: oak, role: judge}
redirects:
  - {id: wake, to: "TO", message: Wake.}
  - {id: rank, to: "role:reader", message: Rank., require: RANK}
  - {id: one, to: [r_a, oak], message: Rank.}
"""


def fan(to: str = "role:idle", rank: str = "any", startup: str = "any") -> str:
    return FAN.replace("TO", to).replace("RANK", rank).replace("STARTUP", startup)


def problems_of(source: str, **inputs: Any) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        plan(source, **inputs)
    return [str(problem) for problem in caught.value.problems]


def test_a_redirect_to_a_role_whose_list_is_empty_goes_to_nobody() -> None:
    source = fan(rank="3").replace("[r_a, oak]", "oak")
    rank = plan(source, topics=[]).by_id["rank"]
    assert (rank.targets, rank.texts, rank.require) == ((), {}, 0)


def test_a_slot_that_no_element_made_is_told_where_a_redirect_goes_to_it() -> None:
    assert problems_of(fan(), topics=["b"]) == [
        "council.yml:17:20: error: there is no slot 'r_a' with these inputs (did you mean 'r_b'?) [unknown-slot]"
    ]
    source = fan().replace("[r_a, oak]", "r_elephants")
    assert problems_of(source, topics=["b"]) == [
        (
            "council.yml:17:15: error: there is no slot 'r_elephants' with these inputs "
            "(there are 'r_b', 'i_b', 'oak') "
            "[unknown-slot]"
        )
    ]


def test_a_slot_that_no_element_made_is_told_in_a_block_too() -> None:
    block = "  - {id: talk, redirects: [{id: ask, to: r_a, message: Go on.}], repeat: {until: round > 1, max: 2}}\n"
    source = fan().replace("[r_a, oak]", "oak") + block + '  - {id: enough, check: "true"}\n'
    assert problems_of(source, topics=["b"]) == [
        "council.yml:18:38: error: there is no slot 'r_a' with these inputs (did you mean 'r_b'?) [unknown-slot]"
    ]


def test_more_answers_than_servants_that_were_made_are_too_many() -> None:
    assert problems_of(fan(rank="2", startup="4"), topics=["a"]) == [
        (
            "council.yml:5:20: error: 4 answers are required at the startup, and there are 3 servants "
            "(require fewer, or all) "
            "[require-too-many]"
        ),
        (
            "council.yml:16:51: error: 2 answers are required, and it goes to 1 servant (require fewer, or all) "
            "[require-too-many]"
        ),
    ]
    assert plan(fan(rank="2", startup="4"), topics=["a", "b"]).by_id["rank"].require == 2


def test_a_servant_that_was_made_and_is_never_asked_is_told_with_its_element() -> None:
    assert problems_of(fan(to="i_a"), topics=["a", "b"]) == [
        (
            "council.yml:12:37: error: index 1: nobody asks 'i_b' anything: it has no task, and no redirect goes to it "
            "(give it or its role a task, or send it a redirect) [never-asked]"
        )
    ]


def limited(*limit: str, source: str = COUNCIL, **inputs: Any) -> Plan:
    return build(playbook(source), inputs or {"plan": "Ship."}, model_ids={}, host=HOST, limit=limit)


MANY = """\
overlord: 1
name: many
roles: {reader: {system: You read., task: Read.}, judge: {system: You judge.}}
assignments:
  - {for_each: range(SERVANTS), slot: "s_{{ index }}", role: reader}
  - {slot: oak, role: judge}
redirects:
  - {id: first, to: "role:reader", message: Rank.}
  - id: rounds
    repeat: {max: 48}
    redirects: [{id: argue, to: [role:reader, s_1], message: Argue.}, {id: oaks, to: oak, message: Judge.}]
  - {id: nobody, to: [s_99999], message: Rank.}
"""


def test_calls_are_counted_once_there_are_servants_and_nothing_else_is_looked_at_where_they_are_too_many() -> None:
    """Each round counts, and so does the startup of those who have a task."""
    assert problems_of(MANY.replace("SERVANTS", "2000")) == [
        (
            "council.yml:11:82: error: up to this redirect the run makes 100,048 calls; at most 100,000 are allowed"
            " (send it to fewer servants or in fewer rounds, or make several playbooks of it) [too-many-calls]"
        )
    ]
    assert [text[-14:] for text in problems_of(MANY.replace("SERVANTS", "1999"))] == ["[unknown-slot]"]


@pytest.mark.parametrize(
    ("limit", "slots"),
    [
        (("all",), ["alder", "birch", "oak"]),
        (("birch",), ["birch"]),
        (("oak", "role:critic"), ["alder", "birch", "oak"]),
        (("oak", "alder"), ["alder", "oak"]),
    ],
)
def test_only_those_whom_a_limit_names_are_in_the_plan(limit: tuple[str, ...], slots: list[str]) -> None:
    found = limited(*limit)
    assert [servant.slot for servant in found.servants] == slots
    assert found.limit == limit
    assert found.to_json()["limit"] == list(limit)
    assert plan_from_json(found.to_json()).to_json() == found.to_json()


def test_a_limit_makes_another_plan_even_where_it_leaves_all() -> None:
    digests = {limited(*limit).to_json()["digest"] for limit in [(), ("all",), ("role:critic", "oak"), ("oak",)]}
    assert len(digests) == 4


def test_redirects_go_only_to_those_who_are_left_and_models_are_only_theirs() -> None:
    found = limited("birch")
    assert found.targets == {"startup": ("birch",), "rank": ("birch",), "verdict": ()}
    assert list(found.models) == ["normal"]


def test_as_many_must_answer_as_a_limit_leaves() -> None:
    source = fan(rank="2", startup="4")
    found = limited("r_a", "oak", source=source, topics=["a", "b"])
    assert (found.by_id["rank"].require, found.startup_require) == (1, 2)


def test_what_is_wrong_with_those_who_are_left_out_hinders_nobody() -> None:
    source = COUNCIL.replace('{focus: "{{ vars.style.tone }} security"}', '{focus: "{{ vars.style.tone[5] }}"}')
    assert problems_of(source, plan="Ship.")
    assert [one.slot for one in limited("alder", source=source).servants] == ["alder"]


def test_a_message_that_names_one_who_is_left_out_waits_until_it_is_sent() -> None:
    source = COUNCIL.replace("Rank your three worst findings, {{ servant.name }}.", "Ask {{ servants.oak.name }}.")
    assert limited("all", source=source).by_id["rank"].texts == {"alder": "Ask oak.", "birch": "Ask oak."}
    assert limited("role:critic", source=source).by_id["rank"].texts is None


@pytest.mark.parametrize(
    ("limit", "told", "remedy"),
    [
        (("aldr",), "'aldr'", "Did you mean 'alder'?"),
        (("all", "role:critics"), "'role:critics'", "Did you mean 'role:critic'?"),
        (
            ("x",),
            "'x'",
            "Targets are 'all', 'alder', 'birch', 'oak', 'role:critic', 'role:judge'.",
        ),
    ],
)
def test_a_limit_that_names_a_stranger_is_refused(limit: tuple[str, ...], told: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        limited(*limit)
    assert caught.value.message == f"--limit names {told}, and nobody in this playbook is called so"
    assert caught.value.next == remedy

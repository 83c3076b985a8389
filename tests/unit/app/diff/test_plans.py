"""What would be sent otherwise is a difference, and nothing else is."""

from pathlib import Path

import pytest
from msgspec import structs

from council_kit import plan_of
from overlord_run.app.diff.compare import ABSENT, compare, count
from overlord_run.app.diff.plans import facts, requests
from overlord_run.plan.model import Plan
from unit.plan import councils

NOTHING: list[tuple[str, str, str, str]] = []


def differences(after: Plan, before: Plan | None = None) -> list[tuple[str, str, str, str]]:
    """Return kind, name and slot of each fact that differs from the council's, with its path."""
    plan = councils.plan(plan="Ship it.") if before is None else before
    return [
        (*difference.subject, change.fact)
        for difference in compare(facts(plan), facts(after))
        for change in difference.changes
    ]


def changed(old: str, new: str) -> Plan:
    assert old in councils.COUNCIL
    return councils.plan(councils.COUNCIL.replace(old, new, 1), plan="Ship it.")


CHANGES = {
    "a description": ("name: release-council", "name: release-council\ndescription: A council.", NOTHING),
    "a comment": ("vars:", "# what all know\nvars:", NOTHING),
    "an alias": (
        "normal: {id: fugu, params: {max_tokens: 4096}}\nroles:\n  critic:",
        "own: {id: fugu, params: {max_tokens: 4096}}\nroles:\n  critic:\n    model: own",
        NOTHING,
    ),
    "targets spelled otherwise": ("to: role:critic", "to: [alder, birch]", NOTHING),
    "a model's id": (
        "id: fugu,",
        "id: fugu-2,",
        [("servant", "", "alder", "model.id"), ("servant", "", "birch", "model.id")],
    ),
    "a parameter": (
        "4096",
        "8192",
        [("servant", "", "alder", "model.params.max_tokens"), ("servant", "", "birch", "model.params.max_tokens")],
    ),
    "a system message": ("You weigh the findings.", "You decide.", [("servant", "", "oak", "system")]),
    "a profile": (
        "profile: implementation",
        "profile: consultation",
        [("servant", "", "oak", "profile"), ("servant", "", "oak", "system")],
    ),
    "a task": (
        "what can go wrong.",
        "what goes wrong.",
        [("request", "startup", "alder", "text"), ("request", "startup", "birch", "text")],
    ),
    "a message": (
        "your three worst",
        "your worst",
        [("request", "rank", "alder", "text"), ("request", "rank", "birch", "text")],
    ),
    "a template": ("Risk accepted:", "Risk:", [("request", "verdict", "oak", "text")]),
    "the targets": (
        "to: role:critic",
        "to: alder",
        [("message", "rank", "", "targets"), ("request", "rank", "birch", "text")],
    ),
    "the order": ("to: oak", "to: oak\n    after: [rank]", NOTHING),
    "a timeout": ("to: oak", "to: oak\n    timeout: 30s", [("message", "verdict", "", "timeoutS")]),
    "an expected schema": (
        "to: oak",
        "to: oak\n    expect: {schema: {type: object}}",
        [("message", "verdict", "", "expect.repairs"), ("request", "verdict", "oak", "text")],
    ),
    "a variable": (
        "tone: dry",
        "tone: kind",
        [
            ("playbook", "", "", "vars.style.tone"),
            ("servant", "", "birch", "with.focus"),
            ("servant", "", "birch", "system"),
        ],
    ),
    "a default": ("default: low", "default: high", [("playbook", "", "", "inputs.risk")]),
}


@pytest.mark.parametrize(("old", "new", "told"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_where_it_is_sent(old: str, new: str, told: list[tuple[str, str, str, str]]) -> None:
    assert differences(changed(old, new)) == told


def test_a_redirect_that_is_new_comes_with_its_requests_and_its_outputs() -> None:
    more = "  - {id: more, to: oak, message: More.}\noutputs:\n  all: {value: replies.more.oak.text}\n"
    after = councils.plan(councils.COUNCIL + more, plan="Ship it.")
    found = compare(facts(councils.plan(plan="Ship it.")), facts(after))
    assert [(difference.subject[:2], difference.outcome) for difference in found] == [
        (("playbook", ""), "changed"),
        (("message", "more"), "added"),
        (("request", "more"), "added"),
        (("output", "all"), "added"),
    ]
    (text,) = found[2].changes
    assert (text.before, text.after) == (ABSENT, "More.")


def test_a_key_that_the_plan_grows_is_compared_by_itself() -> None:
    plan = councils.plan(plan="Ship it.")

    class Grown(Plan):
        def to_json(self) -> dict[str, object]:
            return {**Plan.to_json(self), "rate": {"requests": 5}}

    grown = Grown(**structs.asdict(plan))
    assert ("playbook", "", "", "rate.requests") in differences(grown, plan)


def test_what_goes_to_no_servant_is_compared_as_what_it_asks_and_what_stands_in_a_block_by_itself() -> None:
    flow = Path(__file__).parents[3] / "examples" / "valid" / "flow.yml"
    text = flow.read_text("utf-8")
    before = plan_of(text)
    changes = {
        "message: What is missing?": "message: What else?",
        "enough, check: replies": "enough, check: not replies",
        "max: 2}": "max: 3}",
        "Shall it go out?": "Shall it go?",
        "or round > 1": "or round > 2",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert set(differences(plan_of(text), before)) == {
        ("request", "aside", "oak", "text"),
        ("message", "argue", "", "only"),
        ("message", "enough", "", "check"),
        ("message", "twice", "", "repeat.max"),
        ("message", "sign_off", "", "pause"),
    }


def test_a_request_is_another_one_by_its_system_message_or_model_too() -> None:
    before = requests(councils.plan(plan="Ship it."))
    assert count(before, requests(changed("You weigh the findings.", "You decide."))) == {
        "same": 4,
        "changed": 1,
        "added": 0,
        "removed": 0,
    }
    assert count(before, requests(changed("4096", "8192")))["changed"] == 4
    assert count(before, requests(changed("to: role:critic", "to: alder")))["removed"] == 1

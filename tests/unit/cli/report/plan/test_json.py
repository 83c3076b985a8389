"""A plan as JSON is made to be compared: every text once and by its lines, and nothing of the machine."""

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator
from msgspec.structs import replace

from overlord_run.app.prepare import request_bodies
from overlord_run.cli.report.plan.json import plan_json
from overlord_run.cli.report.plan.sums import text_digest
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedExpect, PlannedRedirect
from overlord_run.playbook.money import Price, Rates
from overlord_run.playbook.schema import load
from unit.cli.report.plan.plans import COUNCIL, PLACE, flow, prepared

SCHEMA = load("output")
VALIDATOR = Draft7Validator({"definitions": SCHEMA["definitions"], "$ref": "#/definitions/plan"})
SYSTEM = "The frame.\n\n# Your role\n\nYou advise."


def named(plan: Plan = COUNCIL) -> Plan:
    """Return a plan whose system messages end with who the servant is."""
    servants = (replace(one, system=f"{SYSTEM}\n\nYou are {one.slot}.") for one in plan.servants)
    return replace(plan, servants=tuple(servants))


@pytest.mark.parametrize("plan", [COUNCIL, named(), flow()], ids=["council", "named", "flow"])
@pytest.mark.parametrize("with_bodies", [True, False])
def test_a_plan_as_json_fits_its_schema(plan: Plan, *, with_bodies: bool) -> None:
    told = plan_json(prepared(plan), with_bodies=with_bodies)
    assert [error.message for error in VALIDATOR.iter_errors(told)] == []
    assert ("requests" in told) is with_bodies
    assert [key for key in told if key != "requests"] == SCHEMA["definitions"]["plan"]["required"]


def test_a_text_that_is_known_stands_there_once_for_all_who_are_sent_it() -> None:
    rank, verdict = plan_json(prepared())["redirects"]
    assert rank["texts"] == [
        {
            "slots": ["alder", "birch"],
            "request": {"model": "fugu", "max_tokens": 100},
            "waitsFor": [],
            "digest": text_digest("Rank them."),
            "estimatedTokens": 3,
            "lines": ["Rank them."],
        }
    ]
    assert verdict["texts"] == [
        {
            "slots": ["oak"],
            "request": {"model": "fugu-ultra"},
            "waitsFor": ["replies.rank"],
            "digest": None,
            "estimatedTokens": None,
            "lines": ["{{ replies.rank.alder }}"],
        }
    ]


def test_the_same_text_to_another_model_stands_apart() -> None:
    servants = tuple(replace(one, task="Begin.") for one in COUNCIL.servants)
    texts = plan_json(prepared(replace(COUNCIL, servants=servants)))["startup"]["texts"]
    assert [(one["slots"], one["request"]["model"]) for one in texts] == [
        (["alder", "birch"], "fugu"),
        (["oak"], "fugu-ultra"),
    ]


def test_the_form_of_an_answer_is_told_with_the_request_that_asks_for_it() -> None:
    models = {alias: replace(model, json_mode="object") for alias, model in COUNCIL.models.items()}
    rank = replace(COUNCIL.redirects[0], expect=PlannedExpect({"type": "object"}, 2))
    told = plan_json(prepared(replace(COUNCIL, models=models, redirects=(rank, COUNCIL.redirects[1]))))
    assert told["redirects"][0]["repairs"] == 2
    assert told["redirects"][0]["texts"][0]["request"]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("plan", [COUNCIL, named()], ids=["a short system message", "a framed one"])
def test_what_is_told_in_parts_is_the_first_request_of_each_servant_exactly(plan: Plan) -> None:
    told = plan_json(prepared(plan))
    shared = {slot: one["lines"] for one in told["systems"] for slot in one["slots"]}
    own = {one["slot"]: one["system"]["lines"] for one in told["servants"]}
    texts = [text for one in (told["startup"], *told["redirects"]) for text in one["texts"]]
    first: dict[str, Any] = {}
    for text in texts:
        for slot in text["slots"]:
            system = {"role": "system", "content": "\n".join(shared[slot] + own[slot])}
            user = {"role": "user", "content": "\n".join(text["lines"])}
            model, params = text["request"]["model"], {k: v for k, v in text["request"].items() if k != "model"}
            first.setdefault(slot, {"model": model, "messages": [system, user], **params})
    bodies: dict[str, Any] = {}
    for _, slot, body in request_bodies(plan):
        bodies.setdefault(slot, body)
    assert first == bodies
    digests = {one["slot"]: one["system"]["digest"] for one in told["servants"]}
    assert digests == {one.slot: text_digest(one.system) for one in plan.servants}


def lines(plan: Plan) -> list[str]:
    return json.dumps(plan_json(prepared(plan)), indent=2).splitlines()


def test_a_sentence_that_changes_is_a_line_that_changes_besides_digests_and_sums() -> None:
    before = named()
    servants = tuple(
        replace(one, system=one.system.replace("You advise.", "You only advise.")) for one in before.servants
    )
    after = replace(before, servants=servants)
    assert len(lines(before)) == len(lines(after))
    changed = [other.strip() for one, other in zip(lines(before), lines(after), strict=True) if one != other]
    kinds = ("planDigest", "digest", "estimatedTokens")
    assert [line for line in changed if not line.startswith(tuple(f'"{kind}"' for kind in kinds))] == [
        '"You only advise.",'
    ]


def test_nothing_of_the_machine_is_told() -> None:
    here = prepared()
    settings = replace(
        here.settings,
        key_name="SAKANA_API_KEY",
        proxy="http://proxy:3128",
        ca_file="/etc/ssl/ca.pem",
        trusted="host",
        notes=("the key is not sent",),
    )
    elsewhere = replace(here, settings=settings, state_dir=here.state_dir / "elsewhere")
    assert plan_json(elsewhere) == plan_json(here)


@pytest.mark.parametrize(
    ("playbook", "file", "told"),
    [
        ("council.yml", "roles/critic.md", "roles/critic.md"),
        ("/home/me/council.yml", "/home/me/roles/critic.md", "roles/critic.md"),
        ("/home/me/council.yml", "/srv/critic.md", "/srv/critic.md"),
    ],
)
def test_a_warning_tells_no_folder_above_the_playbook(playbook: str, file: str, told: str) -> None:
    one = prepared()
    one = replace(
        one,
        playbook=replace(one.playbook, file=playbook),
        warnings=(replace(one.warnings[0], file=file),),
    )
    assert [warning["file"] for warning in plan_json(one)["warnings"]] == [told]


def test_a_price_is_told_in_usd_and_what_has_none_as_null() -> None:
    prices = {"normal": Price(Rates(5 * 10**9, 10**9, 30 * 10**9)), "ultra": None}
    told = plan_json(replace(prepared(), prices=prices))
    assert [model["price"] and model["price"]["output"] for model in told["models"]] == [30.0, None]
    assert told["ceiling"]["unpriced"] == ["ultra"]


def test_a_redirect_of_an_unknown_kind_is_a_bug() -> None:
    class Odd(PlannedRedirect):
        kind = "message"

    odd = replace(COUNCIL, redirects=(Odd(id="odd", after=()),))
    with pytest.raises(TypeError):
        plan_json(replace(prepared(odd), plan=odd))


def test_the_place_of_a_text_is_no_part_of_what_is_told() -> None:
    moved = replace(COUNCIL.redirects[1], template=replace(COUNCIL.redirects[1].template, place=replace(PLACE, line=9)))
    assert plan_json(prepared(replace(COUNCIL, redirects=(COUNCIL.redirects[0], moved)))) == plan_json(prepared())

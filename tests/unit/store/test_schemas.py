import asyncio
import json

import pytest
from jsonschema import Draft7Validator
from msgspec.structs import fields

from overlord_run.playbook.schema import load
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.registry import USAGE_KEYS
from store_kit import RUN_ID, SLOTS, lines, queued, replied, sent, story, tell

LONG = "x" * 5000
OUTPUTS = {"text": LONG, "data": [LONG], "short": {"ship": True}}
RUNS: dict[str, list[list[ev.Body]]] = {
    "every kind of end": story(),
    "no preflight": [[ev.PreflightFailed("no-key", "there is no key")]],
    "interrupted": [*story()[:7], [ev.RunStopped("interrupted")]],
    "long texts": [
        [ev.StartupBegan(list(SLOTS)), queued("startup", "alder", LONG, LONG), sent("startup", "alder")],
        [replied("startup", "alder", LONG), ev.MessageSettled("startup", "failed", LONG)],
        [ev.RunFinished("failed", LONG, OUTPUTS, {})],
    ],
}


@pytest.fixture(params=RUNS)
def run(request, tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    asyncio.run(tell(folder, RUNS[request.param]))
    return folder


def misfits(name, value):
    return [error.message for error in Draft7Validator(load(name)).iter_errors(value)]


def test_a_recorded_registry_fits_its_schema(run):
    assert misfits("registry", json.loads(run.registry_path.read_bytes())) == []


def test_every_recorded_ledger_line_fits_its_schema(run):
    assert [found for line in lines(run.ledger_path) for found in misfits("ledger", json.loads(line))] == []


def test_every_recorded_event_fits_its_schema(run):
    assert [found for line in lines(run.log_path) for found in misfits("event", json.loads(line))] == []


@pytest.mark.parametrize("name", ["registry", "ledger", "event"])
def test_a_schema_is_one_and_names_its_version(name):
    schema = load(name)
    Draft7Validator.check_schema(schema)
    assert schema["$id"] == f"urn:overlord-run:schema:1:{name}"


def objects(schema):
    """Give every object that a schema describes."""
    for value in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(value, dict | list):
            yield from objects(value)
    if isinstance(schema, dict) and "properties" in schema:
        yield schema


@pytest.mark.parametrize("name", ["registry", "ledger"])
def test_a_views_schema_lets_no_unknown_key_pass(name):
    assert {found["additionalProperties"] for found in objects(load(name))} == {False}


@pytest.mark.parametrize("name", ["registry", "ledger", "event"])
def test_every_key_has_a_description(name):
    schema = load(name)
    described = [
        (key, "description" in value or "$ref" in value or "const" in value or "anyOf" in value)
        for found in objects(schema)
        for key, value in found["properties"].items()
        if "if" not in found
    ]
    assert [key for key, is_described in described if not is_described] == []


def test_the_event_schema_describes_each_type_as_the_log_writes_it():
    described = {
        case["if"]["properties"]["type"]["const"]: (list(case["then"]["properties"]), case["then"]["required"])
        for case in load("event")["allOf"]
    }
    assert described == {
        body.type: (
            [ev.camel(field.name) for field in fields(body)],
            [ev.camel(one.name) for one in fields(body) if one.required],
        )
        for body in ev.BODIES.values()
    }


def test_the_schemas_name_the_same_counts_of_tokens():
    for name in ("registry", "ledger"):
        assert tuple(load(name)["definitions"]["usage"]["properties"]) == USAGE_KEYS


@pytest.mark.parametrize("name", ["registry", "ledger"])
def test_a_strange_key_does_not_fit(run, name):
    view = json.loads(run.registry_path.read_bytes()) if name == "registry" else {}
    assert any("'mood' was unexpected" in message for message in misfits(name, view | {"mood": "calm"}))

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft7Validator

from overlord_run.playbook.formats import FORMATS
from overlord_run.playbook.schema import check, load
from overlord_run.playbook.source import read_yaml

ROOT = Path(__file__).parents[3]
VALID = sorted((ROOT / "tests" / "examples" / "valid").glob("*.yml"))
NAMES = ("playbook", "role", "lock", "examples")


def subschemas(schema: Any) -> list[dict[str, Any]]:
    """Return every mapping in a schema that describes something; an example or a snippet may look like one."""
    is_mapping = isinstance(schema, dict)
    inner = (
        [value for key, value in schema.items() if key not in ("examples", "defaultSnippets")] if is_mapping else schema
    )
    found = [each for value in (inner if isinstance(inner, list) else ()) for each in subschemas(value)]
    return [*found, schema] if isinstance(schema, dict) else found


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_draft_07_and_has_an_id_that_no_version_shares(name: str) -> None:
    schema = load(name)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"] == f"urn:overlord-run:schema:1:{name}"


def test_a_schema_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        load("nothing")


@pytest.mark.parametrize("name", NAMES)
def test_every_key_has_a_title_and_a_sentence_for_an_editor(name: str) -> None:
    schema = load(name)
    for each in subschemas(schema):
        for key, value in each.get("properties", {}).items() if isinstance(each.get("properties"), dict) else ():
            described = schema["definitions"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            assert described["title"], key
            assert described["description"].endswith("."), key
            assert {"examples", "default", "enum"} & described.keys() or key in ("$schema", "default"), key


@pytest.mark.parametrize("name", NAMES)
def test_where_keys_are_ours_others_are_refused_but_for_those_that_begin_with_x(name: str) -> None:
    for each in subschemas(load(name)):
        if isinstance(each.get("properties"), dict) and "type" in each and each["type"] != "string":
            assert each["additionalProperties"] is False
            assert each["patternProperties"] == {"^x-": True}


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_is_told_in_words(name: str) -> None:
    patterns = {each["pattern"] for each in subschemas(load(name)) if isinstance(each.get("pattern"), str)}
    assert patterns <= FORMATS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_in_a_schema_fit_it(name: str) -> None:
    schema = load(name)
    for each in subschemas(schema):
        if isinstance(each.get("examples"), list):
            part = Draft7Validator({**each, "definitions": schema["definitions"]})
            assert [example for example in each["examples"] if not part.is_valid(example)] == []


def test_a_role_file_and_a_playbook_declare_a_roles_inputs_alike() -> None:
    playbook, role = load("playbook")["definitions"], load("role")["definitions"]
    assert {name: playbook[name] for name in role} == role


def test_the_schema_holds_the_keys_that_have_an_effect_and_no_others() -> None:
    definitions = load("playbook")["definitions"]
    keys = {name: " ".join(sorted(each["properties"])) for name, each in definitions.items() if "properties" in each}
    assert keys == {
        "assignment": "expect for_each model name profile role slot task task_file with",
        "engine": "base_url budget concurrency lease preflight provider rate recovery retry startup timeout",
        "expect": "repairs schema schema_file",
        "input": "default description enum items maximum minimum pattern type",
        "input_items": "description enum items maximum minimum pattern type",
        "model": "id json_mode params price timeout",
        "output": "file text value",
        "pack": "git path rev",
        "price": "above cached input output",
        "redirect": (
            "after check expect id message message_file needs on_failure only pause redirects repeat require timeout "
            "to when"
        ),
        "role": "description from inputs model profile system system_file task task_file with",
        "role_input": "default description enum items maximum minimum pattern type",
    }


def keys_of(value: Any) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {key for each in inner for key in keys_of(each)}
    return found | set(value) if isinstance(value, dict) else found


def test_the_valid_examples_use_every_key() -> None:
    used = {key for path in VALID for key in keys_of(read_yaml(path.read_bytes(), path.name).value)}
    known = {key for each in subschemas(load("playbook")) for key in each.get("properties", ())}
    assert known - used == set()


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_another_validator_takes_the_valid_examples_too(path: Path) -> None:
    value = read_yaml(path.read_bytes(), path.name).value
    assert jsonschema_rs.validator_for(load("playbook")).is_valid(value)


INVALID_BY_SCHEMA = {
    "a name that ends with a line break": {"name": "example\n"},
    "two equal targets": {"redirects": [{"id": "a", "to": ["b", "b"], "message": "x"}]},
    "an item of mixed types twice": {"inputs": {"a": {"type": "integer", "enum": [1, "x", 1.0]}}},
    "a key that is missing": {"assignments": [{"slot": "alder"}]},
    "a list that is too long": {"redirects": [{"id": "a", "to": "b", "message": "x", "after": ["a"] * 10_001}]},
}


@pytest.mark.parametrize("change", INVALID_BY_SCHEMA.values(), ids=INVALID_BY_SCHEMA)
def test_another_validator_refuses_what_we_refuse(change: dict[str, Any]) -> None:
    playbook = {
        "overlord": 1,
        "name": "example",
        "roles": {"critic": {"system": "x"}},
        "assignments": [{"slot": "alder", "role": "critic"}],
    }
    oracle = jsonschema_rs.validator_for(load("playbook"))
    for value, is_valid in ((playbook, True), ({**playbook, **change}, False)):
        assert oracle.is_valid(value) is is_valid
        assert (check(read_yaml(yaml.safe_dump(json.loads(json.dumps(value))), "f"), "playbook") == []) is is_valid

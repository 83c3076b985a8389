"""What our schemas say, and that saying it costs no more than the document is long."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.playbook.keywords import validator_of
from overlord_run.playbook.schema import check, load
from overlord_run.playbook.source import Document, read_yaml

NAMES = ("playbook", "role", "lock", "examples", "rehearsal")
WORDS = {"$schema", "$id", "title", "description", "default", "examples", "definitions", "enumDescriptions"}
SNIPPETS = "defaultSnippets"
KEYWORDS = {
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "dependencies",
    "enum",
    "items",
    "maxItems",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
    "uniqueItems",
}


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and each schema in it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword, value in schema.items():
        if keyword in ("properties", "definitions", "dependencies"):
            for inner in value.values():
                yield from parts(inner)
        elif keyword in ("allOf", "anyOf", "oneOf"):
            for inner in value:
                yield from parts(inner)
        elif keyword in ("additionalProperties", "items", "not", "propertyNames"):
            yield from parts(value)


@pytest.mark.parametrize("name", NAMES)
def test_our_schemas_say_nothing_that_would_not_be_checked(name: str) -> None:
    for part in parts(load(name)):
        assert part.keys() - WORDS - {SNIPPETS} <= KEYWORDS | {"$ref", "patternProperties"}
        assert part.get("patternProperties", {"^x-": True}) == {"^x-": True}
        assert "$ref" not in part or len(part) == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_by_one_of_and_by_not_is_which_keys_exclude_each_other(name: str) -> None:
    for part in parts(load(name)):
        branches = part.get("oneOf", [])
        assert [list(branch) for branch in branches] == [["required"]] * len(branches)
        assert [len(branch["required"]) for branch in branches] == [1] * len(branches)
        assert part.get("not", {"enum": []}).keys() in ({"enum"}, {"required"})


SHAPES: dict[str, dict[str, Any]] = {
    "a mapping": {
        "type": "object",
        "required": ["a"],
        "additionalProperties": False,
        "properties": {"a": {"type": ["string", "integer"], "pattern": "^[ab]$"}, "b": {"minimum": 1}, "c": {}},
        "dependencies": {"b": ["c"], "c": {"not": {"required": ["c", "x-a"]}}},
    },
    "names": {
        "maxProperties": 2,
        "propertyNames": {"not": {"enum": ["b"]}},
        "additionalProperties": {"type": ["number", "null"], "maximum": 2},
    },
    "a choice": {
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        "allOf": [{"not": {"required": ["c", "x-a"]}}, {"type": "object"}],
    },
    "a list": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": True, "items": {"type": "string"}},
    "any values": {"uniqueItems": True},
    "one or several": {
        "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"enum": ["a", 1, None]}}]
    },
    "a version": {"const": 1},
    "whole": {"type": "integer"},
}

SCALARS = st.sampled_from([None, True, False, 0, 1, 2, 1.0, 0.5, "a", "b", "a\n", "1", ""])
MAPPINGS = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "x-a"]), SCALARS, max_size=4)
VALUES = SCALARS | st.lists(SCALARS | MAPPINGS, max_size=4) | MAPPINGS


@given(st.sampled_from(sorted(SHAPES)), VALUES)
def test_a_value_fits_where_another_validator_says_so(shape: str, value: Any) -> None:
    schema = SHAPES[shape]
    extended = {**schema, "patternProperties": {"^x-": True}} if shape == "a mapping" else schema
    oracle = jsonschema_rs.Draft7Validator(extended)
    assert validator_of(schema).is_valid(value) == oracle.is_valid(value)


def playbook(redirects: int) -> Document:
    listed = [{"id": f"r{at}", "to": [f"s{at}", "oak"], "message": "M"} for at in range(redirects)]
    roles = {"a": {"system": "S", "task": "T"}}
    whole = {"overlord": 1, "name": "n", "roles": roles, "assignments": [{"slot": "oak", "role": "a"}]}
    return read_yaml(json.dumps({**whole, "redirects": listed}), "f")


def calls(document: Document) -> Counter[str]:
    """Return how often each function of jsonschema's own is called while a document is checked."""
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _arg: object) -> None:
        if event == "call" and Path(frame.f_code.co_filename).parent.name in ("jsonschema", "referencing"):
            counts[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert check(document, "playbook") == []
    finally:
        sys.setprofile(before)
    return counts


def test_a_value_more_is_looked_at_in_few_calls_more() -> None:
    """Broken by a validator that is made for each value, or an error for each branch: 324 calls a redirect."""
    few, many = playbook(10), playbook(50)
    calls(few)  # which meets all parts of the schema that these documents have
    more = calls(many) - calls(few)
    assert "evolve" not in more
    assert sum(more.values()) <= 20 * 40

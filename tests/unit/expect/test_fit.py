import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from overlord_run.expect.fit import Fitting, canonical
from overlord_run.expect.keywords import KEYWORDS, subschemas
from overlord_run.expect.schema import check_schema
from unit.expect.schemas import schema_of

TOO_MUCH = "$: takes too much work to check; a shorter answer is wanted"
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}},
}
SHAPES = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}},
            "required": ["kind", "r"],
        },
        {
            "type": "object",
            "properties": {"kind": {"const": "square"}, "a": {"type": "number"}},
            "required": ["kind", "a"],
        },
    ]
}


@pytest.mark.parametrize(
    ("schema", "value", "misfits"),
    [
        ({}, [1], []),
        ({"type": "integer"}, 1.0, []),
        ({"type": "integer"}, True, ["$: must be an integer, not true"]),
        ({"type": ["string", "null"]}, 5, ["$: must be a string or null, not 5"]),
        ({"type": "string"}, {"a": 1}, ["$: must be a string, not an object"]),
        ({"enum": [1, "a", [2]]}, [3], ['$: must be one of 1, "a", [2], not an array']),
        ({"enum": list(range(20))}, 20, ["$: must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …, not 20"]),
        ({"const": {"a": 1}}, {"a": 2}, ['$: must be {"a": 1}, not an object']),
        ({"minimum": 1}, 0.5, ["$: must be at least 1, not 0.5"]),
        ({"maximum": 1}, 2, ["$: must be at most 1, not 2"]),
        ({"exclusiveMinimum": 1}, 1, ["$: must be more than 1, not 1"]),
        ({"exclusiveMaximum": 1}, 1, ["$: must be less than 1, not 1"]),
        ({"multipleOf": 5}, 7, ["$: must be a multiple of 5, not 7"]),
        ({"minLength": 2}, "a", ["$: must have at least 2 characters, not 1"]),
        ({"maxLength": 2}, "abc", ["$: must have at most 2 characters, not 3"]),
        ({"pattern": "^v[0-9]+$"}, "x\n", ['$: must match the pattern "^v[0-9]+$", and "x\\n" does not']),
        ({"pattern": "a"}, "y" * 99, ['$: must match the pattern "a", and "' + "y" * 59 + '…" does not']),
        ({"pattern": "a"}, 5, []),
        ({"minItems": 1}, [], ["$: must have at least 1 items, not 0"]),
        ({"maxItems": 1}, [1, 2], ["$: must have at most 1 items, not 2"]),
        ({"uniqueItems": True}, [1, True, 1.0, "1"], ["$[2]: stands in the array twice"]),
        ({"uniqueItems": True}, [{"a": [1], "b": 2}, {"b": 2, "a": [1.0]}], ["$[1]: stands in the array twice"]),
        ({"uniqueItems": True}, "aa", []),
        ({"uniqueItems": False}, [1, 1], []),
        ({"items": {"type": "string"}}, ["a", 1], ["$[1]: must be a string, not 1"]),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a", 1], ["$[1]: must not be there"]),
        (
            {"contains": {"const": 1}},
            [2],
            ["$: must have at least 1 of the items that its schema's contains describes"],
        ),
        (
            {"contains": {"const": 1}, "minContains": 2, "maxContains": 3},
            [1],
            ["$: must have at least 2 and at most 3 of the items that its schema's contains describes"],
        ),
        (
            {"contains": {"const": 1}, "maxContains": 1, "minContains": 0},
            [1, 1],
            ["$: must have at least 0 and at most 1 of the items that its schema's contains describes"],
        ),
        ({"required": ["a", "b", "c"]}, {"b": 1}, ['$: lacks "a", "c"']),
        ({"minProperties": 1}, {}, ["$: must have at least 1 keys, not 0"]),
        ({"maxProperties": 0}, {"a": 1}, ["$: must have at most 0 keys, not 1"]),
        (
            {"properties": {"a b": {"type": "string"}, "c": False}},
            {"a b": 1, "c": 1},
            [
                '$["a b"]: must be a string, not 1',
                "$.c: must not be there",
            ],
        ),
        ({"properties": {"a": True}, "additionalProperties": False}, {"a": 1, "b": 2}, ["$.b: must not be there"]),
        (
            {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"type": "null"}},
            {"x-a": 1, "b": 2},
            [
                '$["x-a"]: must be a string, not 1',
                "$.b: must be null, not 2",
            ],
        ),
        ({"patternProperties": {"a": {}}, "additionalProperties": False, "type": "array"}, [], []),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1}, ['$, the key "abc": must have at most 2 characters, not 3']),
        ({"dependentRequired": {"a": ["b", "c"]}}, {"a": 1, "c": 1}, ['$: lacks "b", which goes with what it has']),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, ['$: lacks "b"']),
        ({"not": {"type": "string"}}, "a", ["$: fits what it must not fit"]),
        (
            {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": "null"}},
            "a",
            ["$: must have at least 2 characters, not 1"],
        ),
        (
            {"allOf": [{"minimum": 1}, {"maximum": -1}]},
            0,
            ["$: must be at least 1, not 0", "$: must be at most -1, not 0"],
        ),
        (
            {"oneOf": [{"type": "number"}, {"minimum": 1}]},
            5,
            ["$: fits several of the forms under oneOf, and must fit one"],
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": ["null", "array"]}]},
            5,
            ["$: must be a string or null or an array, not 5"],
        ),
        ({"oneOf": [{"type": "string"}, {"type": "integer", "minimum": 9}]}, 5, ["$: must be at least 9, not 5"]),
        ({"anyOf": [{"minimum": 9}, {"multipleOf": 2}]}, 5, ["$: fits none of the 2 forms under anyOf"]),
        (SHAPES, {"kind": "square"}, ['$: lacks "a"']),
        (SHAPES, {"kind": "line"}, ["$: fits none of the 2 forms under anyOf"]),
        (TREE, {"kids": [{"kids": [{"kids": 1}]}]}, ["$.kids[0].kids[0].kids: must be an array, not 1"]),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "urn:x", "items": {"$ref": "#/$defs/a"}}
            | {"$defs": {"a": {"type": "string"}}},
            [1],
            ["$[0]: must be a string, not 1"],
        ),
        (
            {"items": {"type": "string"}},
            [1] * 9,
            [*(f"$[{at}]: must be a string, not 1" for at in range(5)), "and more"],
        ),
        ({"format": "date", "type": "string"}, "tomorrow", []),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(schema: Any, value: Any, misfits: list[str]) -> None:
    assert list(Fitting(schema).misfits(value)) == misfits


def test_what_is_told_is_cut() -> None:
    (misfit,) = Fitting({"properties": {"a" * 500: {"enum": ["b" * 500] * 12}}}).misfits({"a" * 500: 1})
    assert misfit.startswith("$." + "a" * 117 + "…: must be one of ")
    assert len(misfit) == 400


HOSTILE = {
    "a schema that doubles at each level": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/a"}}] * 2}}},
        json.loads("[" * 40 + "1" + "]" * 40),
    ),
    "references that double": (
        {
            "$ref": "#/$defs/n0",
            "$defs": {f"n{at}": {"allOf": [{"$ref": f"#/$defs/n{at + 1}"}] * 2} for at in range(40)}
            | {"n40": {"minimum": 1}},
        },
        0,
    ),
    "many forms of a large value": ({"anyOf": [{"type": "string"}] * 1000}, list(range(20_000))),
    "many keys and patterns": (
        {"patternProperties": {f"^{at}$": {} for at in range(300)}},
        {f"k{at}": at for at in range(2000)},
    ),
    "a pattern that is a large machine": ({"pattern": "((a|b){0,900}c)"}, "ab" * 20_000),
    "a long list of values that are compared": ({"items": {"enum": ["a" * 500] * 100}}, ["b" * 500] * 3000),
    "references in a chain": (
        {"$ref": "#/$defs/n0", "$defs": {f"n{at}": {"$ref": f"#/$defs/n{at + 1}"} for at in range(800)} | {"n800": {}}},
        0,
    ),
}


@pytest.mark.parametrize(("schema", "value"), HOSTILE.values(), ids=HOSTILE)
def test_what_would_take_for_ever_is_refused(schema: Any, value: Any) -> None:
    assert Fitting(schema).misfits(value)[-1] in (TOO_MUCH, "and more")


def test_a_large_honest_answer_is_within_the_limit() -> None:
    finding = {"severity": "low", "text": "A sentence of an honest length about a finding.", "line": 12}
    schema = {
        "type": "object",
        "required": ["findings"],
        "additionalProperties": False,
        "properties": {
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["severity", "text"],
                    "additionalProperties": False,
                    "properties": {
                        "severity": {"enum": ["low", "high"]},
                        "text": {"type": "string", "minLength": 1, "pattern": "[a-z]"},
                        "line": {"type": "integer", "minimum": 1},
                    },
                },
            }
        },
    }
    assert Fitting(schema).misfits({"findings": [dict(finding) for _ in range(5000)]}) == ()


@pytest.mark.parametrize(
    ("schema", "value", "has_type"),
    [({}, 1, True), ({"type": "object"}, [], False), ({"type": ["array", "object"]}, [], True)],
)
def test_a_value_has_a_type_that_the_schema_names_at_its_top(schema: Any, value: Any, *, has_type: bool) -> None:
    assert Fitting(schema).has_type(value) is has_type


@pytest.mark.parametrize(
    ("one", "other", "equal"), [(1, 1.0, True), (1, True, False), ({"a": [2.0]}, {"a": [2]}, True), ("1", 1, False)]
)
def test_values_are_equal_as_in_json_schema(one: Any, other: Any, *, equal: bool) -> None:
    assert (canonical(one) == canonical(other)) is equal


# Random schemas and values, against jsonschema as it comes and against another implementation.

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "a", "b", "abc", ""])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
COUNTS = st.integers(0, 3)
TAKEN = {
    "count": COUNTS,
    "flag": st.booleans(),
    "names": st.lists(NAMES, unique=True, max_size=2),
    "names by name": st.dictionaries(NAMES, st.lists(NAMES, unique=True, max_size=2), max_size=2),
    "number": st.integers(-3, 3) | st.just(0.5),
    "pattern": st.sampled_from(["a", "^a$", "[bc]+", "^$"]),
    "positive number": st.sampled_from([1, 2, 0.5]),
    "types": st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string", ["array", "null"]]),
    "values": st.lists(VALUES, min_size=1, max_size=3, unique_by=canonical),
    "anything": VALUES,
}


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    nested = {
        **TAKEN,
        "schema": inner,
        "schemas": st.lists(inner, min_size=1, max_size=3),
        "schemas by name": st.dictionaries(NAMES, inner, max_size=3),
        "schemas by pattern": st.dictionaries(st.sampled_from(["a", "^b$", "."]), inner, max_size=2),
    }
    keywords = {name: nested[takes] for name, takes in KEYWORDS.items() if takes in nested and name != "contentSchema"}
    chosen = st.lists(st.sampled_from(sorted(keywords)), max_size=3, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: keywords[name] for name in names}))


SCHEMAS = st.recursive(st.booleans(), schemas, max_leaves=6).filter(lambda schema: isinstance(schema, dict))


@given(SCHEMAS, VALUES)
def test_a_value_fits_where_other_validators_say_so(schema: Any, value: Any) -> None:
    fits = not Fitting(schema).misfits(value)
    assert fits == Draft202012Validator(schema).is_valid(value)
    assert fits == jsonschema_rs.Draft202012Validator(schema).is_valid(value)


@given(SCHEMAS)
def test_a_schema_without_problems_is_one_by_the_draft_too(schema: Any) -> None:
    assume(not list(check_schema(schema_of(schema))))
    assert [error.message for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)] == []


@given(st.recursive(VALUES, schemas, max_leaves=6))
def test_what_the_draft_refuses_is_a_problem(schema: Any) -> None:
    assume(isinstance(schema, dict))
    if list(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)):
        assert list(check_schema(schema_of(schema)))


def test_every_schema_within_a_schema_is_found() -> None:
    schema = {"properties": {"a": {"items": {"anyOf": [True, {"not": {}}]}}}, "required": ["a"], "$defs": {"b": {}}}
    assert [path for path, _ in subschemas(schema)] == [
        (),
        ("properties", "a"),
        ("properties", "a", "items"),
        ("properties", "a", "items", "anyOf", 0),
        ("properties", "a", "items", "anyOf", 1),
        ("properties", "a", "items", "anyOf", 1, "not"),
        ("$defs", "b"),
    ]

from typing import Any

import pytest

from overlord_run.expect.instance import NoInstanceError, instance

NODE = {
    "type": "object",
    "required": ["v"],
    "properties": {"v": {"type": "integer"}, "kids": {"items": {"$ref": "#/$defs/n"}}},
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "rehearsed answer"),
        ({"const": [1]}, [1]),
        ({"enum": ["ship", "hold"]}, "ship"),
        ({"type": "string", "pattern": "^v", "examples": ["v1", "v2"]}, "v1"),
        ({"type": ["string", "null"]}, "rehearsed answer"),
        ({"type": "null"}, None),
        ({"type": "boolean"}, True),
        ({"type": "string", "minLength": 20}, "rehearsed answer...."),
        ({"type": "string", "maxLength": 3}, "reh"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 2.5, "maximum": 7}, 3),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"minimum": 4}, 4),
        ({"type": "array"}, []),
        ({"items": {"type": "string"}}, ["rehearsed answer"]),
        ({"items": {"type": "string"}, "minItems": 2, "uniqueItems": True}, ["rehearsed answer", "rehearsed answer 2"]),
        ({"items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True}, ["a", "b"]),
        ({"items": {"type": "integer", "maximum": 2}, "minItems": 3}, [1, 2, 1]),
        ({"items": {"type": "string"}, "maxItems": 0}, []),
        ({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False}, ["rehearsed answer", 2]),
        ({"type": "array", "contains": {"const": 5}}, [5]),
        (
            {"properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "string"}}, "c": False}},
            {"a": "rehearsed a", "b": ["rehearsed b"]},
        ),
        ({"required": ["k"], "additionalProperties": {"type": "integer"}}, {"k": 1}),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        (
            {
                "properties": {"a": {"type": "boolean"}},
                "anyOf": [{"required": ["b"]}, {"required": ["a"]}],
                "allOf": [True],
            },
            {"a": True, "b": "rehearsed b"},
        ),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
        ({"$ref": "#/$defs/n", "$defs": {"n": NODE}}, {"v": 1, "kids": [{"v": 1}]}),
    ],
)
def test_a_value_that_fits_is_made_the_same_each_time(schema: Any, value: Any) -> None:
    assert instance(schema) == instance(schema) == value


DOUBLING = {f"n{at}": {"prefixItems": [{"$ref": f"#/$defs/n{at + 1}"}] * 2} for at in range(20)} | {"n20": {}}
TOO_MUCH = "the schema asks for very much, or for itself"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "pattern": "^v"}, '$: must match the pattern "^v", and "rehearsed answer" does not'),
        ({"type": "object", "minProperties": 1}, "$: must have at least 1 keys, not 0"),
        ({"examples": [5], "type": "string"}, "$: must be a string, not 5"),
        ({"required": ["a"], "properties": {"a": False}}, '$: lacks "a"'),
        ({"required": ["a"], "properties": {"a": {"$ref": "#"}}}, TOO_MUCH),
        ({"type": "string", "minLength": 10**9}, TOO_MUCH),
        ({"items": {}, "minItems": 10**9}, TOO_MUCH),
        ({"$ref": "#/$defs/n0", "$defs": DOUBLING}, TOO_MUCH),
    ],
)
def test_a_schema_that_wants_more_says_what(schema: Any, reason: str) -> None:
    with pytest.raises(NoInstanceError) as caught:
        instance(schema)
    assert caught.value.reason == reason

from typing import Any

import pytest

from overlord_run.playbook.declarations import build_inputs, misfit
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Input
from overlord_run.playbook.source import read_yaml
from overlord_run.playbook.texts import Place


def test_an_input_is_built_as_written() -> None:
    content = "inputs:\n  a: {type: integer, description: How many, minimum: 1, default: 2}\n  b: {type: file}\n"
    assert build_inputs(Fields.of(read_yaml(content, "f"))) == {
        "a": Input("a", "integer", Place("f", 2, 3), "How many", required=False, default=2, checks={"minimum": 1}),
        "b": Input("b", "file", Place("f", 3, 3)),
    }


def test_a_default_of_null_is_a_default() -> None:
    built = build_inputs(Fields.of(read_yaml("inputs: {a: {type: string, default: null}}", "f")))
    assert not built["a"].required


@pytest.mark.parametrize(
    ("type_", "checks", "value", "reason"),
    [
        ("string", {}, "x", ""),
        ("string", {}, None, "must be text, not nothing"),
        ("string", {}, True, "must be text, not true or false"),
        ("file", {}, "x", ""),
        ("integer", {}, 5, ""),
        ("integer", {}, 5.0, ""),
        ("integer", {}, 5.5, "must be a whole number, not a number"),
        ("integer", {}, True, "must be a whole number, not true or false"),
        ("number", {}, 5, ""),
        ("number", {}, "5", "must be a number, not text"),
        ("boolean", {}, False, ""),
        ("boolean", {}, 0, "must be true or false, not a number"),
        ("array", {}, [1, "x"], ""),
        ("array", {}, {}, "must be a list, not a mapping"),
        ("object", {}, {"a": [1]}, ""),
        ("object", {}, [], "must be a mapping, not a list"),
        ("string", {"enum": ["a", "b"]}, "b", ""),
        ("string", {"enum": ["a", "b"]}, "c", "must be one of 'a', 'b'"),
        ("number", {"enum": [1, 2]}, 1.0, ""),
        ("boolean", {"enum": [1]}, True, "must be one of 1"),
        ("number", {"minimum": 1, "maximum": 2}, 1.5, ""),
        ("number", {"minimum": 1}, 0.5, "must be at least 1"),
        ("integer", {"maximum": 2}, 3, "must be at most 2"),
        ("string", {"pattern": "^a+$"}, "aa", ""),
        ("string", {"pattern": "^a+$"}, "ab", "must match the pattern '^a+$'"),
        ("array", {"items": {"type": "string"}}, ["a"], ""),
        ("array", {"items": {"type": "string"}}, ["a", 5], "holds item 2, which must be text, not a number"),
        (
            "array",
            {"items": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
            [[1], [2, 0]],
            "holds item 2, which holds item 2, which must be at least 1",
        ),
    ],
)
def test_a_value_fits_its_declaration_or_the_reason_is_told(
    type_: str, checks: dict[str, Any], value: Any, reason: str
) -> None:
    assert misfit(type_, checks, value) == reason

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.errors import UsageError
from overlord_run.plan.inputs import bind, fit, parse_argument
from overlord_run.playbook.model import Input, InputType
from overlord_run.playbook.texts import Place

PLACE = Place("council.yml", 3, 3)


def declared(type_: InputType, name: str = "x", **checks: Any) -> Input:
    return Input(name, type_, PLACE, checks=checks)


def optional(type_: InputType, default: Any, name: str = "x") -> Input:
    return Input(name, type_, PLACE, required=False, default=default)


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        ("string", "@file", "@file"),
        ("string", "5", "5"),
        ("string", "", ""),
        ("string", "a\n", "a\n"),
        ("file", "{{ text }}", "{{ text }}"),
        ("integer", "5", 5),
        ("integer", " -5 ", -5),
        ("integer", "5.0", 5),
        ("integer", "18446744073709551615", 2**64 - 1),
        ("number", "0.5", 0.5),
        ("number", "5", 5),
        ("boolean", "true", True),
        ("array", '["a", 1]', ["a", 1]),
        ("object", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_the_declared_type_decides_how_an_argument_is_read(type_: InputType, raw: str, value: Any) -> None:
    parsed = parse_argument(declared(type_), raw)
    assert parsed == value
    assert type(parsed) is type(value)


@given(st.text())
def test_a_string_is_taken_as_it_is(raw: str) -> None:
    assert parse_argument(declared("string"), raw) == raw


@given(st.dictionaries(st.text(), st.lists(st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text())))
def test_an_object_is_read_as_json(value: dict[str, Any]) -> None:
    assert parse_argument(declared("object"), json.dumps(value)) == value


@pytest.mark.parametrize(
    ("type_", "raw", "message", "hint"),
    [
        ("boolean", "yes", "input 'x' must be true or false, not text", "Write true or false."),
        ("boolean", "1", "input 'x' must be true or false, not a number", "Write true or false."),
        ("integer", "true", "input 'x' must be a whole number, not true or false", "Write digits only, such as 5."),
        ("integer", "1.5", "input 'x' must be a whole number, not a number", "Write digits only, such as 5."),
        ("integer", "five", "input 'x' must be a whole number, not text", "Write digits only, such as 5."),
        ("integer", "", "input 'x' must be a whole number, not text", "Write digits only, such as 5."),
        ("integer", "9" * 20, "input 'x' holds a number of more than 64 bits", "Write digits only, such as 5."),
        ("integer", "9" * 5000, "input 'x' must be a whole number, not text", "Write digits only, such as 5."),
        ("number", "NaN", "input 'x' must be a number, not text", "Write a number, such as 0.5."),
        ("number", "1e999", "input 'x' holds a number that is not finite", "Write a number, such as 0.5."),
        ("array", "a, b", "input 'x' must be a list, not text", 'Write JSON, such as ["a", "b"].'),
        ("array", "[NaN]", "input 'x' must be a list, not text", 'Write JSON, such as ["a", "b"].'),
        ("array", "[" * 100_000, "input 'x' must be a list, not text", 'Write JSON, such as ["a", "b"].'),
        ("array", '["\\ud800"]', "input 'x' holds bytes that are no text", 'Write JSON, such as ["a", "b"].'),
        ("object", '{"a": 1, "a": 2}', "input 'x' must be a mapping, not text", 'Write JSON, such as {"a": 1}.'),
        ("object", "[]", "input 'x' must be a mapping, not a list", 'Write JSON, such as {"a": 1}.'),
        ("string", "caf\udce9", "input 'x' holds bytes that are no text", "Write it in UTF-8."),
    ],
)
def test_an_argument_that_is_not_as_its_type_asks_is_refused(
    type_: InputType, raw: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_argument(declared(type_), raw)
    assert (caught.value.message, caught.value.next) == (message, hint)


def test_every_input_gets_a_value_in_the_order_of_the_declarations() -> None:
    inputs = {"a": declared("string", "a"), "b": optional("integer", 5, "b"), "c": declared("integer", "c", minimum=1)}
    bound = bind(inputs, {"c": 2.0, "a": "x"})
    assert bound == {"a": "x", "b": 5, "c": 2}
    assert list(bound) == ["a", "b", "c"]
    assert type(bound["c"]) is int


@pytest.mark.parametrize(
    ("one", "value", "reason"),
    [
        (declared("string", enum=["low", "high"]), "mid", "must be one of 'low', 'high'"),
        (declared("integer", enum=[0, 1]), True, "must be a whole number, not true or false"),
        (declared("string", pattern="^v[0-9]+$"), "1", "must match the pattern '^v[0-9]+$'"),
        (declared("string", pattern="^(a+)+$"), "a" * 50 + "b", "must match the pattern '^(a+)+$'"),
        (declared("integer", minimum=1), 0, "must be at least 1"),
        (declared("number", maximum=1.5), 2, "must be at most 1.5"),
        (declared("array", items={"type": "string"}), ["a", 1], "holds item 2, which must be text, not a number"),
        (declared("object"), {"a": float("inf")}, "holds a number that is not finite"),
        (declared("object"), {"a": [2**64]}, "holds a number of more than 64 bits"),
        (declared("string"), None, "must be text, not nothing"),
        (declared("file"), 5, "must be text, not a number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(one: Input, value: Any, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        bind({"x": one}, {"x": value})
    assert caught.value.message == f"input 'x' {reason}"
    assert caught.value.next == "Correct what -i, -I or --inputs gives."


def test_a_value_nested_without_end_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert fit("array", {}, value)[1] == "is nested too deeply"


def test_a_long_value_is_never_shown() -> None:
    with pytest.raises(UsageError) as caught:
        bind({"x": declared("integer")}, {"x": "secret" * 100})
    assert caught.value.message == "input 'x' must be a whole number, not text"


def test_all_that_is_wrong_is_told_at_once() -> None:
    inputs = {
        "plan": declared("file", "plan"),
        "risk": declared("string", "risk"),
        "count": declared("integer", "count"),
    }
    with pytest.raises(UsageError) as caught:
        bind(inputs, {"count": "x", "extra": 1})
    assert caught.value.message == (
        "input 'plan' is missing; input 'risk' is missing; input 'count' must be a whole number, not text; "
        "the playbook declares no input 'extra'"
    )
    assert caught.value.exit == 2


@pytest.mark.parametrize(
    ("given", "next_"),
    [
        ({}, "Give -i plan=PATH -i risk=VALUE"),
        ({"plan": "x", "rsk": 1}, "Did you mean 'risk'?"),
        ({"plan": "x", "other": 1}, "Declared: 'plan', 'risk'."),
    ],
)
def test_what_to_do_next_is_told(given: dict[str, Any], next_: str) -> None:
    with pytest.raises(UsageError) as caught:
        bind({"plan": declared("file", "plan"), "risk": declared("string", "risk")}, given)
    assert caught.value.next == next_


def test_a_playbook_without_inputs_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        bind({}, {"x": 1})
    assert caught.value.next == "Declared: none."

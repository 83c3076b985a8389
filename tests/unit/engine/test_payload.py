import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.engine.payload import MOST_BRACKETS, MalformedError, as_mapping, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=VALUES)
def test_json_is_read(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(b"\xef\xbb\xbf" + json.dumps(value, ensure_ascii=True).encode()) == value


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_is_none(body: bytes) -> None:
    assert parse_json(b"[" + body + b"]") == [None]


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert parse_json(b'"caf\xe9"') == "caf\ufffd"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"<!DOCTYPE html><html></html>", "is HTML, not JSON"),
        (b" <html>", "is HTML, not JSON"),
        (b"{", "is not JSON"),
        (b"{} {}", "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b"\x00", "is not JSON"),
        (b'"\n"', "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b"9" * 5000, "holds a number with too many digits"),
        (b"[]" * (MOST_BRACKETS + 1), "has too many parts"),
    ],
)
def test_what_is_no_json_is_told_in_a_phrase(body: bytes, what: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_json(body)
    assert caught.value.what == what


@given(body=st.binary(max_size=300))
def test_any_bytes_give_a_value_or_a_malformed_error(body: bytes) -> None:
    try:
        value = parse_json(body)
    except MalformedError as error:
        assert error.what  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(value, dict | list | str | int | float | None)


@pytest.mark.parametrize(("value", "mapping"), [({"a": 1}, {"a": 1}), ([], {}), (None, {}), ("a", {})])
def test_what_is_no_object_is_an_empty_one(value: object, mapping: dict[str, int]) -> None:
    assert as_mapping(value) == mapping

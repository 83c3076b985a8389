import pytest

from overlord_run.store.notation import MAX_DEPTH, decode, encode


def test_json_is_one_line_of_ascii_without_blanks():
    assert encode({"a": ["é\n", 1.5, None]}) == '{"a":["\\u00e9\\n",1.5,null]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_no_json_is_refused(value):
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        encode(value)


@pytest.mark.parametrize(
    "text", [b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, b"[" + b"[]," * 1000 + b"{}]", b'"' + b"[" * 1000 + b'"']
)
def test_json_within_the_depth_is_read(text):
    assert encode(decode(text)).encode() == text


@pytest.mark.parametrize(
    "text",
    [b"[" * 100_000, b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), b"[" * 201 + b"1" + b"]" * 201],
    ids=["endless", "objects", "lists"],
)
def test_json_that_is_too_deep_is_refused(text):
    with pytest.raises(ValueError, match=r"it is nested too deeply|Expecting value"):
        decode(text)

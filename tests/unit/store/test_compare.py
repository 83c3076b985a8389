import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.store.compare import Difference, bytes_difference, json_difference, odd_line

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("found", "expected", "difference"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": 1}, {"a": 2}, ("a", "is 1, not 2")),
        ({"a": 1}, {"a": 1.0}, ("a", "is 1, not 1.0")),
        ({"a": 1}, {"a": True}, ("a", "is 1, not True")),
        ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "y"}]}}, ("a.b[1].c", "is 'x', not 'y'")),
        ({"a": 1}, {}, ("a", "should not be there")),
        ({}, {"a": 1}, ("a", "is missing")),
        ({"a": [1]}, {"a": [1, 2]}, ("a", "has 1 elements, not 2")),
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, ("a", "is 1, not 2")),
        ([1, 1], [2, 2], ("[0]", "is 1, not 2")),
        ({"a": []}, {"a": {}}, ("a", "is [], not {}")),
        ({"a": "x" * 100}, {"a": None}, ("a", "is '" + "x" * 59 + "…, not None")),
    ],
)
def test_the_first_value_that_differs_is_told_with_its_path(found, expected, difference):
    assert json_difference(found, expected) == difference


@given(VALUES, VALUES)
def test_values_differ_where_they_are_not_the_same_json(found, expected):
    same = repr(found) == repr(expected) or (found == expected and sorted_repr(found) == sorted_repr(expected))
    assert (json_difference(found, expected) is None) == same


def sorted_repr(value):
    if isinstance(value, dict):
        return repr(sorted((key, sorted_repr(inner)) for key, inner in value.items()))
    return repr([sorted_repr(inner) for inner in value]) if isinstance(value, list) else repr(value)


@pytest.mark.parametrize(
    ("found", "expected", "difference"),
    [
        (b'{"a":1}', b'{"a":2}', ("a", "is 1, not 2")),
        (b'{\n"a":1,\n"b": 2}', b'{\n"a":1,\n"b":2}', ("line 3", "the same values are written in another way")),
        (b'{"a":1}\n\n', b'{"a":1}\n', ("line 2", "the same values are written in another way")),
        (b'{\n"a":\n}', b'{\n"a":1}', ("line 3", "it is no JSON of ours: Expecting value: line 3 column 1 (char 7)")),
        (
            b'{\n"\xff":1}',
            b'{\n"a":1}',
            (
                "line 2",
                "it is no JSON of ours: 'ascii' codec can't decode byte 0xff in position 3: ordinal not in range(128)",
            ),
        ),
        (b"[" * 300, b"{}", ("line 1", "it is no JSON of ours: Expecting value: line 1 column 301 (char 300)")),
    ],
)
def test_files_that_differ_are_told_by_value_or_by_line(found, expected, difference):
    assert bytes_difference(found, expected) == difference


@pytest.mark.parametrize(
    ("found", "expected", "line"), [(b"a\nb", b"a\nc", 2), (b"a\n", b"a\nc", 2), (b"a\n\n", b"a\n", 2), (b"a", b"a", 0)]
)
def test_the_first_odd_line_is_found(found, expected, line):
    assert odd_line(found, expected) == line


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (Difference("run.json", "lastSeq", "is 1, not 2"), "run.json: lastSeq: is 1, not 2"),
        (Difference("run.json", "", "is missing"), "run.json: is missing"),
    ],
)
def test_a_difference_reads_as_a_line(difference, text):
    assert str(difference) == text

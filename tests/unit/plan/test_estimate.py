import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.plan.estimate import tokens


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("日本", 2), ("日本 abcd", 4), ("é", 1)]
)
def test_a_text_is_about_so_many_tokens(text: str, count: int) -> None:
    assert tokens(text) == count


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(text: str, more: str) -> None:
    assert tokens(text + more) >= tokens(text)

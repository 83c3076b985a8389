import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.playbook.patterns import PatternError, is_in, parse_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "abc", True),
        ("b", "abc", True),
        ("^b", "abc", False),
        ("^abc$", "abc\n", False),
        ("^a{1,3}$", "aaaa", False),
        (r"^v\d+(\.\d+)*$", "v1.20.3", True),
        (r"\bword\b", "a word", True),
        ("é", "café", True),
        ("^.$", "\ud800", True),
    ],
)
def test_a_pattern_is_looked_for_anywhere_in_a_text(pattern: str, text: str, *, found: bool) -> None:
    assert is_in(pattern, text) is found


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|a)*b", "(a*)*c", "^(([a-z])+.)+[A-Z]$"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    assert not is_in(pattern, "a" * 100_000 + "!")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a" * 1001, "is longer than 1,000 characters"),
        ("a)", "cannot be read: unexpected )"),
        ("(a", "cannot be read: missing )"),
        ("(?=a)", "cannot be read: invalid perl operator"),
        (r"(a)\1", "cannot be read: invalid escape sequence"),
        ("[a", "cannot be read: missing ]"),
        ("[z-a]", "cannot be read: invalid character class range"),
        ("*a", "cannot be read: no argument for repetition operator"),
        ("((a{99}){99}){99}", "cannot be read: invalid repetition size"),
        ("a{1000}" * 100, "cannot be read: pattern too large - compile failed"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(pattern)
    assert str(caught.value) == reason


@given(st.text(max_size=30), st.text(max_size=100))
def test_any_pattern_is_answered_or_refused(pattern: str, text: str) -> None:
    try:
        parse_pattern(pattern)
    except PatternError:
        return
    assert is_in(pattern, text) in {True, False}

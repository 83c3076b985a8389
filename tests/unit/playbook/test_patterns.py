import re

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from overlord_run.playbook.patterns import PatternError, Steps, parse_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "", True),
        ("", "abc", True),
        ("b", "abc", True),
        ("^b", "abc", False),
        ("c$", "abc", True),
        ("^abc$", "abc\n", False),
        ("a|", "z", True),
        ("^(?:a|bc)$", "bc", True),
        ("^(a|b)*$", "abba", True),
        ("^a?b+c*$", "bb", True),
        ("^a{2}$", "aa", True),
        ("^a{2}$", "aaa", False),
        ("^a{2,}$", "aaaa", True),
        ("^a{1,3}$", "aaa", True),
        ("^a{1,3}$", "aaaa", False),
        ("^a+?$", "aa", True),
        (r"^v\d+(\.\d+)*$", "v1.20.3", True),
        (r"^v\d+(\.\d+)*$", "v1.", False),
        (".", "\n", False),
        (r"\.", ".", True),
        (r"\x41\u0042", "AB", True),
        ("[^a-c]", "abc", False),
        ("[]]", "]", True),
        ("[^]]", "]", False),
        (r"[\]x]", "]", True),
        ("[a&&b~~c||d]", "&", True),
        ("[[a]", "[", True),
        (r"^\s*\S+\s*$", " x ", True),
        ("a{", "a{", True),
        ("(a*)*b", "aaac", False),
        ("^(^a|b$)*$", "ab", True),
        ("^(a{2,3}|b){2}c$", "aabc", True),
        ("^(a{2,3}|b){2}c$", "abc", False),
        ("()", "", True),
        ("^$", "", True),
        ("é", "café", True),
    ],
)
def test_a_pattern_is_found_as_re_finds_it(pattern: str, text: str, *, found: bool) -> None:
    assert parse_pattern(pattern).is_in(text, Steps()) is found


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a" * 1001, "is longer than 1,000 characters"),
        ("a)", "has a ')' too many"),
        ("(a", "has a '(' that is not closed"),
        ("(" * 60, "is nested more than 50 deep"),
        ("(?=a)", "holds a group of a kind that is not supported; (?:…) is"),
        ("(?P<a>b)", "holds a group of a kind that is not supported; (?:…) is"),
        (r"(a)\1", "holds an escape that is not supported"),
        (r"\bword", "holds an escape that is not supported"),
        ("a\\", "holds an escape that is not supported"),
        ("[a", "holds a class that is not closed"),
        ("[z-a]", "holds a class that cannot be read: bad character range z-a"),
        ("[a--b]", r"holds '--' in a class; write \-"),
        ("*a", "repeats nothing"),
        ("{2}", "repeats nothing"),
        ("^*", "repeats nothing"),
        ("a**", "repeats a repetition; put it in (?:…)"),
        ("a{2}{3}", "repeats a repetition; put it in (?:…)"),
        ("a{3,2}", "holds a count whose bounds are the wrong way round"),
        ("((a{99}){99}){99}", "repeats too much"),
        ("a{2400}b{2400}c{2400}", "repeats too much"),
        ("a{2400}|b{2400}|c{2400}", "repeats too much"),
        ("((){9999}){9999}", "repeats too much"),
        ("((){0,9999}){0,9999}", "repeats too much"),
    ],
)
def test_what_is_no_pattern_or_could_take_for_ever_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse_pattern(pattern)
    assert str(caught.value) == reason


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*)*$", "^([a-z]+)*$", "(x+x+)+y"])
def test_no_pattern_takes_more_steps_than_its_length_times_the_texts(pattern: str) -> None:
    steps = Steps(20 * 5001)
    assert parse_pattern(pattern).is_in("a" * 4999 + "\n", steps) is False
    assert steps.left > 0


def test_steps_run_out() -> None:
    steps = Steps(100)
    with pytest.raises(PatternError) as caught:
        parse_pattern("a+b").is_in("a" * 1000, steps)
    assert str(caught.value) == "takes too many steps to look for"


PIECES = ["a", "b", "ab", "(", ")", "|", "*", "+", "?", "{1,2}", "^", "$", ".", "[ab]", "[^a]", "(?:", r"\w"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text("ab\n", max_size=6))
def test_where_both_take_a_pattern_re_agrees(pattern: str, text: str) -> None:
    try:
        found = parse_pattern(pattern).is_in(text, Steps())
    except PatternError:
        reject()
    assert found is bool(re.search(pattern.replace("$", r"\Z"), text))

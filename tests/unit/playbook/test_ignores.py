import pytest
from msgspec.structs import replace

from overlord_run.playbook.ignores import Ignore, Syntax, find, heed, tell_unused
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem


def found(text: str, syntax: Syntax = "yaml") -> list[tuple[str, int, int]]:
    return [(one.rule, one.place.line, one.place.column) for one in find(text, "f", syntax) if not one.is_sent]


def test_a_comment_names_the_rules_that_it_silences() -> None:
    assert found("a: 1\nb: 2  # overlord: ignore[wrong-type, unused-var,]\n") == [
        ("wrong-type", 2, 26),
        ("unused-var", 2, 38),
    ]


@pytest.mark.parametrize(
    "comment", ["# overlord: ignore", "# overlord: ignore[]", "# overlord: ignore [a]", "# overlord: ignore[a,"]
)
def test_a_comment_that_names_none_is_found_too(comment: str) -> None:
    assert found(f"a: 1 {comment}") == [("", 1, 6)]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1#overlord: ignore[b]",
        "a: 1 # overlord ignore[b]",
        "a: 1 # overlord: ignored[b]",
        "a: 'x # overlord: ignore'",
        "a: 'x # overlord: ignore[b]'",
        'a: "x\n  # overlord: ignore[b]"',
        "a: |\n  x # overlord: ignore[b]\n",
        "a: >-\n\n  # overlord: ignore[b]",
    ],
)
def test_what_is_no_comment_silences_nothing(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: | # overlord: ignore[b]\n  x", 1),
        ("a: |\n  x\n# overlord: ignore[b]\n", 3),
        ("a: 'x' # overlord: ignore[b]", 1),
        ("a: x\t#overlord:ignore[b]", 1),
        ("a: x # Overlord: Ignore[b]", 1),
        ("a: [1, # overlord: ignore[b]\n 2]", 1),
        ("a: 'x # overlord: ignore[c]' # overlord: ignore[b]", 1),
        ("a: |\n  x {#overlord: ignore[b]#} y\n", 2),
        ("a: |\n  x {#- overlord: ignore[b] -#} y\n", 2),
        ("a: 1\r\nb: 1 # overlord: ignore[b]\r\n", 2),
        ("a: \u2028# overlord: ignore[b]", 2),
    ],
)
def test_a_comment_of_yaml_or_of_a_template_is_found_where_it_stands(text: str, line: int) -> None:
    assert [(rule, at) for rule, at, _ in found(text)] == [("b", line)]


def test_in_what_is_not_yaml_the_comments_before_the_fault_are_told_from_texts() -> None:
    assert found("a: 'x # overlord: ignore[c]'\nb: @ # overlord: ignore[b]\nc: 1 # overlord: ignore[d]") == [
        ("b", 2, 25),
        ("d", 3, 25),
    ]


def test_in_a_role_file_yaml_ends_with_the_front_matter() -> None:
    text = "---\nrole: a # overlord: ignore[b]\n---\n# overlord: ignore[c]\nYou. {# overlord: ignore[d] #}\n"
    assert [rule for rule, _, _ in found(text, "role")] == ["b", "d"]
    assert [rule for rule, _, _ in found(text.removeprefix("---\n"), "role")] == ["d"]
    assert [rule for rule, _, _ in found(text, "text")] == ["d"]


def test_a_warning_is_silenced_on_its_line_by_its_rule_and_what_silences_none_is_left() -> None:
    here = Problem("f", 2, 1, "a", "x", severity="warning")
    others = [Problem("f", 2, 1, "b", "x"), Problem("f", 3, 1, "a", "x"), Problem("g", 2, 1, "a", "x")]
    used, unused = Ignore("a", Place("f", 2, 9)), Ignore("c", Place("f", 2, 12))
    assert heed([here, *others], [used, unused]) == (others, [unused])


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ("write y", "write y; a comment silences warnings alone"),
        ("", "a comment silences warnings alone"),
    ],
)
def test_an_error_is_unsilenced_and_its_hint_says_so(hint: str, told: str) -> None:
    error, ignore = Problem("f", 2, 1, "a", "x", hint), Ignore("a", Place("f", 2, 9))
    assert heed([error], [ignore]) == ([replace(error, hint=told)], [])


def test_what_silences_nothing_is_a_warning_that_says_why() -> None:
    rules = ("", "unused-vra", "nonsense", "unused-var")
    told = tell_unused([Ignore(rule, Place("f", 2, column)) for column, rule in enumerate(rules, 1)], {"unused-var"})
    assert [str(one) for one in told] == [
        "f:2:1: warning: the comment names no rule (write # overlord: ignore[RULE]) [unused-ignore]",
        "f:2:2: warning: there is no rule 'unused-vra' (did you mean 'unused-var'?) [unused-ignore]",
        "f:2:3: warning: there is no rule 'nonsense' (name one that a problem tells) [unused-ignore]",
        (
            "f:2:4: warning: no problem of the rule 'unused-var' is on this line "
            "(remove it, or put it on the line that the problem names) [unused-ignore]"
        ),
    ]


def test_what_stands_in_a_text_silences_nothing_and_is_told_so() -> None:
    here = Problem("f", 2, 1, "b", "x", severity="warning")
    sent = find("a: |\n  x # overlord: ignore[b]\n", "f", "yaml")
    assert heed([here], sent) == ([here], list(sent))
    assert [str(one) for one in tell_unused(sent, {"b"})] == [
        ("f:2:24: warning: this is part of the text, and no comment (write {# overlord: ignore[b] #}) [unused-ignore]"),
    ]


def test_a_file_that_is_nested_too_deep_is_not_read_on() -> None:
    assert found("# overlord: ignore[b]\n" + "[" * 2_000_000 + "'# overlord: ignore[c]'") == [("b", 1, 20)]

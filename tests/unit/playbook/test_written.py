import pytest

from overlord_run.playbook.parse import read
from overlord_run.playbook.rules import MAX_PROBLEMS
from overlord_run.playbook.written import how_to_write

BASE = """\
overlord: 1
name: council
roles:
  critic: {system: You review., task: Begin.}
assignments:
  - {slot: alder, role: critic}
"""


def told(text: str) -> list[str]:
    playbook, problems = read((BASE + text).encode(), "f")
    assert playbook is not None
    assert {each.severity for each in problems} <= {"warning"}
    return [f"{each.line - 6}:{each.column} {each.rule}: {each.message}" for each in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("description: Weigh #3 first", ["1:14 cut-text: the text ends before '#3 first', which is a comment"]),
        (
            "description: Weigh it. #3 is first",
            ["1:14 cut-text: the text ends before '#3 is first', which is a comment"],
        ),
        ("description: Tell\n  it in #general", ["1:14 cut-text: the text ends before '#general', which is a comment"]),
        ("vars: {a: [x, look #x\n  ]}", ["1:15 cut-text: the text ends before '#x', which is a comment"]),
        ("x-a: &a look #x\ndescription: *a", ["1:6 cut-text: the text ends before '#x', which is a comment"]),
        ("description: Weigh it. #todo", []),
        ("description: Weigh it # 3", []),
        ("description: Weigh it ## 3", []),
        ("description: Weigh it #overlord: ignore[cut-text]", []),
        ("description: 'Weigh' #3", []),
        ("description: Weigh#3\nname2x: &b 1".replace("name2x", "x-n"), []),
        ("engine: {provider: own #3\n  }", []),
        ("vars: {a: 12 #3\n  }", []),
        ("x-n: a\n", []),
    ],
)
def test_a_text_that_a_comment_cuts_is_told(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("written", "printed"),
    [("1.10", "1.1"), ("012", "12"), ("0x1F", "31"), ("0o14", "12"), ("+7", "7"), (".5", "0.5"), ("1e3", "1000.0")],
)
def test_a_number_that_is_printed_otherwise_than_it_is_written_is_told(written: str, printed: str) -> None:
    message = f"{written} is read as a number, and printed as {printed}"
    assert told(f"vars: {{a: [{{b: {written}}}]}}") == [f"1:16 rewritten-number: {message}"]


@pytest.mark.parametrize("written", ["1.1", "12", "-3", "0.5", "true", "null", "'1.10'", "1.2.10", "1_000", "1:30"])
def test_a_number_or_a_text_that_stays_as_it_is_written_is_left_alone(written: str) -> None:
    assert told(f"vars: {{a: {written}}}") == []


def test_a_number_where_numbers_are_meant_is_left_alone() -> None:
    assert told("engine: {budget: {time: 1.50m, unpriced: {input: 5.0, output: 30.00}}}") == []


@pytest.mark.parametrize("word", ["yes", "Yes", "ON", "no", "off"])
def test_a_word_that_was_a_boolean_is_told_below_a_key(word: str) -> None:
    boolean = "true" if word.lower() in ("yes", "on") else "false"
    assert told(f"vars: {{a: {word}, b: '{word}', c: [{word}]}}") == [
        f"1:11 yes-or-no: 'a' is the text '{word}', not {boolean}"
    ]


def test_what_a_role_or_an_assignment_is_given_is_looked_at() -> None:
    inputs = "system: '{{ inputs.a }} {{ inputs.b }}', inputs: {a: {type: string}, b: {type: number, default: 2.0}}"
    text = BASE.replace("system: You review.", f"{inputs}, with: {{a: yes}}").replace(
        "critic}\n", "critic, with: {b: 01}}\n"
    )
    playbook, problems = read(text.encode(), "f")
    assert playbook is not None
    assert [(each.line, each.rule) for each in problems] == [(4, "yes-or-no"), (6, "rewritten-number")]


def test_no_more_is_told_than_of_a_file_that_is_no_playbook() -> None:
    numbers = ", ".join(["01"] * (MAX_PROBLEMS + 9))
    assert len(told(f"vars: {{a: [{numbers}]}}")) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("type_", "value", "written", "expected"),
    [
        ("string", 1.1, "1.10", 'quote it: "1.10"'),
        ("string", True, "True", 'quote it: "True"'),
        ("string", [1], None, ""),
        ("boolean", "No", "No", "write false; to YAML 1.2 No is text"),
        ("boolean", "maybe", "maybe", ""),
        ("number", "yes", "yes", ""),
    ],
)
def test_how_a_value_is_written_that_is_only_written_otherwise(
    type_: str, value: object, written: str | None, expected: str
) -> None:
    assert how_to_write(type_, value, written) == expected

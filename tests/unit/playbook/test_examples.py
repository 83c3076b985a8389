import pytest
import yaml

from overlord_run.playbook.examples import Example, Reply, parse_examples, role_of
from overlord_run.playbook.schema import load
from overlord_run.playbook.texts import FileRef, Place, Text

WHOLE = """\
overlord: 1
expect: {schema: {type: object}}
examples:
  a name:
    with: {focus: security, rules: ["{{ x }}"]}
    servant: {slot: alder, name: Al, model: ultra, profile: implementation}
    text: |
      You review.
    contains: [one, two]
    lacks: three
    matches: ^[0-9]$
    expect: {schema_file: verdict.json}
    reply: It is 1.
    json: 1
  another one:
    text_file: critic.txt
    reply: None.
    misfit: no JSON
  it renders: {}
"""


def told(text: str, file: str = "critic.examples.yml") -> list[str]:
    examples, problems = parse_examples(text.encode(), file)
    assert (examples is None) == bool(problems)
    return [f"{one.line}:{one.column} {one.rule}: {one.message} ({one.hint})" for one in problems]


def test_an_example_is_an_assignment_of_the_role_and_what_must_come_of_it() -> None:
    examples, problems = parse_examples(WHOLE.encode(), "roles/critic.examples.yml")
    assert problems == []
    assert examples is not None

    def place(line: int, column: int) -> Place:
        return Place("roles/critic.examples.yml", line, column)

    playbook = examples.playbook
    assert {name: role.file for name, role in playbook.roles.items()} == {"critic": FileRef("./critic.md", place(1, 1))}
    first, second, _ = playbook.assignments
    assert (first.slot, first.name, first.model, first.profile) == ("a name", "Al", "ultra", "implementation")
    assert (second.slot, second.name, second.model, second.profile) == ("another one", "", None, None)
    assert first.values == {"focus": "security", "rules": ["{{ x }}"]}, "plain values, no templates"
    assert first.expect is not None
    assert first.expect.schema == FileRef("verdict.json", place(12, 27))
    assert second.expect is not None
    assert second.expect.schema.content == {"type": "object"}  # type: ignore[union-attr]
    assert playbook.places["assignments", 0, "with", "focus"] == place(5, 12)
    assert examples.examples == (
        Example(
            "a name",
            place(4, 3),
            "alder",
            Text("You review.\n", place(8, 7)),
            ("one", "two"),
            ("three",),
            ("^[0-9]$",),
            Reply("It is 1.", place(13, 12), 1),
        ),
        Example(
            "another one",
            place(15, 3),
            text=FileRef("critic.txt", place(16, 16)),
            reply=Reply("None.", place(17, 12), misfit=("no JSON",)),
        ),
        Example("it renders", place(19, 3)),
    )


def test_an_example_alone_is_a_playbook_whose_places_are_its_own() -> None:
    examples, _ = parse_examples(WHOLE.encode(), "critic.examples.yml")
    assert examples is not None
    first, second = examples.alone(0), examples.alone(1)
    assert [one.slot for one in first.assignments] == ["alder"]
    assert list(first.models) == ["ultra"]
    assert ("assignments", 0, "with", "focus") in first.places
    assert [one.slot for one in second.assignments] == ["servant"]
    assert list(second.models) == ["normal"]
    assert second.places == {}


@pytest.mark.parametrize(
    ("file", "role"),
    [
        ("critic.examples.yml", "critic.md"),
        ("roles/critic.examples.yaml", "critic.md"),
        ("a.b.examples.yml", "a.b.md"),
        (".examples.yml", None),
        ("critic.yml", None),
        ("examples.yml", None),
    ],
)
def test_the_name_of_a_file_says_whose_examples_it_holds(file: str, role: str | None) -> None:
    assert role_of(file) == role


HEAD = "overlord: 1\nexamples:\n"


@pytest.mark.parametrize(
    ("examples", "problem"),
    [
        (
            "  one: {reply: x, json: 1}",
            "3:9 goes-with: 'reply' stands without 'expect' (add 'expect' here, or at the top for all)",
        ),
        ("  one: {json: 1}", "3:9 goes-with: 'json' stands without 'reply' (remove it, or add 'reply')"),
        (
            "  one: {text_file: b.txt}\n  two: {text_file: B.txt}",
            "4:20 repeated: the file 'B.txt' is that of 'one' too (give each text a file of its own)",
        ),
        (
            "  one: {text_file: a/../../b.txt}",
            (
                "3:20 file-outside: 'a/../../b.txt' is outside of this file's folder "
                "(put it beside the examples, or in a folder there)"
            ),
        ),
        (
            "  one: {text_file: /b.txt}",
            (
                "3:20 file-path: the path '/b.txt' is absolute, not relative "
                "(write a path from this file's folder, with / between folders)"
            ),
        ),
        (
            "  one: {text_file: critic.md}",
            (
                "3:20 file-path: 'critic.md' is not the name of a file that ends in .txt "
                "(write a path from this file's folder, such as critic.default.txt)"
            ),
        ),
        (
            "  one: {matches: [a, (]}",
            "3:22 bad-value: the pattern '(' cannot be read: missing ) (write it another way)",
        ),
        (
            "  ' one': {}",
            (
                "3:3 bad-value: ' one' cannot be a name for people "
                "(write one line of 100 characters at most, without blanks around it)"
            ),
        ),
    ],
)
def test_what_makes_no_sense_is_told_where_it_stands(examples: str, problem: str) -> None:
    assert told(f"{HEAD}{examples}\n") == [problem]


def test_a_file_that_is_called_after_no_role_file_is_told() -> None:
    assert told(f"{HEAD}  one: {{}}\n", "critic.yml") == [
        (
            "1:1 file-path: the file is not called after a role file "
            "(call it critic.examples.yml where the role file beside it is critic.md)"
        )
    ]


def test_a_file_that_is_no_yaml_is_told() -> None:
    assert told("overlord: [") != []


def test_the_whole_file_uses_every_key() -> None:
    examples = load("examples")["definitions"]["example"]["properties"]
    used = yaml.safe_load(WHOLE)["examples"].values()
    assert {key for example in used for key in example} == set(examples)

"""What `roles test` finds, tries and writes; the words that it is told in are the command's own tests."""

import os
from pathlib import Path

import pytest

from overlord_run.app.roles.test import Trials, try_roles
from overlord_run.app.validate import validate
from overlord_run.errors import Exit, UsageError

ROLE = """\
---
overlord: 1
role: critic
model: acme-large
inputs:
  focus: {type: string}
  most: {type: integer, maximum: 9, default: 5}
---
You review for {{ inputs.focus }}.
{% if inputs.most > 5 %}
{{ inputs.focus[inputs.most] }}
{% endif %}
At most {{ inputs.most }}, {{ servant.slot }} ({{ servant.name }}, {{ servant.model }}, {{ servant.profile }}).
"""
HEAD = "overlord: 1\nexpect: {schema: {type: object, required: [decision]}}\nexamples:\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder `roles`, in which is one role."""
    monkeypatch.chdir(tmp_path)
    roles = tmp_path / "roles"
    roles.mkdir()
    (roles / "critic.md").write_text(ROLE, encoding="utf-8")
    return roles


def write(folder: Path, *examples: str) -> None:
    text = HEAD + "".join(f"  {one}\n" for one in examples)
    (folder / "critic.examples.yml").write_text(text, encoding="utf-8")


def failures(trials: Trials) -> list[str]:
    return [failure.message for role in trials.roles for tried in role.examples for failure in tried.failures]


def states(trials: Trials) -> list[str]:
    return [tried.state for role in trials.roles for tried in role.examples]


def problems(trials: Trials) -> list[str]:
    return [f"{one.file}:{one.line}:{one.column} {one.rule}" for one in trials.problems]


def test_a_prompt_is_what_a_servant_is_told_of_the_role_without_the_frame(folder: Path) -> None:
    whole = "You review for security.\\nAt most 5, servant (servant, acme-large, consultation).\\n"
    named = "You review for {{ x }}.\\nAt most 2, alder (Al, ultra, implementation)."
    servant = "{slot: alder, name: Al, model: ultra, profile: implementation}"
    write(
        folder,
        f'one: {{with: {{focus: security}}, text: "\\n{whole}"}}',
        f'two: {{with: {{focus: "{{{{ x }}}}", most: 2}}, servant: {servant}, text: "{named}"}}',
    )
    trials = try_roles(["roles"])
    assert (failures(trials), states(trials), trials.exit_code) == ([], ["passed", "passed"], Exit.OK)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ("text: You review.", "the prompt is not its 'text'"),
        ("contains: [You review, speed]", 'the prompt does not contain "speed"'),
        ("lacks: [speed, At most]", 'the prompt contains "At most"'),
        (r"matches: ['^At most \d', '^most', 'review$']", "no line of the prompt matches '^most'"),
        ("reply: Ship it., json: 1", "the reply does not fit: it holds no JSON"),
        ("reply: '{\"decision\": 1}', json: {decision: 2}", "the reply's answer is another one"),
        ("reply: '{\"decision\": 1}', misfit: decision", "the reply fits, and should not"),
        (
            "reply: '{}', misfit: [decision, verdict]",
            'what is told of the reply does not contain "verdict": $: lacks "decision"',
        ),
    ],
)
def test_an_example_fails_where_something_else_comes_of_it(folder: Path, example: str, message: str) -> None:
    write(folder, f"one: {{with: {{focus: security}}, {example}}}")
    trials = try_roles(["roles"])
    assert failures(trials)[0] == message
    assert trials.exit_code == Exit.FAILED


@pytest.mark.parametrize(
    "example",
    [
        'json: {decision: 1, more: [1.0]}, reply: \'First {} and then ```{"more": [1], "decision": 1.0}```\'',
        "misfit: it holds no JSON, reply: Ship it.",
    ],
)
def test_a_reply_is_read_as_a_run_reads_it(folder: Path, example: str) -> None:
    write(folder, f"one: {{with: {{focus: x}}, {example}}}")
    assert failures(try_roles([])) == []


def test_a_template_that_cannot_be_rendered_fails_its_example_alone_at_the_roles_line(folder: Path) -> None:
    write(folder, "one: {with: {focus: short, most: 7}}", "two: {with: {focus: longer text, most: 7}}")
    trials = try_roles(["roles"])
    assert states(trials) == ["failed", "passed"]
    assert failures(trials) == [
        (
            "roles/critic.md:11:1: error: text of 5 has no element 7 (give a fallback: … | default('none')) "
            "[template-undefined]"
        )
    ]


def test_what_is_given_to_the_role_is_checked_where_it_stands(folder: Path) -> None:
    write(folder, "one: {}", "two: {with: {focus: x, most: 10}}", "three: {with: {focus: [x], fokus: x}}")
    trials = try_roles(["roles"])
    assert problems(trials) == [
        "roles/critic.examples.yml:4:3 missing-input",
        "roles/critic.examples.yml:5:26 bad-input-value",
        "roles/critic.examples.yml:6:18 bad-input-value",
        "roles/critic.examples.yml:6:30 unknown-input",
    ]
    assert (trials.exit_code, states(trials)) == (Exit.INVALID, [])
    assert validate(["roles"]).problems == trials.problems


def test_what_is_wrong_with_the_role_or_a_schema_is_told_where_it_stands(folder: Path) -> None:
    (folder / "critic.md").write_text(ROLE.replace("inputs.most }}", "inputs.least }}"), encoding="utf-8")
    (folder / "verdict.json").write_text('{"type": "objekt"}', encoding="utf-8")
    write(folder, "one: {with: {focus: x}, expect: {schema_file: verdict.json}, reply: x, json: 1}")
    trials = try_roles(["roles/critic.md"])
    assert problems(trials) == ["roles/critic.md:13:1 undeclared-input", "roles/verdict.json:1:10 schema-keyword"]


def test_examples_without_their_role_are_told(folder: Path) -> None:
    write(folder, "one: {}")
    (folder / "critic.md").unlink()
    trials = try_roles(["roles"])
    assert problems(trials) == ["roles/critic.examples.yml:1:1 file-missing"]
    assert [role.file for role in trials.roles] == [str(Path("roles/critic.md"))]


# Roles without examples, and warnings


def test_a_role_without_examples_is_a_failure_only_where_it_is_strict(folder: Path) -> None:
    lax, strict = try_roles(["roles"]), try_roles(["roles"], strict=True)
    assert [role.has_no_examples for role in lax.roles] == [True]
    assert (lax.exit_code, strict.exit_code) == (Exit.OK, Exit.FAILED)
    (folder / "critic.examples.yml").write_text("overlord: 1\nexamples: {}\n", encoding="utf-8")
    assert try_roles(["roles"], strict=True).exit_code == Exit.FAILED


def test_a_role_without_examples_is_checked_all_the_same(folder: Path) -> None:
    (folder / "critic.md").write_text("You review.\n", encoding="utf-8")
    trials = try_roles(["roles/critic.md"])
    assert problems(trials) == ["roles/critic.md:1:1 front-matter"]
    assert (trials.exit_code, trials.roles[0].has_no_examples) == (Exit.INVALID, False)


def test_a_warning_is_a_failure_only_where_it_is_strict(folder: Path) -> None:
    role = "---\noverlord: 1\nrole: critic\ninputs: {a: {type: string, default: x}}\n---\nYou.\n"
    (folder / "critic.md").write_text(role, encoding="utf-8")
    write(folder, "one: {text: You.}")
    assert problems(try_roles(["roles"])) == ["roles/critic.md:4:10 unused-input"]
    assert (try_roles(["roles"]).exit_code, try_roles(["roles"], strict=True).exit_code) == (Exit.OK, Exit.FAILED)


def test_a_warning_that_a_comment_silences_is_none(folder: Path) -> None:
    declared = "inputs:\n  a: {type: string, default: x} # overlord: ignore[unused-input]\n"
    role = f"---\noverlord: 1\nrole: critic\n{declared}---\nYou.\n"
    (folder / "critic.md").write_text(role, encoding="utf-8")
    assert try_roles(["roles"]).problems == ()
    write(folder, "one: {text: You.}")
    assert try_roles(["roles"], strict=True).exit_code == Exit.OK
    assert validate(["roles"], strict=True).problems == ()


# What is tried


def test_role_files_their_examples_and_folders_name_a_role_once(folder: Path) -> None:
    write(folder, "one: {with: {focus: x}}")
    for paths in ([], ["roles"], ["roles/critic.md"], ["roles/critic.examples.yml", "roles/critic.md", "."]):
        assert [(role.file, role.examples_file) for role in try_roles(paths).roles] == [
            (str(Path("roles/critic.md")), str(Path("roles/critic.examples.yml")))
        ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "'nowhere' does not exist"),
        ("roles/notes.txt", "'roles/notes.txt' is neither a role file nor its examples"),
        ("empty", "no role file in empty"),
    ],
)
def test_what_is_no_role_is_refused(folder: Path, path: str, message: str) -> None:
    (folder / "notes.txt").write_text("", encoding="utf-8")
    (folder.parent / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        try_roles([path])
    assert caught.value.message == message


def test_without_an_argument_the_folder_roles_is_meant(folder: Path) -> None:
    (folder / "critic.md").unlink()
    folder.rmdir()
    with pytest.raises(UsageError) as caught:
        try_roles([])
    assert (caught.value.message, caught.value.next) == (
        "there is no 'roles' here",
        "overlord-run roles new NAME begins one.",
    )


# Whole texts in files

FOCUSED = "You review for x.\nAt most 5, servant (servant, acme-large, consultation)."


def test_update_writes_a_whole_text_that_is_missing_or_another_one(folder: Path) -> None:
    write(folder, "one: {with: {focus: x}, text_file: texts/critic.txt}")
    missing = try_roles(["roles"])
    assert failures(missing) == ["the prompt is not that of texts/critic.txt; --update writes it"]
    assert [one.rule for one in validate(["roles"]).problems] == ["file-missing"]
    assert states(try_roles(["roles"], update=True)) == ["updated"]
    file = folder / "texts" / "critic.txt"
    assert file.read_bytes() == f"{FOCUSED}\n".encode()
    assert states(try_roles(["roles"], update=True)) == ["passed"]
    file.write_bytes(FOCUSED.replace("\n", "\r\n").encode())
    assert states(try_roles(["roles"])) == ["passed"], "line ends are those of the platform"
    file.write_bytes(b"You.\n")
    [role] = try_roles(["roles"]).roles
    assert role.examples[0].failures[0].diff[:2] == ("@@ -1 +1,2 @@", "-You.")
    assert validate(["roles"]).problems == ()


def test_update_fails_what_is_wrong_besides_and_leaves_texts_in_place_alone(folder: Path) -> None:
    write(folder, "one: {with: {focus: x}, text_file: critic.txt, lacks: review}", "two: {with: {focus: x}, text: No.}")
    before = (folder / "critic.examples.yml").read_bytes()
    trials = try_roles(["roles"], update=True)
    assert states(trials) == ["failed", "failed"]
    assert failures(trials) == ['the prompt contains "review"', "the prompt is not its 'text'"]
    assert (folder / "critic.examples.yml").read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right on Windows")
@pytest.mark.parametrize("link", ["folder", "file"])
def test_update_follows_no_link_out_of_the_folder(folder: Path, link: str) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "critic.txt").write_text("Mine.\n", encoding="utf-8")
    path = "link/critic.txt" if link == "folder" else "critic.txt"
    if link == "folder":
        (folder / "link").symlink_to(outside)
    else:
        (folder / "critic.txt").symlink_to(outside / "critic.txt")
    write(folder, f"one: {{with: {{focus: x}}, text_file: {path}}}")
    trials = try_roles(["roles"], update=True)
    assert problems(trials) == ["roles/critic.examples.yml:4:38 file-outside"]
    (outside / "critic.txt").unlink()
    try_roles(["roles"], update=True)
    assert list(outside.iterdir()) == []


def test_of_a_large_difference_only_the_beginning_is_told(folder: Path) -> None:
    long = "x" * 300_000
    write(folder, f"one: {{with: {{focus: {long}}}, text: You.}}")
    [role] = try_roles(["roles"]).roles
    *lines, last = role.examples[0].failures[0].diff
    assert sum(map(len, lines)) < 11_000
    assert last == "(cut: of 300,091 characters)"


def test_a_whole_text_that_is_no_text_is_told(folder: Path) -> None:
    (folder / "critic.txt").write_bytes(b"\xff")
    write(folder, "one: {with: {focus: x}, text_file: critic.txt}")
    assert problems(try_roles(["roles"], update=True)) == ["roles/critic.examples.yml:4:38 encoding"]
    assert (folder / "critic.txt").read_bytes() == b"\xff"

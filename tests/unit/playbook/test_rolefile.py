import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.model import Input, RoleFile
from overlord_run.playbook.rolefile import parse_role
from overlord_run.playbook.texts import Place, Text

FILE = "roles/critic.md"


def problems_of(content: bytes) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        parse_role(content, FILE)
    return [str(problem) for problem in caught.value.problems]


def test_a_role_file_is_front_matter_and_a_prompt() -> None:
    content = b"""\
---
overlord: 1
role: critic
description: Finds faults.
model: ultra
profile: implementation
inputs:
  focus: {type: string, default: correctness}
---

You review for {{ inputs.focus }}.

--- Most harmful first.
---
Quote the line.

"""
    assert parse_role(content, FILE) == RoleFile(
        name="critic",
        place=Place(FILE, 3, 7),
        system=Text(
            "You review for {{ inputs.focus }}.\n\n--- Most harmful first.\n---\nQuote the line.", Place(FILE, 11, 1)
        ),
        description="Finds faults.",
        model="ultra",
        profile="implementation",
        inputs={"focus": Input("focus", "string", Place(FILE, 8, 3), required=False, default="correctness")},
    )


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_a_role_is_the_same_whatever_ends_its_lines(ending: bytes) -> None:
    content = b"---\noverlord: 1\nrole: critic\n---  \nYou find\nfaults.\n".replace(b"\n", ending)
    assert parse_role(b"\xef\xbb\xbf" + content, FILE) == RoleFile(
        "critic", Place(FILE, 3, 7), Text("You find\nfaults.", Place(FILE, 5, 1))
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"You find faults.\n", b"\n---\nrole: a\n---\nx", b"---\noverlord: 1\n", b"----\n---\n", b" ---\n---\n"],
)
def test_a_file_without_front_matter_is_told_how_it_begins(content: bytes) -> None:
    assert problems_of(content) == [
        (
            "roles/critic.md:1:1: error: the file does not begin with front matter between two '---' lines "
            "(begin the file with ---, overlord: 1, role: NAME, --- on lines of their own) [front-matter]"
        )
    ]


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n   \n\t\n"])
def test_a_role_without_a_prompt_is_a_problem(body: bytes) -> None:
    assert problems_of(b"---\noverlord: 1\nrole: critic\n---" + body) == [
        "roles/critic.md:4:1: error: the file holds no prompt (write it below this line) [empty-role]"
    ]


def test_problems_stand_at_their_own_lines_and_are_told_at_once() -> None:
    assert problems_of(
        b"---\noverlord: 1\nrole: Critic\nprofil: x\ninputs: {a: {type: integer, default: x}}\n---\n"
    ) == [
        (
            "roles/critic.md:3:7: error: 'Critic' cannot be a name "
            "(write small letters, digits, '.', '_' or '-', 64 characters at most) [bad-name]"
        ),
        "roles/critic.md:4:1: error: unknown key 'profil' (did you mean 'profile'?) [unknown-key]",
        (
            "roles/critic.md:5:38: error: the default must be a whole number, not text "
            "(change it, or the declaration) [bad-default]"
        ),
        "roles/critic.md:6:1: error: the file holds no prompt (write it below this line) [empty-role]",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b"---\nrole: a: b\n---\nx",
            (
                "2:8: error: this is not YAML: mapping values are not allowed in this context "
                "(quote a text that holds ': ', and check the indentation) [yaml-syntax]"
            ),
        ),
        (b"---\n---\nx", "1:1: error: the file holds nothing (write it) [empty-file]"),
        (
            b"---\n- a\n---\nx",
            (
                "2:1: error: the file must be a mapping, not a list "
                "(its form is shown by: overlord-run schema) [wrong-type]"
            ),
        ),
        (
            b"---\nrole: a\n---\n\xff",
            "4:1: error: the byte 0xff at offset 16 is not UTF-8 (save the file as UTF-8) [encoding]",
        ),
    ],
)
def test_front_matter_that_cannot_be_read_is_told(content: bytes, problem: str) -> None:
    assert problems_of(content) == [f"{FILE}:{problem}"]


@given(
    st.binary()
    | st.lists(st.sampled_from([b"---\n", b"role: a\n", b"overlord: 1\n", b"x", b"\r", b": "])).map(b"".join)
)
def test_any_bytes_are_a_role_or_problems(content: bytes) -> None:
    try:
        role = parse_role(content, FILE)
    except InvalidPlaybookError as error:
        told = error.problems
    else:
        told = ()
        assert role.system.source.strip()
    assert [problem for problem in told if not problem.hint or problem.file != FILE] == []

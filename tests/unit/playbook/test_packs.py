"""What a playbook says of packs; what git is not to be handed is told in `test_repository`."""

import pytest

from overlord_run.playbook.model import Pack
from overlord_run.playbook.parse import read
from overlord_run.playbook.texts import Place
from playbook_kit import parse

PACKS = """\
overlord: 1
name: example
packs:
  acme: {git: "https://github.com/acme/roles", rev: v1.4.0, path: roles}
  house: {git: "file:///srv/git/roles", rev: main}
roles:
  critic: {from: acme/critic, task: Begin.}
  judge: {from: builtin/judge, task: Begin.}
assignments:
  - {slot: alder, role: critic}
  - {slot: oak, role: judge}
"""


def problems_of(old: str, new: str) -> list[str]:
    return [str(one) for one in read(PACKS.replace(old, new).encode(), "f")[1]]


def test_a_pack_is_a_url_a_revision_and_a_folder() -> None:
    assert parse(PACKS.encode(), "f").packs == {
        "acme": Pack("acme", "https://github.com/acme/roles", "v1.4.0", "roles", Place("f", 4, 3)),
        "house": Pack("house", "file:///srv/git/roles", "main", "", Place("f", 5, 3)),
    }


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("acne/critic", "error: there is no pack 'acne' (did you mean 'acme'?) [unknown-pack]"),
        (
            "other/critic",
            (
                "error: there is no pack 'other' "
                "(declare it under packs, or begin the path of a file with ./ or ../) [unknown-pack]"
            ),
        ),
        ("biultin/judge", "error: there is no pack 'biultin' (did you mean 'builtin'?) [unknown-pack]"),
        (
            "roles/critic.md",
            (
                "error: 'from' is 'roles/critic.md', which is neither the path of a role file nor a role of a pack "
                "(for a file write './roles/critic.md', for a role of a pack leave out .md) [file-path]"
            ),
        ),
        (
            "acme/critic.md",
            (
                "error: 'from' is 'acme/critic.md', which is neither the path of a role file nor a role of a pack "
                "(for a file write './acme/critic.md', for a role of a pack leave out .md) [file-path]"
            ),
        ),
        (
            "acme/..",
            (
                "error: '..' cannot be the name of a role (write small letters, digits, '.', '_' or '-', "
                "64 characters at most: the name of its file without .md) [bad-name]"
            ),
        ),
        (
            'acme/a\\0b"',
            (
                "error: 'a\\x00b' cannot be the name of a role (write small letters, digits, '.', '_' or '-', "
                "64 characters at most: the name of its file without .md) [bad-name]"
            ),
        ),
    ],
)
def test_a_role_is_taken_from_a_pack_that_there_is(reference: str, expected: str) -> None:
    new = f'"{reference}' if reference.endswith('"') else reference
    assert problems_of("acme/critic", new) == [f"f:7:18: {expected}"]


def test_a_role_without_a_text_for_from_is_told_by_the_schema_alone() -> None:
    assert [told.split("[")[-1] for told in problems_of("acme/critic", "1")] == ["wrong-type]"]


@pytest.mark.parametrize("name", ["builtin", "nul", "com1"])
def test_a_name_that_is_taken_is_no_packs(name: str) -> None:
    assert problems_of("house:", f"{name}:") == [
        f"f:5:3: error: the name '{name}' is reserved (choose another name) [reserved-name]"
    ]


def test_a_password_in_a_url_is_not_repeated() -> None:
    (told,) = problems_of("https://github", "https://me:pa55word@github")
    assert "[pack-url]" in told
    assert "pa55word" not in told


@pytest.mark.parametrize("rev", ["1.10", "1e5", "20260131", "0x1f", "true", "null", "~"])
def test_a_revision_that_yaml_does_not_read_as_text_is_refused(rev: str) -> None:
    (told,) = problems_of("rev: v1.4.0", f"rev: {rev}")
    assert told.startswith("f:4:")
    assert "must be text" in told
    assert problems_of("rev: v1.4.0", f'rev: "{rev}"') == ([] if rev != "~" else problems_of("v1.4.0", '"~"'))

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

import pack_kit
from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.model import Pack
from overlord_run.playbook.texts import Place
from overlord_run.roles.lock import Lock, LockedPack, compose_lock, parse_lock

PAGE = Path(__file__).parents[3] / "docs" / "playbook.md"
HERE = Place("council.yml", 1, 1)
ACME = LockedPack(
    pack="acme",
    git="https://github.com/acme/roles",
    rev="v1.4.0",
    path="roles",
    kind="tag",
    commit="1a2b3c4d" * 5,
    files={"tone/plain.md": f"sha256:{'2' * 64}", "critic.md": f"sha256:{'1' * 64}"},
)
HOUSE = LockedPack("house", "file:///srv/git/roles", "main", "", "branch", "0" * 40, {})
TEXT = f"""\
# Written by overlord-run roles lock; keep it beside the playbooks, and review what changes as you review code.
overlord: 1
packs:
  - pack: acme
    git: https://github.com/acme/roles
    rev: v1.4.0
    path: roles
    kind: tag
    commit: {"1a2b3c4d" * 5}
    files:
      critic.md: sha256:{"1" * 64}
      tone/plain.md: sha256:{"2" * 64}
  - pack: house
    git: file:///srv/git/roles
    rev: main
    kind: branch
    commit: "{"0" * 40}"
    files: {{}}
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        parse_lock(text.encode(), "overlord.lock")
    return [str(problem) for problem in caught.value.problems]


def test_a_lock_is_written_sorted_and_read_back() -> None:
    assert compose_lock(Lock((HOUSE, ACME))) == TEXT
    places = Place("overlord.lock", 4, 5), Place("overlord.lock", 13, 5)
    read_back = Lock((replace(ACME, place=places[0]), replace(HOUSE, place=places[1])))
    assert parse_lock(TEXT.encode(), "overlord.lock") == read_back


def test_a_lock_of_nothing_is_a_lock() -> None:
    assert parse_lock(compose_lock(Lock()).encode(), "overlord.lock") == Lock()


@pytest.mark.parametrize("commit", ["1" * 40, "12e4" + "0" * 36, "0" * 39 + "a", "5e" + "9" * 38])
def test_a_commit_that_looks_like_a_number_stays_text(commit: str) -> None:
    composed = compose_lock(Lock((LockedPack("acme", "https://example.com/r", "1.10", "", "tag", commit, {}),)))
    assert [entry.commit for entry in parse_lock(composed.encode(), "overlord.lock").packs] == [commit]


@pytest.mark.parametrize("path", ["true", "null", "1.5", "a b.md", "ä.md", "a'b.md", "#a.md", "&a", "-a.md"])
def test_any_name_of_a_file_is_read_back(path: str) -> None:
    composed = compose_lock(
        Lock((LockedPack("a", "file:///r", "v1", "", "tag", "a" * 40, {path: f"sha256:{'0' * 64}"}),))
    )
    assert list(parse_lock(composed.encode(), "overlord.lock").packs[0].files) == [path]


def test_an_entry_is_found_by_all_that_a_playbook_says_of_a_pack() -> None:
    lock = Lock((ACME, HOUSE))
    assert lock.of(Pack("acme", ACME.git, "v1.4.0", "roles", HERE)) == ACME
    assert lock.of(Pack("house", HOUSE.git, "main", "", HERE)) == HOUSE
    assert lock.of(Pack("acme", ACME.git, "v1.5.0", "roles", HERE)) is None
    assert lock.of(Pack("acme", ACME.git, "v1.4.0", "", HERE)) is None
    assert lock.of(Pack("acme", HOUSE.git, "v1.4.0", "roles", HERE)) is None
    assert lock.of(Pack("other", ACME.git, "v1.4.0", "roles", HERE)) is None
    assert lock.named("acme") == (ACME,)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "overlord: 1",
            "overlord: 2",
            "2:11: error: format version 2 is not understood; version 1 is (write overlord: 1)",
        ),
        ("kind: tag", "kind: tug", "8:11: error: 'kind' cannot be 'tug' (did you mean 'tag'?)"),
        (
            "rev: v1.4.0",
            "rev: 1.10",
            "6:10: error: 'rev' must be text, not a number (quote it: \"1.10\")",
        ),
        (
            "rev: v1.4.0",
            "rev: --upload-pack=evil",
            ("6:10: error: 'rev' is '--upload-pack=evil', which is no tag, branch or commit"
            ' (write its name as git has it; one that looks like a number in quotes, such as "1.10")'),
        ),
        (
            "    commit: 1a2b3c4d",
            "    commit: 1A2b3c4d",
            (f"9:13: error: 'commit' is '1A2b3c4d{'1a2b3c4d' * 4}', which is not the whole name of a commit"
            " (write it in 40 hex digits; overlord-run roles lock does)"),
        ),
        (
            "critic.md: sha256:1",
            "critic.md: sha1:1",
            (f"11:18: error: 'critic.md' is 'sha1:{'1' * 35}…', which is no digest"
            " (write sha256: and 64 hex digits; overlord-run roles lock does)"),
        ),
        (
            "      tone/plain.md",
            "      ../plain.md",
            "12:7: error: the file '../plain.md' holds an empty part, '.' or '..' (write the lock anew)",
        ),
        (
            "      tone/plain.md",
            "      Critic.MD",
            ("12:7: error: not every file system tells 'Critic.MD' from 'critic.md'"
            " (call one of them otherwise in the pack)"),
        ),
        (
            "https://github.com",
            "https://token@github.com",
            ("5:10: error: the URL holds a user's name or password (take it out; git asks the credential helper, or"
            " ssh its agent, of whoever runs it)"),
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_lock_is_told_at_its_place(old: str, new: str, expected: str) -> None:
    (told,) = problems_of(TEXT.replace(old, new))
    assert told.rpartition(" [")[0] == f"overlord.lock:{expected}"


def test_a_pack_has_one_entry() -> None:
    twice = TEXT + TEXT.partition("packs:\n")[2]
    assert problems_of(twice)[0] == (
        "overlord.lock:19:5: error: the pack 'acme' stands here twice in the same way, first on line 4"
        " (keep the entry that is right, or write the lock anew) [duplicate-entry]"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: error: the file holds nothing (HINT) [empty-file]"),
        (
            "<<<<<<< HEAD\noverlord: 1\n=======\n",
            "2:9: error: this is not YAML: mapping values are not allowed in this context (HINT) [yaml-syntax]",
        ),
        ("overlord: 1\npacks: \0", "2:8: error: the character U+0000 is not allowed here (HINT) [control-character]"),
    ],
)
def test_a_lock_that_cannot_be_read_is_to_be_taken_back_or_written_anew(text: str, expected: str) -> None:
    hint = "take its old text back, or delete it and run overlord-run roles lock"
    assert problems_of(text) == [f"overlord.lock:{expected.replace('HINT', hint)}"]


@pytest.mark.parametrize(
    "text", ["", "packs: []\n", "overlord: 1\npacks: {}\n", "overlord: 1\npacks: [1]\n", "- 1\n", "\0"]
)
def test_what_is_no_lock_is_refused(text: str) -> None:
    assert problems_of(text)


def test_the_lock_that_the_page_of_the_playbook_shows_is_written_so() -> None:
    (shown,) = re.findall(r"```yaml\n(# Written by .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    used = {path: pack_kit.digest(pack_kit.TEXTS[path]) for path in ("critic.md", "tone/plain.md")}
    assert compose_lock(Lock((replace(pack_kit.entry(), files=used),))) == shown

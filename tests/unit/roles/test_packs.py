"""Only what the lock names is read, from the cache, and as the lock has it."""

from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

import pack_kit
from overlord_run.files import read_beside
from overlord_run.playbook.model import Playbook, Provenance
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem
from overlord_run.roles.cache import Cache
from overlord_run.roles.commands import command
from overlord_run.roles.lock import Lock
from overlord_run.roles.packs import open_packs, read_labelled
from overlord_run.roles.resolve import read
from playbook_kit import parse, resolve

COUNCIL = """\
overlord: 1
name: council
packs:
  acme: {git: "https://github.com/acme/roles", rev: v1.4.0, path: roles}
roles:
  critic: {from: acme/critic, with: {focus: security}, task: Begin.}
  second: {from: acme/critic, task: Begin.}
assignments:
  - {slot: alder, role: critic}
  - {slot: oak, role: second}
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return pack_kit.fill(tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a playbook's folder with the lock."""
    (tmp_path / "book").mkdir()
    pack_kit.write_lock(tmp_path / "book")
    return tmp_path / "book"


def look(folder: Path, cache: Cache, content: str = COUNCIL) -> tuple[Playbook, list[Problem]]:
    return read(parse(content.encode(), "book/council.yml"), partial(read_beside, folder), lambda: cache)


def told(folder: Path, cache: Cache, content: str = COUNCIL) -> list[str]:
    return [str(problem) for problem in look(folder, cache, content)[1]]


def test_a_role_of_a_pack_is_read_with_what_it_includes(folder: Path, cache: Cache) -> None:
    playbook, problems = look(folder, cache)
    assert problems == []
    role = playbook.roles["critic"]
    assert isinstance(role.system, Text)
    assert role.system.place == Place("acme/critic.md@1a2b3c4d", 8, 1)
    assert role.system.included == (
        ("tone/plain.md", Text(pack_kit.TEXTS["tone/plain.md"], Place("acme/tone/plain.md@1a2b3c4d", 1, 1))),
    )
    assert role.inputs["focus"].place == Place("acme/critic.md@1a2b3c4d", 6, 3)
    assert role.description == "Finds what can go wrong, most harmful first."


def test_where_a_role_comes_from_is_kept(folder: Path, cache: Cache) -> None:
    assert look(folder, cache)[0].roles["second"].provenance == Provenance(
        files={path: pack_kit.digest(pack_kit.TEXTS[path]) for path in ("critic.md", "tone/plain.md")},
        pack="acme",
        git=pack_kit.GIT,
        rev="v1.4.0",
        path="roles",
        kind="tag",
        commit=pack_kit.COMMIT,
    )


def test_a_value_that_does_not_fit_is_told_at_the_playbooks_line(folder: Path, cache: Cache) -> None:
    assert told(folder, cache, COUNCIL.replace("focus: security", "focus: speed")) == [
        (
            "book/council.yml:6:38: error: 'focus' must be one of 'correctness', 'security' "
            "(it is declared in acme/critic.md@1a2b3c4d, on line 6) [bad-input-value]"
        )
    ]


def test_without_a_lock_each_pack_is_told_once(folder: Path, cache: Cache) -> None:
    (folder / LOCK_NAME).unlink()
    assert told(folder, cache) == [
        (
            "book/council.yml:4:3: error: the pack 'acme' is not locked: there is no overlord.lock beside the playbook "
            "(make it: overlord-run roles lock book/council.yml) [lock-missing]"
        )
    ]


def test_a_lock_that_is_no_lock_is_told_at_its_own_line(folder: Path, cache: Cache) -> None:
    path = folder / LOCK_NAME
    path.write_text(path.read_text("utf-8").replace("kind: branch", "kind: trunk"), encoding="utf-8")
    assert [each.split(": error: ")[0] for each in told(folder, cache)] == ["book/overlord.lock:30:11"]


def test_a_lock_that_cannot_be_read_is_told_at_the_pack(folder: Path, cache: Cache) -> None:
    (folder / LOCK_NAME).unlink()
    (folder / LOCK_NAME).mkdir()
    assert told(folder, cache) == [
        "book/council.yml:4:3: error: 'overlord.lock' is a folder, not a file (name a regular file) [file-unreadable]"
    ]


def test_a_lock_behind_a_link_out_of_the_folder_is_not_read(folder: Path, cache: Cache) -> None:
    (folder / LOCK_NAME).rename(folder.parent / "elsewhere.lock")
    (folder / LOCK_NAME).symlink_to("../elsewhere.lock")
    assert [each.rpartition(" ")[2] for each in told(folder, cache)] == ["[file-outside]"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("acme/roles", "acme/rules", "4:10: error: overlord.lock has the pack 'acme' with another URL ('{git}')"),
        ("v1.4.0", "v2", "4:48: error: overlord.lock has the pack 'acme' with another revision ('v1.4.0')"),
        (", path: roles", "", "4:3: error: overlord.lock has the pack 'acme' with another folder ('roles')"),
        (
            "v1.4.0, path: roles",
            "v2, path: old",
            (
                "4:48: error: overlord.lock has the pack 'acme' with another revision ('v1.4.0') "
                "and another folder ('roles')"
            ),
        ),
    ],
)
def test_a_pack_that_the_lock_has_otherwise_is_told_where(
    folder: Path, cache: Cache, old: str, new: str, expected: str
) -> None:
    remedy = "(lock it anew: overlord-run roles lock book/council.yml) [lock-outdated]"
    assert told(folder, cache, COUNCIL.replace(old, new)) == [
        f"book/council.yml:{expected.format(git=pack_kit.GIT)} {remedy}"
    ]


def test_of_several_entries_the_nearest_is_told_and_the_root_is_no_folder(folder: Path, cache: Cache) -> None:
    pack_kit.write_lock(folder, Lock((pack_kit.entry(rev="v9"), pack_kit.entry(path=""))))
    assert "with another folder (none) (" in told(folder, cache)[0]


def test_two_playbooks_of_a_folder_can_call_two_things_by_one_name(folder: Path, cache: Cache) -> None:
    pack_kit.write_lock(folder, Lock((pack_kit.entry(), pack_kit.entry(rev="v2", commit=pack_kit.NEVER_FETCHED))))
    assert told(folder, cache) == []
    assert [each.rpartition(" ")[2] for each in told(folder, cache, COUNCIL.replace("v1.4.0", "v2"))] == [
        "[pack-not-fetched]"
    ]


def test_a_cache_that_is_cold_is_told_once_with_the_command_that_fills_it(folder: Path, tmp_path: Path) -> None:
    assert told(folder, Cache(tmp_path / "cold")) == [
        (
            "book/council.yml:4:3: error: the pack 'acme' was not fetched to this machine "
            "(fetch it: overlord-run roles fetch book/council.yml) [pack-not-fetched]"
        )
    ]


def test_an_include_that_is_not_locked_is_told_in_the_role_file(folder: Path, cache: Cache) -> None:
    entry = pack_kit.entry()
    files = {path: digest for path, digest in entry.files.items() if path != "tone/plain.md"}
    pack_kit.write_lock(folder, Lock((replace(entry, files=files),)))
    assert told(folder, cache) == [
        (
            "acme/critic.md@1a2b3c4d:9:1: error: 'acme/tone/plain.md' is not in overlord.lock "
            "(add it: overlord-run roles lock book/council.yml) [file-not-locked]"
        )
    ]


def test_a_text_whose_digest_was_changed_in_the_lock_is_not_used(folder: Path, cache: Cache) -> None:
    lock = folder / LOCK_NAME
    digest = pack_kit.digest(pack_kit.TEXTS["critic.md"])
    lock.write_text(lock.read_text("utf-8").replace(digest, f"sha256:{'0' * 64}"), encoding="utf-8")
    playbook, problems = look(folder, cache)
    assert [(one.line, one.column, one.rule) for one in problems] == [(6, 18, "wrong-digest")]
    assert playbook.roles["critic"].system == Text("", playbook.roles["critic"].place)


def test_a_branch_is_told_by_what_the_lock_says_and_before_it_is_locked_by_its_name(folder: Path, cache: Cache) -> None:
    nightly = COUNCIL.replace("acme:", "nightly:").replace("acme/critic", "nightly/critic").replace("v1.4.0", "main")
    warning = (
        "book/council.yml:4:51: warning: the pack 'nightly' is named by a branch, 'main', which moves "
        "(name a tag or a commit) [moving-rev]"
    )
    assert told(folder, cache, nightly) == [warning]
    pack_kit.write_lock(folder, Lock())
    assert told(folder, cache, nightly)[:1] == [warning]
    pack_kit.write_lock(folder, Lock((pack_kit.entry("nightly", "main"),)))
    assert told(folder, cache, nightly) == []
    assert [each.rpartition(" ")[2] for each in told(folder, cache, nightly.replace("main", "v3"))] == [
        "[lock-outdated]"
    ]


def test_a_playbook_without_packs_opens_no_lock(folder: Path, cache: Cache) -> None:
    (folder / LOCK_NAME).write_text("broken", encoding="utf-8")
    content = COUNCIL.replace("acme/critic", "builtin/judge").replace("with: {focus: security}, ", "")
    assert open_packs(parse(content.encode(), "council.yml"), partial(read_beside, folder), cache) == ({}, [])


def test_a_path_with_a_blank_is_quoted_in_a_command() -> None:
    assert command("lock", "books/council.yml") == "overlord-run roles lock books/council.yml"
    assert command("fetch", "my books/\x1b.yml") == 'overlord-run roles fetch "my books/\\x1b.yml"'


def test_what_a_role_beside_the_playbook_is_made_of_is_kept_too(folder: Path) -> None:
    (folder / "own.md").write_text(pack_kit.JUDGE + '{% include "tone.md" %}', encoding="utf-8")
    (folder / "tone.md").write_text("Plainly.\n", encoding="utf-8")
    content = "overlord: 1\nname: a\nroles:\n  {}\nassignments: [{{slot: b, role: c}}]\n".format
    own = resolve(parse(content("c: {from: ./own.md, task: Go.}").encode(), "a.yml"), folder).roles["c"].provenance
    assert own is not None
    assert list(own.files) == ["own.md", "tone.md"]
    text = resolve(parse(content("c: {system_file: tone.md, task: Go.}").encode(), "a.yml"), folder).roles["c"]
    assert text.provenance == Provenance({"tone.md": pack_kit.digest("Plainly.\n")})
    inline = resolve(parse(content("c: {system: You., task: Go.}").encode(), "a.yml"), folder).roles["c"]
    assert inline.provenance is None


def test_a_text_is_found_by_what_problems_call_it(cache: Cache) -> None:
    lock = Lock((pack_kit.entry(), pack_kit.entry("distant", "v2", commit=pack_kit.NEVER_FETCHED)))
    assert read_labelled("acme/critic.md@1a2b3c4d", lock, cache) == pack_kit.CRITIC.encode()
    for label in ("acme/judge.md@1a2b3c4d", "acme/damaged.md@1a2b3c4d", "distant/critic.md@5e6f7081", "critic.md"):
        assert read_labelled(label, lock, cache) is None


def test_a_text_is_not_told_for_another_one_that_is_called_the_same(cache: Cache) -> None:
    lock = Lock((pack_kit.entry(), pack_kit.entry(path="other")))
    assert read_labelled("acme/critic.md@1a2b3c4d", lock, cache) is None

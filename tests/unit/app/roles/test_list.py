"""Which role files a playbook can use, and what is known of each."""

import json
from pathlib import Path

import pytest

import pack_kit
from acceptance.invocation import fitting
from overlord_run.app.roles.list import list_roles
from overlord_run.cli.report.roles import roles_json, roles_lines
from overlord_run.cli.report.styled import plain
from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.packs import LOCK_NAME

COUNCIL = """\
overlord: 1
name: council
packs:
  acme: {git: "https://github.com/acme/roles", rev: v1.4.0, path: roles}
roles:
  critic: {from: acme/critic, task: Begin.}
  second: {from: acme/critic, task: Begin.}
  own: {from: ./own.md, task: Begin.}
assignments:
  - {slot: alder, role: critic}
"""
OWN = """\
---
overlord: 1
role: own
description: Looks closer.
model: ultra
inputs:
  what: {type: string, description: What to look at}
  most: {type: integer, minimum: 1, default: 5}
---
Look at {{ inputs.what }}, {{ inputs.most }} times.
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = pack_kit.fill(tmp_path / "cache")
    mend(cache.folder)
    monkeypatch.setenv("OVERLORD_CACHE_DIR", str(cache.folder))
    monkeypatch.chdir(tmp_path)
    pack_kit.write_lock(tmp_path)
    lock = tmp_path / LOCK_NAME
    changed = pack_kit.digest("Another text.\n")
    lock.write_text(lock.read_text("utf-8").replace(changed, pack_kit.digest(pack_kit.JUDGE)), encoding="utf-8")
    (tmp_path / "council.yml").write_text(COUNCIL, encoding="utf-8")
    (tmp_path / "own.md").write_text(OWN, encoding="utf-8")
    return tmp_path


def mend(cache: Path) -> None:
    name = pack_kit.digest(pack_kit.TEXTS["damaged.md"]).partition(":")[2]
    (cache / "texts" / name[:2] / name).write_text(pack_kit.TEXTS["damaged.md"], encoding="utf-8")


def test_each_source_is_told_with_its_roles(folder: Path) -> None:
    sources = list_roles("council.yml")
    own, acme, builtin = plain(roles_lines(sources)).split("\n\n")
    assert own.splitlines() == [
        "files beside the playbook",
        "  ./own.md, used as 'own'",
        "    Looks closer.",
        f"    own.md {pack_kit.digest(OWN)}",
        "    what: string, required - What to look at",
        "    most: integer, default 5, minimum 1",
    ]
    assert acme.splitlines()[:10] == [
        "pack acme: https://github.com/acme/roles, folder roles",
        f"commit {pack_kit.COMMIT}, tag v1.4.0",
        "  acme/changed",
        f"    changed.md {pack_kit.digest(pack_kit.JUDGE)}",
        "  acme/critic, used as 'critic', 'second'",
        "    Finds what can go wrong, most harmful first.",
        f"    critic.md {pack_kit.digest(pack_kit.CRITIC)}",
        '    focus: string, default "correctness", enum ["correctness", "security"]',
        "  acme/damaged",
        f"    damaged.md {pack_kit.digest(pack_kit.TEXTS['damaged.md'])}",
    ]
    assert acme.splitlines()[10:] == [
        "  acme/judge, not in overlord.lock",
        f"    judge.md {pack_kit.digest(pack_kit.JUDGE)}",
    ]
    assert builtin.startswith("ships with the runner\n  builtin/correctness_critic\n")


def test_a_program_is_told_what_fits_its_schema(folder: Path) -> None:
    told = fitting(json.dumps(roles_json("council.yml", list_roles("council.yml"))), "roles-list")
    assert [source["pack"] for source in told["sources"]] == [None, "acme", "builtin"]
    assert told["sources"][0]["roles"][0]["inputs"][0] == {
        "name": "what",
        "type": "string",
        "description": "What to look at",
        "required": True,
        "default": None,
        "checks": {},
    }


def test_without_a_playbook_there_are_the_roles_that_ship() -> None:
    (source,) = list_roles(None)
    assert source.source.pack == "builtin"
    assert [role.used_as for role in source.roles] == [()] * len(source.roles)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("council.yml", "overlord: 1\n", ["missing-key"] * 3),
        ("own.md", None, ["file-missing"]),
        ("own.md", "You.\n", ["front-matter"]),
        (LOCK_NAME, None, ["lock-missing"]),
    ],
)
def test_what_cannot_be_listed_is_told_as_a_run_would(
    folder: Path, path: str, content: str | None, expected: list[str]
) -> None:
    (folder / path).unlink()
    if content is not None:
        (folder / path).write_text(content, encoding="utf-8")
    with pytest.raises(InvalidPlaybookError) as caught:
        list_roles("council.yml")
    assert [problem.rule for problem in caught.value.problems] == expected


def test_a_text_that_is_not_as_it_was_locked_is_told_at_the_pack(folder: Path) -> None:
    pack_kit.write_lock(folder)
    with pytest.raises(InvalidPlaybookError) as caught:
        list_roles("council.yml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.rule) == (4, 3, "wrong-digest")

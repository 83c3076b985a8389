"""Two repositories of roles, and playbooks that use both: locked, changed upstream, run offline, updated, tampered."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import fitting
from git_kit import Repository
from overlord_run.app.roles.fetching import Fetching
from overlord_run.app.roles.folders import alone, write_lock
from overlord_run.app.roles.update import look
from overlord_run.cli.main import execute
from overlord_run.errors import RunBusyError, StoreError
from overlord_run.roles.cache import Cache, Contents
from overlord_run.roles.lock import Lock, parse_lock

CRITIC = """\
---
overlord: 1
role: critic
inputs:
  focus: {{type: string, default: correctness}}
---
You review for {{{{ inputs.focus }}}}. {mood}
{{% include "shared/tone.md" %}}
"""
JUDGE = """\
---
overlord: 1
role: judge
---
You decide. {mood}
"""
COUNCIL = """\
overlord: 1
name: {name}
packs:
  acme: {{git: "{acme}", rev: v1, path: roles}}  # the team's
  blue:
    git: {blue}
    rev: 'main'
roles:
  critic: {{from: acme/critic, task: What?}}
  judge: {{from: blue/judge, task: Who?}}
assignments:
  - {{slot: alder, role: critic}}
  - {{slot: oak, role: judge}}
"""


@dataclass(frozen=True)
class Said:
    exit: int
    out: str
    err: str

    def json(self, name: str) -> Any:
        return fitting(self.out, name)


@dataclass
class Team:
    """A folder with playbooks, and the repositories that they use."""

    root: Path
    acme: Repository
    blue: Repository
    capsys: pytest.CaptureFixture[str]
    first: str = ""

    def critic(self, mood: str = "Be kind.", tone: str = "Short.\n", parent: str | None = None) -> str:
        roles = {"critic.md": CRITIC.format(mood=mood), "shared": {"tone.md": tone}}
        return self.acme.commit({"README.md": "Roles\n", "roles": roles}, parent=parent)

    def judge(self, mood: str = "Be fair.", parent: str | None = None) -> str:
        return self.blue.commit({"judge.md": JUDGE.format(mood=mood)}, parent=parent)

    def play(self, name: str = "council") -> None:
        text = COUNCIL.format(name=name, acme=self.acme.url, blue=self.blue.url)
        Path(f"{name}.yml").write_text(text, encoding="utf-8")

    def run(self, *words: str) -> Said:
        self.capsys.readouterr()
        code = execute(words)
        return Said(code, *self.capsys.readouterr())

    def plays(self) -> str:
        """Run the council by rehearsal, and return the prompts that were sent."""
        assert self.run("council.yml", "--rehearse", "--quiet").exit == 0
        return self.run("show", "-v").out

    def lock(self) -> Lock:
        return parse_lock(Path("overlord.lock").read_bytes(), "overlord.lock")

    def commits(self) -> dict[str, str]:
        return {entry.pack: entry.commit for entry in self.lock().packs}


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Team:
    for name in ("home", "here"):
        (tmp_path / name).mkdir()
    for name in [name for name in os.environ if name.startswith(("GIT_", "OVERLORD_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OVERLORD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "here")
    team = Team(tmp_path, Repository.make(tmp_path / "acme"), Repository.make(tmp_path / "blue"), capsys)
    team.first = team.critic()
    team.acme.tag("v1", team.first, annotated=True)
    team.judge()
    team.play()
    return team


@pytest.fixture
def locked(team: Team) -> Team:
    assert team.run("roles", "lock", "council.yml").exit == 0
    return team


def test_a_lock_names_each_commit_and_each_text_that_is_read(team: Team) -> None:
    said = team.run("roles", "lock")
    acme, blue = team.lock().packs
    assert said == Said(
        0,
        "pack          rev          commit    files\n"
        f"acme  locked  tag v1       {acme.commit[:8]}      2\n"
        f"blue  locked  branch main  {blue.commit[:8]}      1\n"
        "Wrote overlord.lock\n",
        "",
    )
    assert (acme.rev, acme.kind, acme.commit, list(acme.files)) == (
        "v1",
        "tag",
        team.first,
        ["critic.md", "shared/tone.md"],
    )
    assert (blue.rev, blue.kind, list(blue.files)) == ("main", "branch", ["judge.md"])
    assert "You review for correctness. Be kind.\n" in team.plays()


def test_what_is_locked_stays_and_a_run_needs_no_repository(locked: Team) -> None:
    before = Path("overlord.lock").read_bytes()
    locked.acme.tag("v1", locked.critic("Be harsh."))
    locked.judge("Be quick.")
    said = locked.run("roles", "lock")
    assert (said.exit, said.out.splitlines()[-1]) == (0, "overlord.lock stays as it is")
    shutil.rmtree(locked.acme.path)
    shutil.rmtree(locked.blue.path)
    assert locked.run("roles", "lock", "--frozen").exit == 0
    assert locked.run("roles", "fetch").exit == 0
    assert locked.run("roles", "verify").exit == 0
    assert Path("overlord.lock").read_bytes() == before
    assert "Be kind." in locked.plays()


def test_an_update_shows_what_it_changes_and_then_writes(locked: Team) -> None:
    old = locked.commits()
    locked.judge("Be quick.", parent=old["blue"])
    shown = locked.run("roles", "update", "--dry-run")
    new = (locked.blue.path / "refs/heads/main").read_text(encoding="utf-8").strip()
    assert shown == Said(
        0,
        f"acme: tag v1 stays at {old['acme'][:8]}\n"
        f"blue: branch main moves from {old['blue'][:8]} to {new[:8]}\n"
        f"--- blue/judge.md at {old['blue'][:8]}\n"
        f"+++ blue/judge.md at {new[:8]}\n"
        "@@ -2,5 +2,5 @@\n"
        " overlord: 1\n"
        " role: judge\n"
        " ---\n"
        "-You decide. Be fair.\n"
        "+You decide. Be quick.\n"
        " \n"
        "Would write overlord.lock\n",
        "",
    )
    assert locked.commits() == old
    assert locked.run("roles", "update").out == shown.out.replace("Would write", "Wrote")
    assert locked.commits() == {**old, "blue": new}
    assert "Be quick." in locked.plays()


def test_a_tag_that_moved_is_told(locked: Team) -> None:
    moved = locked.critic("Be harsh.", parent=locked.first)
    locked.acme.tag("v1", moved)
    said = locked.run("roles", "verify", "--online")
    blue = locked.commits()["blue"][:8]
    assert said == Said(
        1,
        f"acme: tag 'v1' is {moved[:8]} now, and {locked.first[:8]} is locked, and a tag is not meant to move; "
        "overlord-run roles update acme --dry-run shows what would change\n"
        f"blue: branch 'main' is still {blue}\n"
        "2 locked packs compared: all is as it was locked\n",
        "",
    )
    assert locked.run("roles", "update", "acme").out.splitlines()[:2] == [
        f"acme: tag v1 moves from {locked.first[:8]} to {moved[:8]}",
        "  a tag is not meant to move: ask its author why this one did",
    ]


def test_a_history_that_was_rewritten_is_told_and_what_is_locked_still_runs(locked: Team) -> None:
    old = locked.commits()["blue"]
    new = locked.judge("Be quick.")
    locked.blue.forget(old)
    assert locked.run("roles", "update", "blue", "--dry-run").out.splitlines()[:2] == [
        f"blue: branch main moves from {old[:8]} to {new[:8]}",
        f"  its history was rewritten: {old[:8]} is no part of it any more",
    ]
    assert "Be fair." in locked.plays()
    shutil.rmtree(locked.root / "cache")
    assert locked.run("roles", "fetch").err == (
        f"overlord.lock:13:5: error: the commit {old[:8]} is not in the repository, which 'main' named (its history "
        "may have been rewritten; overlord-run roles update blue locks what the revision names now) [pack-rev]\n"
        "\nerror: 1 problem found\n"
    )


def test_a_branch_that_is_gone_is_told_and_what_is_locked_still_runs(locked: Team) -> None:
    commit = locked.commits()["blue"][:8]
    locked.blue.branch("trunk", locked.commits()["blue"])
    locked.blue.delete("heads/main")
    assert locked.run("roles", "update") == Said(
        3,
        "",
        "council.yml:5:3: error: there is no tag or branch 'main' in the repository (name a tag, a branch, or a commit "
        f"by its 40 characters; what is locked still runs, at {commit}) [pack-rev]\n\nerror: 1 problem found\n",
    )
    said = locked.run("roles", "verify", "--online")
    assert (said.exit, said.out.splitlines()[1]) == (
        1,
        f"blue: branch 'main' is not in the repository any more; what is locked still runs, at {commit}",
    )
    assert "Be fair." in locked.plays()
    shutil.rmtree(locked.root / "cache")
    assert locked.run("roles", "fetch").exit == 0
    assert "Be fair." in locked.plays()


def test_a_repository_that_does_not_answer_is_no_fault_of_the_playbook(locked: Team) -> None:
    locked.blue.path.rename(locked.root / "away")
    refusal = (
        "error: the pack 'blue': there is no such repository, or it is not shown to us\n"
        "next: git ls-remote with its address must work here without asking, by a credential helper or ssh's agent.\n"
    )
    assert locked.run("roles", "update") == Said(1, "", refusal)
    acme = locked.commits()["acme"][:8]
    assert locked.run("roles", "verify", "--online") == Said(
        1,
        f"acme: tag 'v1' is still {acme}\n"
        "blue: branch 'main' cannot be asked for: there is no such repository, or it is not shown to us (git ls-remote "
        "with its address must work here without asking, by a credential helper or ssh's agent)\n"
        "2 locked packs compared: all is as it was locked\n",
        "",
    )
    told = locked.run("roles", "verify", "--online", "--format", "json").json("roles-verify")
    assert [(each["pack"], each["state"], each["retryable"]) for each in told["revisions"]] == [
        ("acme", "same", False),
        ("blue", "unreachable", False),
    ]
    shutil.rmtree(locked.root / "cache")
    assert locked.run("roles", "fetch") == Said(1, "", refusal)


def test_a_revision_is_set_in_the_playbooks_and_nothing_else_in_them(locked: Team) -> None:
    locked.play("other")
    assert locked.run("roles", "lock", "other.yml").exit == 0
    before = Path("council.yml").read_text(encoding="utf-8")
    locked.acme.tag("v2", locked.critic("Be harsh.", parent=locked.first))
    said = locked.run("roles", "update", "acme", "--rev", "v2")
    assert said.exit == 0
    assert said.out.splitlines()[-3:] == [
        "council.yml names the new revision",
        "other.yml names the new revision",
        "Wrote overlord.lock",
    ]
    assert Path("council.yml").read_text(encoding="utf-8") == before.replace("rev: v1", "rev: v2")
    assert locked.run("roles", "update", "blue", "--rev", locked.commits()["blue"]).exit == 0
    assert "    rev: " + locked.commits()["blue"] in Path("council.yml").read_text(encoding="utf-8")
    assert [(entry.pack, entry.rev, entry.kind) for entry in locked.lock().packs] == [
        ("acme", "v2", "tag"),
        ("blue", locked.commits()["blue"], "commit"),
    ]
    assert locked.run("roles", "verify").exit == 0
    assert "Be harsh." in locked.plays()


def test_a_revision_that_is_not_there_is_told_where_the_pack_is_declared_first(locked: Team) -> None:
    locked.play("later")
    first = locked.run("roles", "update", "blue", "--rev", "v9").err.partition(": error: ")[0]
    assert first == "council.yml:5:3"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("acme", "--rev", "--x"),
            (
                "error: the revision '--x' begins with '-', which git would take for an option\n"
                "next: Name a tag, a branch, or a commit by its 40 characters.\n"
            ),
        ),
        (
            ("--rev", "v2"),
            "error: --rev is a revision of one pack\nnext: Name it: overlord-run roles update PACK --rev REV.\n",
        ),
        (("acmee",), "error: no playbook in . declares the pack 'acmee'\nnext: Did you mean 'acme'?\n"),
    ],
)
def test_an_update_that_cannot_be_meant_is_refused(locked: Team, words: tuple[str, ...], message: str) -> None:
    assert locked.run("roles", "update", *words) == Said(2, "", message)


def test_a_lock_serves_all_playbooks_of_its_folder(locked: Team) -> None:
    locked.play("other")
    text = Path("other.yml").read_text(encoding="utf-8")
    Path("other.yml").write_text(
        re.sub("  blue:\n.*\n.*\n", "", text).replace("blue/judge", "builtin/judge"), encoding="utf-8"
    )
    kept = locked.run("roles", "lock", "other.yml").out.splitlines()
    assert [line.split()[:2] for line in kept[1:3]] == [["acme", "kept"], ["blue", "kept"]]
    assert kept[3] == "overlord.lock stays as it is"
    Path("council.yml").unlink()
    assert locked.run("roles", "verify").err == ""
    dropped = locked.run("roles", "lock", "other.yml")
    assert [line.split()[:2] for line in dropped.out.splitlines()[1:3]] == [["acme", "kept"], ["blue", "dropped"]]
    assert list(locked.commits()) == ["acme"]


def test_a_playbook_that_cannot_be_read_keeps_its_entries(locked: Team) -> None:
    locked.play("other")
    Path("council.yml").write_text(
        Path("council.yml").read_text(encoding="utf-8") + "  - {slot: 5}\n", encoding="utf-8"
    )
    text = Path("other.yml").read_text(encoding="utf-8")
    Path("other.yml").write_text(
        re.sub("  blue:\n.*\n.*\n", "", text).replace("blue/judge", "builtin/judge"), encoding="utf-8"
    )
    assert locked.run("roles", "lock", "other.yml").exit == 0
    assert list(locked.commits()) == ["acme", "blue"]
    Path("other.yml").write_text(text.replace("blue/judge", "builtin/judge"), encoding="utf-8")
    locked.judge("Be quick.", parent=locked.commits()["blue"])
    assert locked.run("roles", "update", "blue", "--in", "other.yml").exit == 0
    assert list(locked.lock().packs[1].files) == ["judge.md"]


def test_without_a_pack_there_is_nothing_to_lock(team: Team) -> None:
    Path("council.yml").write_text(
        "overlord: 1\nname: x\nroles: {r: {system: Hi, task: Go}}\nassignments: [{slot: alder, role: r}]\n",
        encoding="utf-8",
    )
    told = "overlord.lock: no playbook declares a pack, so there is nothing to lock\n"
    assert team.run("roles", "lock") == Said(0, told, "")
    assert not Path("overlord.lock").exists()
    assert (
        team.run("roles", "update").err == "error: no playbook in . declares a pack\nnext: Declare one under packs.\n"
    )


def test_in_ci_a_lock_that_would_change_is_refused(locked: Team) -> None:
    text = Path("council.yml").read_text(encoding="utf-8")
    Path("council.yml").write_text(text.replace("rev: v1", "rev: main"), encoding="utf-8")
    before = Path("overlord.lock").read_bytes()
    said = locked.run("roles", "lock", "--frozen")
    assert (said.exit, said.out) == (3, "")
    assert said.err == (
        "overlord.lock:1:1: error: the pack 'acme' is not locked (overlord-run roles lock . writes overlord.lock anew) "
        "[lock-outdated]\n"
        "overlord.lock:4:5: error: the pack 'acme' is not declared any more (overlord-run roles lock . writes "
        "overlord.lock anew) [lock-outdated]\n"
        "\nerror: 2 problems found\n"
    )
    assert Path("overlord.lock").read_bytes() == before


def test_a_file_that_was_changed_in_the_cache_is_found_and_mended(locked: Team) -> None:
    digest = locked.lock().packs[1].files["judge.md"].partition(":")[2]
    path = locked.root / "cache" / "texts" / digest[:2] / digest
    path.chmod(0o600)
    path.write_text("You obey.\n", encoding="utf-8")
    told = (
        "overlord.lock:13:5: error: of the pack 'blue', 'judge.md' is not what was fetched at the commit "
        f"{locked.commits()['blue'][:8]}: the cache was changed (overlord-run roles fetch . mends it) [pack-damaged]\n"
        "2 locked packs compared: 1 problem\n"
    )
    assert locked.run("roles", "verify") == Said(3, told, "")
    assert locked.run("council.yml", "--rehearse").exit == 3
    assert locked.run("roles", "fetch").out.splitlines()[2].split()[:2] == ["blue", "fetched"]
    assert locked.run("roles", "verify").exit == 0
    assert "Be fair." in locked.plays()


@pytest.mark.parametrize("command", ["lock", "fetch"])
def test_a_cache_that_was_changed_so_that_it_fits_itself_is_found_and_mended(locked: Team, command: str) -> None:
    before = Path("overlord.lock").read_bytes()
    acme = locked.lock().packs[0]
    cache = Cache(locked.root / "cache")
    cache.write(
        acme.commit, acme.path, Contents({"critic.md": b"---\noverlord: 1\nrole: critic\n---\nYou obey.\n"}, {})
    )
    assert locked.run("council.yml", "--rehearse").exit == 3
    assert locked.run("roles", "verify").exit == 3
    assert locked.run("roles", command).exit == 0
    assert Path("overlord.lock").read_bytes() == before
    assert "Be kind." in locked.plays()


def test_a_digest_that_was_changed_in_the_lock_is_found(locked: Team) -> None:
    path = Path("overlord.lock")
    before = path.read_text(encoding="utf-8")
    path.write_text(re.sub("judge.md: sha256:.*", f"judge.md: sha256:{'0' * 64}", before), encoding="utf-8")
    commit = locked.commits()["blue"][:8]
    problem = (
        f"overlord.lock:13:5: error: the file 'judge.md' of the pack 'blue' is not so at {commit} "
        "(the lock was changed by hand: take its old text back, or write it anew by overlord-run roles lock) "
        "[wrong-digest]\n"
    )
    assert locked.run("roles", "verify") == Said(3, f"{problem}2 locked packs compared: 1 problem\n", "")
    assert locked.run("roles", "fetch") == Said(3, "", f"{problem}\nerror: 1 problem found\n")
    assert locked.run("roles", "lock").exit == 0
    assert path.read_text(encoding="utf-8") == before


def test_a_lock_that_is_missing_is_told_with_what_writes_it(team: Team) -> None:
    assert team.run("roles", "fetch") == Said(
        3,
        "",
        "overlord.lock:1:1: error: there is no such lock (overlord-run roles lock . writes it) [lock-missing]\n"
        "\nerror: 1 problem found\n",
    )
    assert team.run("roles", "verify").exit == 3
    assert team.run("roles", "update").exit == 3
    assert team.run("roles", "fetch", "nowhere").exit == 2


def test_two_processes_do_not_write_one_lock_at_once(locked: Team) -> None:
    cache = Cache(locked.root / "cache")
    with alone(Path(), cache), pytest.raises(RunBusyError) as caught, alone(Path(), cache, patience_s=0.0):
        pass
    assert caught.value.message == "another process writes the overlord.lock of this folder"


def test_what_another_process_locked_meanwhile_is_not_written_over(locked: Team) -> None:
    locked.judge("Be quick.")
    cache = Cache(locked.root / "cache")
    found = [look(".", "blue", None, Fetching(cache, os.environ)) for _ in range(2)]
    found[0].write(cache)
    with pytest.raises(RunBusyError) as caught:
        found[1].write(cache)
    assert (caught.value.message, caught.value.next) == (
        "overlord.lock was changed by another process meanwhile",
        "Run the command again.",
    )


def test_what_is_only_compared_needs_nothing_that_can_be_written(locked: Team) -> None:
    shutil.rmtree(locked.root / "cache" / "locks")
    (locked.root / "cache" / "locks").touch()
    for words in (("fetch",), ("verify",), ("lock", "--frozen")):
        assert locked.run("roles", *words).exit == 0
    said = locked.run("roles", "lock")
    assert (said.exit, said.err.rpartition("\nnext: ")[2]) == (
        74,
        "Check its rights and its space, or name another folder by OVERLORD_CACHE_DIR.\n",
    )


def test_a_cache_whose_locks_cannot_be_written_is_told_with_where_to_look(locked: Team) -> None:
    [held] = (locked.root / "cache" / "locks").iterdir()
    held.unlink()
    held.mkdir()
    said = locked.run("roles", "lock")
    assert (said.exit, said.err.rpartition("\nnext: ")[2]) == (
        74,
        "Check its rights and its space, or name another folder by OVERLORD_CACHE_DIR.\n",
    )


def test_a_lock_that_cannot_be_written_is_told_with_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        write_lock(tmp_path / "nowhere" / "overlord.lock", Lock())
    assert caught.value.next == "Check the rights of the playbook's folder, and the space there."


@pytest.mark.parametrize(
    "words",
    [
        ("council.yml", "--rehearse"),
        ("validate", "council.yml"),
        ("roles", "lock"),
        ("roles", "fetch"),
        ("roles", "verify"),
        ("roles", "update"),
    ],
    ids=" ".join,
)
def test_a_lock_behind_a_link_that_leads_out_of_the_folder_is_refused_by_all(
    locked: Team, words: tuple[str, ...]
) -> None:
    here, there = Path("overlord.lock"), locked.root / "overlord.lock"
    here.rename(there)
    here.symlink_to(there)
    said = locked.run(*words)
    assert said.exit == 3
    assert (
        "'overlord.lock' is outside of the playbook's folder (put the file beside the playbook, not"
        in said.out + said.err
    )
    assert here.is_symlink()


def test_a_lock_behind_a_link_that_stays_in_the_folder_is_read_by_all(locked: Team) -> None:
    Path("overlord.lock").rename("locked.lock")
    Path("overlord.lock").symlink_to("locked.lock")
    assert "Be kind." in locked.plays()
    assert locked.run("roles", "verify").exit == 0
    assert locked.run("roles", "lock", "--frozen").exit == 0


def test_from_elsewhere_each_command_that_mends_something_names_the_folder(
    locked: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    (locked.root / "here").rename(locked.root / "my council")
    monkeypatch.chdir(locked.root)
    locked.judge("Be quick.")
    assert '; overlord-run roles update blue --in "my council" --dry-run shows' in (
        locked.run("roles", "verify", "--online", "my council").out
    )
    shutil.rmtree(locked.root / "cache" / "texts")
    fetch = 'overlord-run roles fetch "my council'
    assert f'({fetch}" mends it)' in locked.run("roles", "verify", "my council").out
    assert f'({fetch}/council.yml" mends it)' in locked.run("my council/council.yml", "--rehearse").err
    (locked.root / "my council" / "overlord.lock").unlink()
    lock = 'overlord-run roles lock "my council'
    assert f'({lock}" writes it)' in locked.run("roles", "fetch", "my council").err
    assert f'({lock}" writes overlord.lock anew)' in locked.run("roles", "lock", "--frozen", "my council").err
    assert f'({lock}/council.yml" locks it)' in locked.run("roles", "update", "--in", "my council").err


def test_from_elsewhere_what_was_changed_by_hand_is_told_with_the_folder_too(
    locked: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    (locked.root / "here").rename(locked.root / "my council")
    monkeypatch.chdir(locked.root)
    path = locked.root / "my council" / "overlord.lock"
    before = path.read_text(encoding="utf-8")
    path.write_text(re.sub("sha256:.*", f"sha256:{'0' * 64}", before), encoding="utf-8")
    lock = 'overlord-run roles lock "my council"'
    assert f"or write it anew by {lock}) [wrong-digest]" in locked.run("roles", "verify", "my council").out
    path.write_text(before.replace("packs:", "pakcs"), encoding="utf-8")
    assert f"(take its old text back, or delete it and run {lock}) [" in locked.run("roles", "verify", "my council").err
    path.write_text(before, encoding="utf-8")
    locked.judge("Be quick.")
    locked.blue.forget(parse_lock(before.encode(), "overlord.lock").named("blue")[0].commit)
    shutil.rmtree(locked.root / "cache")
    gone = '(its history may have been rewritten; overlord-run roles update blue --in "my council" locks what'
    assert gone in locked.run("roles", "fetch", "my council").err
    assert gone in locked.run("roles", "lock", "my council").err


def test_every_command_tells_the_same_as_json(team: Team) -> None:
    locked = team.run("roles", "lock", "--format", "json").json("roles-lock")
    assert [(pack["pack"], pack["step"]) for pack in locked["locks"][0]["packs"]] == [
        ("acme", "locked"),
        ("blue", "locked"),
    ]
    fetched = team.run("roles", "fetch", "--format", "json").json("roles-fetch")
    assert [pack["fetched"] for pack in fetched["packs"]] == [False, False]
    team.judge("Be quick.", parent=team.commits()["blue"])
    verified = team.run("roles", "verify", "--online", "--format", "json").json("roles-verify")
    assert [(one["pack"], one["state"]) for one in verified["revisions"]] == [("acme", "same"), ("blue", "moved")]
    updated = team.run("roles", "update", "blue", "--format", "json").json("roles-update")
    assert updated["written"] is True
    assert updated["packs"][0]["history"] == "forward"
    assert updated["packs"][0]["texts"] == [
        {"path": "judge.md", "before": JUDGE.format(mood="Be fair."), "after": JUDGE.format(mood="Be quick.")}
    ]
    assert json.loads(team.run("roles", "update", "x", "--format", "json").out)["error"]["code"] == "usage"

"""A playbook with a pack: checked, run offline, and told afterwards where each prompt came from."""

from pathlib import Path

import pytest

import pack_kit
from acceptance.invocation import Done, Shell
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.roles.lock import Lock

PLAYBOOK = """\
overlord: 1
name: packed
packs:
  acme: {git: "https://github.com/acme/roles", rev: v1.4.0, path: roles}
roles:
  critic: {from: acme/critic, task: Begin.}
  own: {from: ./own.md, task: Begin.}
  judge: {from: builtin/judge, task: Begin.}
  inline: {system: You listen., task: Begin.}
assignments:
  - {slot: alder, role: critic, name: Ada}
  - {slot: birch, role: own}
  - {slot: oak, role: judge}
  - {slot: ash, role: inline}
redirects:
  - {id: sign_off, pause: Go on?}
  - {id: last, to: alder, message: Sum up.}
"""
TONE = pack_kit.TEXTS["tone/plain.md"]


class Packed(Shell):
    """A folder with the playbook, its lock, and the cache of the packs."""

    def run(self, *words: str, stdin: str = "", **environ: str) -> Done:
        return super().run(*words, stdin=stdin, OVERLORD_CACHE_DIR=str(self.folder / "cache"), **environ)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a folder in which a rehearsal waits for a person, while the lock and the cache are gone."""
    shell = Packed(tmp_path_factory.mktemp("packed"))
    shell.write("packed.yml", PLAYBOOK)
    shell.write("own.md", pack_kit.JUDGE)
    pack_kit.fill(shell.folder / "cache")
    pack_kit.write_lock(shell.folder, Lock((pack_kit.entry(),)))
    assert shell.run("packed.yml", "--rehearse").exit == 6
    (shell.folder / "cache").rename(shell.folder / "cold")
    return shell


def digests(*texts: str) -> list[str]:
    return [pack_kit.digest(text) for text in texts]


def test_where_each_prompt_came_from_is_told_by_the_frozen_plan(shell: Shell) -> None:
    done = shell.run("show", "--provenance")
    assert done.exit == 0
    blocks = done.out.split("\n\n")[1:]
    critic, tone, judge = digests(pack_kit.CRITIC, TONE, pack_kit.JUDGE)
    assert blocks[0].splitlines() == [
        "alder (Ada), role critic",
        "  pack acme: https://github.com/acme/roles, folder roles",
        f"  commit {pack_kit.COMMIT}, tag v1.4.0",
        f"    critic.md {critic}",
        f"    tone/plain.md {tone}",
    ]
    assert blocks[1].splitlines() == ["birch, role own", "  files beside the playbook", f"    own.md {judge}"]
    assert blocks[2].splitlines()[:2] == ["oak, role judge", "  ships with the runner"]
    assert blocks[3].splitlines()[:2] == ["ash, role inline", "  in the playbook"]
    assert f"{shell.folder / 'packed.yml'} sha256:" in blocks[3]


def test_a_program_is_told_the_same(shell: Shell) -> None:
    told = shell.run("show", "alder", "--provenance", "--format", "json").json("provenance")
    critic, tone = digests(pack_kit.CRITIC, TONE)
    assert told["servants"] == [
        {
            "slot": "alder",
            "name": "Ada",
            "role": "critic",
            "source": {
                "pack": "acme",
                "git": pack_kit.GIT,
                "rev": "v1.4.0",
                "kind": "tag",
                "commit": pack_kit.COMMIT,
                "path": "roles",
                "files": [{"path": "critic.md", "digest": critic}, {"path": "tone/plain.md", "digest": tone}],
            },
        }
    ]


def test_with_a_cold_cache_nothing_begins(shell: Shell) -> None:
    done = shell.run("packed.yml", "--rehearse")
    assert (done.exit, done.out) == (3, "")
    assert done.err.startswith(
        "packed.yml:4:3: error: the pack 'acme' was not fetched to this machine"
        " (fetch it: overlord-run roles fetch packed.yml) [pack-not-fetched]\n"
    )
    assert len(list((shell.folder / ".overlord" / "runs").iterdir())) == 1


def test_a_run_is_carried_on_without_its_lock_and_with_a_cold_cache(shell: Shell) -> None:
    (shell.folder / LOCK_NAME).rename(shell.folder / "kept.lock")
    assert shell.run("approve", "sign_off").exit == 0
    assert "Sum up." in shell.run("show", "alder").out
    (shell.folder / "kept.lock").rename(shell.folder / LOCK_NAME)


def test_the_lock_is_checked_by_validate(shell: Shell, tmp_path: Path) -> None:
    checked = Packed(tmp_path)
    checked.write(LOCK_NAME, "overlord: 1\npacks: [{pack: acme}]\n")
    done = checked.run("validate", ".")
    assert done.exit == 3
    assert done.out.startswith("overlord.lock:2:9: error: 'commit' is missing in item 1 of 'packs'")
    assert checked.run("validate", str(shell.folder / LOCK_NAME)).exit == 0

"""Packs that mean harm: each refused with what to do about it, nothing of them run, nothing outside of them read.

A row is one mechanism. Whatever ran would make a file called `canary`; whatever was read outside would tell a secret.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from git_kit import FILE, FOLDER, SUBMODULE, Entry, Repository, link
from overlord_run.cli.main import execute

GONE = "0123456789abcdef0123456789abcdef01234567"
SECRET = "the words that nobody else may read"
ROLE = """\
---
overlord: 1
role: critic
---
You review.
"""
PLAYBOOK = """\
overlord: 1
name: council
packs:
  acme:
    git: "{git}"
    rev: "{rev}"
    path: "{path}"
roles:
  critic: {{from: acme/{name}, task: What?}}
assignments:
  - {{slot: alder, role: critic}}
"""


@dataclass
class World:
    """A person's folder with a playbook in it, and the repository of somebody who means harm."""

    folder: Path
    repository: Repository

    @property
    def canary(self) -> Path:
        return self.folder / "canary"

    def play(self, *, git: str = "", rev: str = "main", path: str = "roles", name: str = "critic") -> None:
        text = PLAYBOOK.format(git=git or self.repository.url, rev=rev, path=path, name=name)
        (self.folder / "council.yml").write_text(text, encoding="utf-8")

    def roles(self, **files: object) -> str:
        """Commit a folder of roles, sound but for what is said; `__` stands for a dot in a name."""
        told = {name.replace("__", "."): content for name, content in files.items()}
        return self.repository.commit({"roles": {"critic.md": ROLE, **told}})

    def trees(self, *entries: tuple[bytes, bytes, str]) -> None:
        """Commit a folder of roles whose tree has these entries as they are."""
        repository = self.repository
        text = repository.put("blob", ROLE.encode())
        tree = repository.tree([(FILE, b"critic.md", text), *entries])
        repository.commit_tree(repository.tree([(FOLDER, b"roles", tree)]))

    def text(self, content: str = "You obey.\n") -> str:
        return self.repository.put("blob", content.encode())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name in ("home", "here", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret.md").write_text(SECRET, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OVERLORD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "here")
    world = World(tmp_path / "here", Repository.make(tmp_path / "up"))
    world.roles()
    world.play()
    return world


Mischief = Callable[[World], object]


def url(text: str) -> Mischief:
    return lambda world: world.play(git=text)


def rev(text: str) -> Mischief:
    return lambda world: world.play(rev=text)


def path(text: str) -> Mischief:
    return lambda world: world.play(path=text)


def entry(name: bytes, mode: bytes = FILE) -> Mischief:
    return lambda world: world.trees((mode, name, world.text()))


def twins(*names: bytes) -> Mischief:
    return lambda world: world.trees(*((FILE, name, world.text(name.hex())) for name in names))


def both_a_tag_and_a_branch(world: World) -> None:
    commit = world.roles()
    world.repository.tag("main", commit)


def a_tag_of_a_text(world: World) -> None:
    world.repository.tag("v1", world.text(), annotated=True, kind="blob")
    world.play(rev="v1")


def a_bomb_of_trees(world: World) -> None:
    """Ten folders deep with ten names each, all the same one: ten billion files in eleven objects."""
    repository = world.repository
    tree = repository.tree([(FILE, b"critic.md", world.text())])
    for _ in range(10):
        tree = repository.tree([(FOLDER, f"f{index}".encode(), tree) for index in range(10)])
    repository.commit_tree(repository.tree([(FOLDER, b"roles", tree)]))


def many_files(world: World) -> None:
    text = world.text()
    world.trees(*((FILE, f"{index}.md".encode(), text) for index in range(10_000)))


def many_bytes(world: World) -> None:
    world.roles(**{f"t{index}__md": "x" * (1024 * 1024) for index in range(17)})


def a_large_role(world: World) -> None:
    world.roles(critic__md=ROLE + "x" * (1024 * 1024))


def a_bomb_of_zeros(world: World) -> None:
    world.roles(critic__md=b"\0" * (4 * 1024 * 1024))


def a_role_behind_a_link(world: World) -> None:
    world.repository.commit({"real": {"critic.md": ROLE}, "roles": link("real")})


def says(text: str, **files: object) -> Mischief:
    """Commit a role with this text, and what stands beside it."""
    return lambda world: world.roles(critic__md=ROLE + text + "\n", **files)


def locked(world: World) -> None:
    assert execute(["roles", "lock"]) == 0


def run(text: str) -> Mischief:
    """Commit a role with this text, and lock it."""

    def mischief(world: World) -> None:
        world.roles(critic__md=ROLE + text + "\n")
        locked(world)

    return mischief


def relocked(pattern: str, text: str) -> Mischief:
    """Lock the pack, and write something else into the lock."""

    def mischief(world: World) -> None:
        locked(world)
        path = world.folder / "overlord.lock"
        before = path.read_text(encoding="utf-8")
        after = re.sub(pattern, text, before)
        assert after != before
        path.write_text(after, encoding="utf-8")

    return mischief


def a_lock_that_is_a_device(world: World) -> None:
    (world.folder / "overlord.lock").symlink_to("/dev/zero")


def spoilt(pattern: str, spoil: Callable[[Path], object]) -> Mischief:
    """Lock the pack, and put something else in the place of a file of the cache."""

    def mischief(world: World) -> None:
        locked(world)
        [path] = (world.folder.parent / "cache").glob(pattern)
        path.unlink()
        spoil(path)

    return mischief


def a_list_with_a_path_outside(path: Path) -> None:
    told = {"format": 1, "commit": path.parent.name, "folder": "roles", "texts": {"critic.md": "../../secret.md"}}
    path.write_text(json.dumps({**told, "leftOut": {}}), encoding="utf-8")


ROWS: dict[str, tuple[Mischief, str]] = {
    "url: a program to run": (
        url("ext::sh -c touch% canary"),
        (
            "council.yml:5:10: error: the URL holds a blank or a character that cannot be printed (write it like "
            "https://github.com/acme/roles, and a blank as %20) [pack-url]"
        ),
    ),
    "url: a program by a name alone": (
        url("ext::canary"),
        (
            "council.yml:5:10: error: the URL names a program of git's to run, by '::' (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: a descriptor of this process": (
        url("fd::3"),
        (
            "council.yml:5:10: error: the URL names a program of git's to run, by '::' (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: an option of git": (
        url("--upload-pack=canary"),
        (
            "council.yml:5:10: error: the URL begins with '-', which git would take for an option (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: no transport security": (
        url("http://git.example/roles"),
        (
            "council.yml:5:10: error: the URL does not begin with https://, ssh:// or file:// (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: git's own protocol": (
        url("git://git.example/roles"),
        (
            "council.yml:5:10: error: the URL does not begin with https://, ssh:// or file:// (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: the short form of ssh": (
        url("git@git.example:acme/roles"),
        (
            "council.yml:5:10: error: the URL is in the short form of ssh (write it like "
            "ssh://git@github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: a password": (
        url("https://jo:hunter2@git.example/roles"),
        (
            "council.yml:5:10: error: the URL holds a user's name or password (take it out; git asks the "
            "credential helper, or ssh its agent, of whoever runs it) [pack-url]"
        ),
    ),
    "url: a password for ssh": (
        url("ssh://jo:hunter2@git.example/roles"),
        (
            "council.yml:5:10: error: the URL holds a user's name or password (take it out; git asks the "
            "credential helper, or ssh its agent, of whoever runs it) [pack-url]"
        ),
    ),
    "url: a token behind a question mark": (
        url("https://git.example/roles?token=hunter2"),
        (
            "council.yml:5:10: error: the URL holds '?' or '#' (name the repository alone; 'rev' and 'path' say "
            "the rest) [pack-url]"
        ),
    ),
    "url: an option of ssh": (
        url("ssh://-oProxyCommand=canary/roles"),
        (
            "council.yml:5:10: error: the URL is not the address of a repository (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: a line for the credential helper": (
        url("https://git.example/roles%0ahost=other.example"),
        (
            "council.yml:5:10: error: the URL holds a blank or a character that cannot be printed (write it like "
            "https://github.com/acme/roles, and a blank as %20) [pack-url]"
        ),
    ),
    "url: a command for the shell": (
        url("ssh://git.example/roles;canary"),
        (
            "council.yml:5:10: error: the URL is not the address of a repository (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: a path that climbs": (
        url("file:///srv/git/../../etc"),
        "council.yml:5:10: error: the URL holds '..' (write the path that it leads to) [pack-url]",
    ),
    "url: a path from here": (
        url("../up"),
        (
            "council.yml:5:10: error: the URL does not begin with https://, ssh:// or file:// (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "url: a share of a host": (
        url("file://evil.example/roles"),
        (
            "council.yml:5:10: error: the URL names a host (write it like file:///srv/git/roles, with three "
            "slashes) [pack-url]"
        ),
    ),
    "url: a letter that looks like another": (
        url("https://g\u0456thub.com/acme/roles"),
        (
            "council.yml:5:10: error: the URL is not the address of a repository (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "rev: an option of git": (
        rev("--upload-pack=canary"),
        (
            "council.yml:6:10: error: 'rev' is '--upload-pack=canary', which is no tag, branch or commit (write "
            'its name as git has it; one that looks like a number in quotes, such as "1.10") [pack-rev]'
        ),
    ),
    "rev: an expression": (
        rev("main^{tree}"),
        (
            "council.yml:6:10: error: the revision is not the name of a tag, a branch or a commit (name a tag, a "
            "branch, or a commit by its 40 characters) [pack-rev]"
        ),
    ),
    "rev: a path in a commit": (
        rev("main:roles"),
        (
            "council.yml:6:10: error: the revision is not the name of a tag, a branch or a commit (name a tag, a "
            "branch, or a commit by its 40 characters) [pack-rev]"
        ),
    ),
    "rev: a refspec": (
        rev("+refs/*:refs/*"),
        (
            "council.yml:6:10: error: the revision is not the name of a tag, a branch or a commit (name a tag, a "
            "branch, or a commit by its 40 characters) [pack-rev]"
        ),
    ),
    "rev: the beginning of a commit": (
        rev("0123456"),
        (
            "council.yml:4:3: error: there is no tag or branch '0123456' in the repository (a commit is named by "
            "all its 40 characters) [pack-rev]"
        ),
    ),
    "rev: a tag and a branch": (
        both_a_tag_and_a_branch,
        (
            "council.yml:4:3: error: the repository has a tag and a branch 'main' (write 'refs/tags/main' or "
            "'refs/heads/main') [pack-rev]"
        ),
    ),
    "rev: a tag of a text": (
        a_tag_of_a_text,
        (
            "council.yml:4:3: error: 'v1' names no commit, but a blob of git's (name a tag, a branch, or a commit "
            "by its 40 characters) [pack-rev]"
        ),
    ),
    "rev: a commit that is not there": (
        rev(GONE),
        (
            "council.yml:4:3: error: the commit 01234567 is not in the repository (its history may have been "
            "rewritten; overlord-run roles update acme locks what the revision names now) [pack-rev]"
        ),
    ),
    "path: up and out": (
        path("../.."),
        (
            "council.yml:7:11: error: the folder leads out of the repository (write the path from the repository's "
            "root, like roles or council/roles) [pack-path]"
        ),
    ),
    "path: absolute": (
        path("/etc"),
        (
            "council.yml:7:11: error: the folder is absolute, not relative (write the path from the repository's "
            "root, like roles or council/roles) [pack-path]"
        ),
    ),
    "path: git's own folder": (
        path(".git/hooks"),
        (
            "council.yml:7:11: error: the folder names git's own folder (write the path from the repository's "
            "root, like roles or council/roles) [pack-path]"
        ),
    ),
    "path: a file": (
        path("roles/critic.md"),
        (
            "council.yml:4:3: error: 'roles/critic.md' is no folder at the commit 9f2e33f6 (name the folder that "
            "holds the roles, from the repository's root) [pack-path]"
        ),
    ),
    "path: not there": (
        path("rules"),
        (
            "council.yml:4:3: error: there is no folder 'rules' at the commit 9f2e33f6 (name the folder that holds "
            "the roles, from the repository's root) [pack-path]"
        ),
    ),
    "path: a link": (
        a_role_behind_a_link,
        (
            "council.yml:4:3: error: 'roles' is no folder at the commit 3a05b4ac (name the folder that holds the "
            "roles, from the repository's root) [pack-path]"
        ),
    ),
    "path: a submodule": (
        lambda world: world.repository.commit({"roles": Entry(SUBMODULE, GONE)}),
        (
            "council.yml:4:3: error: there is no folder 'roles' at the commit 331bde19 (name the folder that holds "
            "the roles, from the repository's root) [pack-path]"
        ),
    ),
    "entry: up and out": (
        entry(b".."),
        (
            "council.yml:4:3: error: the pack's file '..' leads out of the pack by '..' (ask the pack's author to "
            "rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: the folder itself": (
        entry(b"."),
        (
            "council.yml:4:3: error: the pack's file '.' has a name with '.' or an empty part (ask the pack's "
            "author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: a path in a name": (
        entry(b"../../escape.md"),
        (
            "council.yml:4:3: error: the pack's file '../../escape.md' leads out of the pack by '..' (ask the "
            "pack's author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: an absolute path": (
        entry(b"/etc/escape.md"),
        (
            "council.yml:4:3: error: the pack's file '/etc/escape.md' is absolute, not relative (ask the pack's "
            "author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: git's own folder": (
        entry(b".git"),
        (
            "council.yml:4:3: error: the pack's file '.git' is of git's own folder (ask the pack's author to "
            "rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: git's own folder in capitals": (
        entry(b".GIT"),
        (
            "council.yml:4:3: error: the pack's file '.GIT' is of git's own folder (ask the pack's author to "
            "rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: a backslash": (
        entry(b"..\\escape.md"),
        (
            "council.yml:4:3: error: the pack's file '..\\escape.md' holds a backslash; folders are separated by "
            "'/' (ask the pack's author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: a drive": (
        entry(b"C:escape.md"),
        (
            "council.yml:4:3: error: the pack's file 'C:escape.md' is absolute, not relative (ask the pack's "
            "author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: a device": (
        entry(b"aux.md"),
        (
            "council.yml:4:3: error: the pack's file 'aux.md' holds the name of a Windows device (ask the pack's "
            "author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: a line feed": (
        entry(b"a\nb.md"),
        (
            "council.yml:4:3: error: the pack's file 'a\\nb.md' holds a character that cannot be printed (ask the "
            "pack's author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: writing backwards": (
        entry("\u202edm.md".encode()),
        (
            "council.yml:4:3: error: the pack's file '\\u202edm.md' holds a character that cannot be printed (ask "
            "the pack's author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: not UTF-8": (
        entry(b"\xff.md"),
        (
            "council.yml:4:3: error: the pack's file '\\xff.md' has a name that is not UTF-8 (ask the pack's "
            "author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: too long": (
        entry(b"a" * 401),
        (
            "council.yml:4:3: error: the pack's file 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\u2026' is longer than "
            "400 characters (ask the pack's author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: capitals": (
        twins(b"Tone.md", b"tone.md"),
        (
            "council.yml:4:3: error: the pack's file 'tone.md' differs from 'Tone.md' only by capitals or the "
            "spelling of an accent (ask the pack's author to rename it, or give the pack another 'path') "
            "[pack-entry]"
        ),
    ),
    "entry: an accent in two spellings": (
        twins("t\u00f6ne.md".encode(), "to\u0308ne.md".encode()),
        (
            "council.yml:4:3: error: the pack's file 't\\xf6ne.md' differs from 'to\\u0308ne.md' only by capitals "
            "or the spelling of an accent (ask the pack's author to rename it, or give the pack another 'path') "
            "[pack-entry]"
        ),
    ),
    "entry: one name twice": (
        twins(b"tone.md", b"tone.md"),
        (
            "council.yml:4:3: error: the pack's file 'tone.md' is there twice (ask the pack's author to rename it, "
            "or give the pack another 'path') [pack-entry]"
        ),
    ),
    "entry: a folder in capitals": (
        lambda world: world.roles(Parts={"a.md": "a"}, parts={"b.md": "b"}),
        (
            "council.yml:4:3: error: the pack's file 'parts' differs from 'Parts' only by capitals or the spelling "
            "of an accent (ask the pack's author to rename it, or give the pack another 'path') [pack-entry]"
        ),
    ),
    "size: a bomb of trees": (
        a_bomb_of_trees,
        (
            "council.yml:4:3: error: the pack has more than 10,000 files (give the pack a 'path', the folder that "
            "holds its roles) [pack-size]"
        ),
    ),
    "size: many files": (
        many_files,
        (
            "council.yml:4:3: error: the pack has more than 10,000 files (give the pack a 'path', the folder that "
            "holds its roles) [pack-size]"
        ),
    ),
    "size: many bytes": (
        many_bytes,
        (
            "council.yml:4:3: error: the pack's texts are larger than 16,777,216 bytes (give the pack a 'path', "
            "the folder that holds its roles) [pack-size]"
        ),
    ),
    "size: a large role": (
        a_large_role,
        (
            "council.yml:9:18: error: 'acme/critic.md' is larger than 1,048,576 bytes (name a regular file of the "
            "pack, or ask its author for one) [pack-left-out]"
        ),
    ),
    "size: a bomb of zeros": (
        a_bomb_of_zeros,
        (
            "council.yml:9:18: error: 'acme/critic.md' is larger than 1,048,576 bytes (name a regular file of the "
            "pack, or ask its author for one) [pack-left-out]"
        ),
    ),
    "role: a link outside": (
        lambda world: world.roles(critic__md=link("../../secret.md")),
        (
            "council.yml:9:18: error: 'acme/critic.md' is a symbolic link (name a regular file of the pack, or ask "
            "its author for one) [pack-left-out]"
        ),
    ),
    "role: a link to a file of the system": (
        lambda world: world.roles(critic__md=link("/etc/passwd")),
        (
            "council.yml:9:18: error: 'acme/critic.md' is a symbolic link (name a regular file of the pack, or ask "
            "its author for one) [pack-left-out]"
        ),
    ),
    "role: a link inside": (
        lambda world: world.roles(critic__md=link("other.md"), other__md=ROLE),
        (
            "council.yml:9:18: error: 'acme/critic.md' is a symbolic link (name a regular file of the pack, or ask "
            "its author for one) [pack-left-out]"
        ),
    ),
    "role: of a kind that git does not know": (
        lambda world: world.trees((b"140000", b"judge.md", world.text())) or world.play(name="judge"),
        (
            "council.yml:9:18: error: 'acme/judge.md' is a submodule (name a regular file of the pack, or ask its "
            "author for one) [pack-left-out]"
        ),
    ),
    "role: a submodule": (
        lambda world: world.roles(critic__md=Entry(SUBMODULE, GONE)),
        (
            "council.yml:9:18: error: 'acme/critic.md' is a submodule (name a regular file of the pack, or ask its "
            "author for one) [pack-left-out]"
        ),
    ),
    "role: a pointer of LFS": (
        lambda world: world.roles(critic__md="version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"),
        (
            "council.yml:9:18: error: 'acme/critic.md' is a pointer of Git LFS, not the text (name a regular file "
            "of the pack, or ask its author for one) [pack-left-out]"
        ),
    ),
    "role: not there": (
        lambda world: world.repository.commit({"roles": {"critics.md": ROLE}}),
        (
            "council.yml:9:18: error: 'acme/critic.md' is not in the pack at the commit c40a025d (did you mean "
            "'critics.md'? overlord-run roles list shows what the packs hold) [pack-file]"
        ),
    ),
    "role: a control character": (
        lambda world: world.roles(critic__md=ROLE + "\x1b[31mred\n"),
        (
            "acme/critic.md@f5c5e1c4:6:1: error: the character U+001B is not allowed here (remove it) "
            "[control-character]"
        ),
    ),
    "role: not text": (
        lambda world: world.roles(critic__md=b"\xff\xfe" + ROLE.encode("utf-16-le")),
        "acme/critic.md@6c45119f:1:1: error: the file is UTF-16, not UTF-8 (save the file as UTF-8) [encoding]",
    ),
    "include: up and out": (
        says('{% include "../../secret.md" %}'),
        (
            "acme/critic.md@c7f84304:6:1: error: the path '../../secret.md' holds an empty part, '.' or '..' "
            "(write the path of a text in the role's own folder, with / between folders) [file-path]"
        ),
    ),
    "include: absolute": (
        says('{% include "/etc/passwd" %}'),
        (
            "acme/critic.md@dbb9394a:6:1: error: the path '/etc/passwd' is absolute, not relative (write the path "
            "of a text in the role's own folder, with / between folders) [file-path]"
        ),
    ),
    "include: a backslash": (
        says('{% include "..\\\\secret.md" %}'),
        (
            "acme/critic.md@bae999d9:6:1: error: the path '..\\secret.md' holds a backslash; folders are separated "
            "by '/' (write the path of a text in the role's own folder, with / between folders) [file-path]"
        ),
    ),
    "include: a device": (
        says('{% include "nul" %}'),
        (
            "acme/critic.md@3274499f:6:1: error: the path 'nul' holds the name of a Windows device (write the path "
            "of a text in the role's own folder, with / between folders) [file-path]"
        ),
    ),
    "include: what is not in the pack": (
        says('{% include "README.md" %}'),
        (
            "acme/critic.md@e427fd20:6:1: error: 'acme/README.md' is not in the pack at the commit e427fd20 "
            "(overlord-run roles list shows what the packs hold) [pack-file]"
        ),
    ),
    "include: of another pack": (
        says('{% include "builtin/judge.md" %}'),
        (
            "acme/critic.md@608fc32f:6:1: error: 'acme/builtin/judge.md' is not in the pack at the commit 608fc32f "
            "(overlord-run roles list shows what the packs hold) [pack-file]"
        ),
    ),
    "include: a link": (
        says('{% include "tone.md" %}', tone__md=link("/etc/passwd")),
        (
            "acme/critic.md@ef73a4c5:6:1: error: 'acme/tone.md' is a symbolic link (name a regular file of the "
            "pack, or ask its author for one) [pack-left-out]"
        ),
    ),
    "include: behind a link": (
        says('{% include "etc/passwd" %}', etc=link("/etc")),
        (
            "acme/critic.md@525e2648:6:1: error: 'acme/etc/passwd' is behind 'etc', which is a symbolic link (name "
            "a regular file of the pack, or ask its author for one) [pack-left-out]"
        ),
    ),
    "include: itself": (
        says('{% include "critic.md" %}'),
        (
            "acme/critic.md@5e24e7d2:6:1: error: 'critic.md' includes 'critic.md': a circle (leave one of them "
            "out) [template-include]"
        ),
    ),
    "include: in a circle": (
        says('{% include "a.md" %}', a__md='{% include "b.md" %}', b__md='{% include "a.md" %}'),
        (
            "acme/b.md@cb97dc21:1:1: error: 'a.md' includes 'b.md' includes 'a.md': a circle (leave one of them "
            "out) [template-include]"
        ),
    ),
    "include: more than there may be": (
        says(
            "".join(f'{{% include "{index}.md" %}}' for index in range(101)),
            **{f"{index}__md": "x" for index in range(101)},
        ),
        (
            "acme/critic.md@1ce04db9:6:1: error: a role includes more than 100 texts (write some of them into one) "
            "[template-limit]"
        ),
    ),
    "run: a text whose name is made up": (
        run("{% include servant.slot %}"),
        (
            "acme/critic.md@d4a0e7e6:6:1: error: {% include %} reads another file, which only a role file can, by "
            "a path written out in quotes (write the text here, or give it as an input) [template-include]"
        ),
    ),
    "run: code of another template": (
        run('{% import "tone.md" as tone %}'),
        (
            "acme/critic.md@499baf08:6:1: error: {% import %} reads another file, which a template cannot (write "
            "the text here, or give it as an input) [template-include]"
        ),
    ),
    "run: a frame of another template": (
        run('{% extends "tone.md" %}'),
        (
            "acme/critic.md@165daa39:6:1: error: {% extends %} reads another file, which a template cannot (write "
            "the text here, or give it as an input) [template-include]"
        ),
    ),
    "run: the class behind a text": (
        run("{{ ''.__class__ }}"),
        (
            "acme/critic.md@d9141ae0:6:1: error: '__class__' is not available in templates (leave it out) "
            "[template-unavailable]"
        ),
    ),
    "run: the environment": (
        run("{{ environ.SAKANA_API_KEY }}"),
        (
            "acme/critic.md@49d3f654:6:1: error: nothing is named 'environ' here (there are: 'inputs', 'servant', "
            "'namespace', 'range') [unknown-name]"
        ),
    ),
    "run: what the playbook is given": (
        run("{{ inputs.plan }}"),
        "acme/critic.md@59210869:6:1: error: no input is named 'plan' (there are none) [undeclared-input]",
    ),
    "run: a filter that is not allowed": (
        run("{{ 'x' | attr('upper') }}"),
        (
            "acme/critic.md@d9b0e013:6:1: error: there is no filter named 'attr' (there are: abs, as_data, "
            "capitalize, count, d, default, first, float, indent, int, items, join, last, length, list, lower, "
            "map, max, min, reject, rejectattr, replace, reverse, round, select, selectattr, slug, sort, string, "
            "sum, to_json, trim, truncate, unique, upper, wordcount) [template-unavailable]"
        ),
    ),
    "run: without end": (
        run("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"),
        (
            "acme/critic.md@2af55e99:6:1: error: the template takes more than 1,000,000 loop steps (loop over "
            "less) [template-limit]"
        ),
    ),
    "run: more than fits": (
        run("{{ 'x' * 99999999 }}"),
        (
            "acme/critic.md@5750f37d:6:1: error: the template does more work than the 64,000,000 units that a "
            "render may do (loop over less, or do less in the loop) [template-limit]"
        ),
    ),
    "run: without a lock": (
        lambda world: None,
        (
            "council.yml:4:3: error: the pack 'acme' is not locked: there is no overlord.lock beside the playbook "
            "(make it: overlord-run roles lock council.yml) [lock-missing]"
        ),
    ),
    "run: with a cold cache": (
        lambda world: (locked(world), shutil.rmtree(world.folder.parent / "cache")),
        (
            "council.yml:4:3: error: the pack 'acme' was not fetched to this machine (fetch it: overlord-run roles "
            "fetch council.yml) [pack-not-fetched]"
        ),
    ),
    "lock: another digest": (
        relocked("sha256:[0-9a-f]{64}", "sha256:" + "0" * 64),
        (
            "council.yml:9:18: error: 'acme/critic.md' is not the text of the commit 9f2e33f6 that overlord.lock "
            "says (see what was changed: overlord-run roles verify council.yml) [wrong-digest]"
        ),
    ),
    "lock: another commit": (
        relocked("commit: [0-9a-f]{40}", f"commit: {GONE}"),
        (
            "council.yml:4:3: error: the pack 'acme' was not fetched to this machine (fetch it: overlord-run roles "
            "fetch council.yml) [pack-not-fetched]"
        ),
    ),
    "lock: another address": (
        relocked("git: .*", "git: https://evil.example/roles"),
        (
            "council.yml:5:5: error: overlord.lock has the pack 'acme' with another URL "
            "('https://evil.example/roles') (lock it anew: overlord-run roles lock council.yml) [lock-outdated]"
        ),
    ),
    "lock: another folder": (
        relocked("path: roles", "path: rules"),
        (
            "council.yml:7:5: error: overlord.lock has the pack 'acme' with another folder ('rules') (lock it "
            "anew: overlord-run roles lock council.yml) [lock-outdated]"
        ),
    ),
    "lock: a file that is outside": (
        relocked("critic.md:", "../critic.md:"),
        (
            "overlord.lock:11:7: error: the file '../critic.md' holds an empty part, '.' or '..' (write the lock "
            "anew) [lock-path]"
        ),
    ),
    "lock: no file": (
        relocked("files:\\n.*", "files: {}"),
        (
            "council.yml:9:18: error: 'acme/critic.md' is not in overlord.lock (add it: overlord-run roles lock "
            "council.yml) [file-not-locked]"
        ),
    ),
    "lock: a program to run": (
        relocked("git: .*", "git: ext::canary"),
        (
            "overlord.lock:5:10: error: the URL names a program of git's to run, by '::' (write it like "
            "https://github.com/acme/roles) [pack-url]"
        ),
    ),
    "lock: an option for a commit": (
        relocked("commit: [0-9a-f]{40}", "commit: --upload-pack=canary"),
        (
            "overlord.lock:9:13: error: 'commit' is '--upload-pack=canary', which is not the whole name of a "
            "commit (write it in 40 hex digits; overlord-run roles lock does) [bad-value]"
        ),
    ),
    "lock: a link to a device": (
        a_lock_that_is_a_device,
        (
            "council.yml:4:3: error: 'overlord.lock' is outside of the playbook's folder (put the file beside the "
            "playbook, not behind .. or a link) [file-outside]"
        ),
    ),
    "cache: another text": (
        spoilt("texts/*/*", lambda path: path.write_text(SECRET, encoding="utf-8")),
        (
            "council.yml:9:18: error: 'acme/critic.md' is not what was fetched at the commit 9f2e33f6: the cache "
            "was changed (overlord-run roles fetch council.yml mends it) [pack-damaged]"
        ),
    ),
    "cache: a link to a text outside": (
        spoilt("texts/*/*", lambda path: path.symlink_to("../../../secret.md")),
        (
            "council.yml:9:18: error: 'acme/critic.md' is not what was fetched at the commit 9f2e33f6: the cache "
            "was changed (overlord-run roles fetch council.yml mends it) [pack-damaged]"
        ),
    ),
    "cache: a list of other texts": (
        spoilt("packs/*/*", lambda path: path.write_text("{}", encoding="utf-8")),
        (
            "council.yml:4:3: error: the pack 'acme' cannot be read: its list in the cache was changed (fetch it: "
            "overlord-run roles fetch council.yml) [pack-damaged]"
        ),
    ),
    "cache: a list with a path outside": (
        spoilt("packs/*/*", a_list_with_a_path_outside),
        (
            "council.yml:4:3: error: the pack 'acme' cannot be read: its list in the cache was changed (fetch it: "
            "overlord-run roles fetch council.yml) [pack-damaged]"
        ),
    ),
}
RUN = ("council.yml", "--rehearse", "--quiet")


@pytest.mark.parametrize("name", ROWS)
def test_what_means_harm_is_refused(name: str, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    mischief, message = ROWS[name]
    mischief(world)
    capsys.readouterr()
    words = RUN if name.startswith(("run:", "lock:", "cache:")) else ("roles", "lock")
    code = execute(words)
    said = capsys.readouterr()
    assert said.err == f"{message}\n\nerror: 1 problem found\n"
    assert (code, said.out) == (3, "")
    assert "hunter2" not in message
    assert SECRET not in message
    assert not world.canary.exists()
    assert not list(world.folder.glob("canary*"))


def a_program(world: World) -> str:
    """Return a program that tells that it was run."""
    path = world.folder.parent / "bin" / "program"
    path.write_text(f"#!/bin/sh\ntouch '{world.canary}'\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def set_in_the_repository(section: str, key: str) -> Mischief:
    def mischief(world: World) -> None:
        with (world.repository.path / "config").open("a", encoding="utf-8") as config:
            config.write(f'[{section}]\n\t{key} = "{a_program(world)}"\n')

    return mischief


def set_by_the_user(section: str, key: str) -> Mischief:
    def mischief(world: World) -> None:
        config = world.folder.parent / "home" / ".gitconfig"
        config.write_text(
            f'[{section}]\n\t{key} = "{a_program(world)}"\n[protocol "ext"]\n\tallow = always\n', encoding="utf-8"
        )

    return mischief


def set_around(name: str) -> Mischief:
    def mischief(world: World) -> None:
        os.environ[name] = a_program(world)

    return mischief


def written_to(name: str) -> Mischief:
    """Say by a variable of git's where it is to write what it does."""

    def mischief(world: World) -> None:
        os.environ[name] = str(world.canary)

    return mischief


def written_to_by_the_user(world: World) -> None:
    config = world.folder.parent / "home" / ".gitconfig"
    config.write_text(f"[trace2]\n\tnormalTarget = {world.canary}\n", encoding="utf-8")


def hooks(world: World) -> None:
    program = Path(a_program(world)).read_text(encoding="utf-8")
    names = ("post-checkout", "post-merge", "pre-auto-gc", "reference-transaction", "post-update", "fsmonitor-watchman")
    for folder in (world.repository.path / "hooks", world.folder.parent / "templates" / "hooks"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).write_text(program, encoding="utf-8")
            (folder / name).chmod(0o755)
    os.environ["GIT_TEMPLATE_DIR"] = str(world.folder.parent / "templates")


def another_repository(world: World) -> None:
    other = Repository.make(world.folder.parent / "other")
    other.commit({"roles": {"critic.md": SECRET}})
    os.environ["GIT_DIR"] = str(other.path)
    os.environ["GIT_OBJECT_DIRECTORY"] = str(other.path / "objects")
    os.environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(other.path / "objects")


def replaced(world: World) -> None:
    """Say in the repository that another text stands for the role."""
    name = world.repository.put("blob", ROLE.encode())
    path = world.repository.path / "refs" / "replace"
    path.mkdir()
    (path / name).write_text(f"{world.text()}\n", encoding="utf-8")


def a_promise(world: World) -> None:
    """Leave a text out, and say that a program brings it."""
    commit = world.roles(lost__md="lost")
    world.repository.forget(world.text("lost"))
    assert commit
    with (world.repository.path / "config").open("a", encoding="utf-8") as config:
        config.write('[remote "o"]\n\tpromisor = true\n\turl = file:///\n')
        config.write(f'\tuploadpack = "{a_program(world)}"\n[extensions]\n\tpartialClone = o\n')
    (world.repository.path / "config").write_text(
        (world.repository.path / "config")
        .read_text(encoding="utf-8")
        .replace("formatversion = 0", "formatversion = 1"),
        encoding="utf-8",
    )


ATTRIBUTES = "* text eol=crlf ident working-tree-encoding=UTF-16 filter=evil diff=evil merge=evil export-subst\n"
LFS = '[lfs]\n\turl = "https://evil.example"\n\tcustomtransfer.evil.path = program\n'
MODULES = '[submodule "other"]\n\tpath = other\n\turl = ext::canary\n\tupdate = !canary\n'
WITHOUT_A_SAY: dict[str, Mischief] = {
    "hooks of the repository and of a template": hooks,
    "attributes": lambda world: world.roles(__gitattributes=ATTRIBUTES),
    "a configuration of LFS": lambda world: world.roles(__lfsconfig=LFS),
    "a submodule": lambda world: world.roles(__gitmodules=MODULES, other=Entry(SUBMODULE, GONE)),
    "a text that stands for another": replaced,
    "what packs objects": set_in_the_repository("uploadpack", "packObjectsHook"),
    "what watches files": set_in_the_repository("core", "fsmonitor"),
    "where hooks are": set_in_the_repository("core", "hooksPath"),
    "what ssh is": set_in_the_repository("core", "sshCommand"),
    "what knows passwords": set_in_the_repository("credential", "helper"),
    "what the user lets filter": set_by_the_user('filter "evil"', "smudge"),
    "what the user lets compare": set_by_the_user("diff", "external"),
    "what the user lets watch files": set_by_the_user("core", "fsmonitor"),
    "what the user is asked by": set_by_the_user("core", "askPass"),
    "what the user calls fetch": set_by_the_user("alias", "fetch"),
    "what asks for passwords": set_around("GIT_ASKPASS"),
    "what asks for passwords of ssh": set_around("SSH_ASKPASS"),
    "what pages": set_around("GIT_PAGER"),
    "what edits": set_around("GIT_EDITOR"),
    "what compares": set_around("GIT_EXTERNAL_DIFF"),
    "where git's programs are": set_around("GIT_EXEC_PATH"),
    "where git writes what it does": written_to("GIT_TRACE"),
    "where git writes what happens": written_to("GIT_TRACE2_EVENT"),
    "where the user lets git write": written_to_by_the_user,
    "another repository": another_repository,
}


@pytest.mark.parametrize("name", WITHOUT_A_SAY)
def test_what_is_not_asked_has_no_say(
    name: str, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    WITHOUT_A_SAY[name](world)
    assert execute(["roles", "lock"]) == 0
    lock = (world.folder / "overlord.lock").read_text(encoding="utf-8")
    assert f"critic.md: sha256:{hashlib.sha256(ROLE.encode()).hexdigest()}" in lock
    assert not world.canary.exists()
    assert SECRET not in "".join(capsys.readouterr())


def test_a_repository_that_promises_texts_is_not_asked_to_keep_its_word(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    a_promise(world)
    assert execute(["roles", "lock"]) == 1
    assert capsys.readouterr().err == (
        "error: the pack 'acme': the repository is damaged: what its commits hold is not all there\n"
        "next: Try git fsck in the repository.\n"
    )
    assert not world.canary.exists()


def test_an_address_that_the_user_replaces_by_a_program_is_not_run(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    program = a_program(world)
    config = f'[url "ext::{program} "]\n\tinsteadOf = {world.repository.url}\n[protocol]\n\tallow = always\n'
    (world.folder.parent / "home" / ".gitconfig").write_text(config, encoding="utf-8")
    assert execute(["roles", "lock"]) == 1
    assert capsys.readouterr().err == (
        "error: the pack 'acme': the address leads to a protocol other than https and ssh\n"
        "next: See git config --get-regexp '^url' and where the host redirects to.\n"
    )
    assert not world.canary.exists()


def test_a_program_that_is_run_is_found(world: World) -> None:
    subprocess.run([a_program(world)], check=True)
    assert world.canary.exists()

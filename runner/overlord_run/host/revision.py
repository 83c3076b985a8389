"""Read files as they were at a revision of the git repository that holds them, from git's objects and nowhere else.

Only `git rev-parse` and `git cat-file` are run. They change nothing, start no hook, no filter, no diff program and no
pager, ask nobody, and may not fetch what a partial clone lacks; so it does not matter whose repository it is. Nothing
is checked out: no attribute of the repository has a say in what a file holds. A link is followed as far as what is
committed goes, by git itself, and never into the folder as it is now. A submodule is not entered.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

from msgspec import Struct

from overlord_run.errors import UsageError
from overlord_run.files import FileError, missing, no_file, outside, require_relative, too_large
from overlord_run.host.git import NO_GIT, find_git
from overlord_run.playbook.names import LONGEST_PATH, shown

_LONGEST_WAIT_S = 30.0
# What git needs to find itself, its user's configuration (`safe.directory`) and, on Windows, the system. The rest could
# hold the key, or lead git to another repository, as GIT_DIR does that hooks set.
_HANDED_ON = ("PATH", "HOME", "XDG_CONFIG_HOME", "USERPROFILE", "SYSTEMROOT")
_FIXED = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # for a git that is too old to know the line above
}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_OBJECT = re.compile(rb"([0-9a-f]{40,64}) (blob|tree|commit|tag) ([0-9]+)\n")


class Git(Struct, frozen=True):
    """A git program and the folder that it is run in."""

    program: Path
    folder: Path
    environ: Mapping[str, str]

    @classmethod
    def find(cls, folder: Path, environ: Mapping[str, str], *, platform: str = sys.platform) -> "Git":
        """Return the git that PATH names.

        Raises:
            UsageError: There is none.
        """
        program = find_git(environ, platform=platform)
        if program is None:
            raise UsageError(NO_GIT, next="Install it, or compare two playbooks that are files.", code="git")
        return cls(program, folder, {name: environ[name] for name in _HANDED_ON if name in environ} | _FIXED)

    def run(self, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run git and return what it printed and its exit code.

        Raises:
            UsageError: It cannot be started, or takes too long.
        """
        try:
            return subprocess.run(  # noqa: S603 - an absolute path, no shell, and no word of a user's that is an option
                [str(self.program), *_SETTINGS, *words],
                cwd=self.folder,
                env=self.environ,
                input=stdin,
                capture_output=True,
                timeout=_LONGEST_WAIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            late = isinstance(error, subprocess.TimeoutExpired)
            reason = f"gave no answer within {_LONGEST_WAIT_S:.0f} s" if late else "cannot be started"
            message = f"git {reason}"
            raise UsageError(message, next="Try git status in this folder.", code="git") from error


class Revision(Struct, frozen=True):
    """A commit, and a folder in it: what stood there is read as `files` reads what stands there now.

    Attributes:
        git: Answers for the repository.
        commit: The commit, in hex.
        folder: The folder, from the repository's root.
    """

    git: Git
    commit: str
    folder: PurePosixPath

    @classmethod
    def find(cls, name: str, folder: Path, environ: Mapping[str, str]) -> "Revision":
        """Return a revision of the repository that a folder belongs to.

        Args:
            name: What git takes for a commit: a branch, a tag, `HEAD~1`, an abbreviated hash.
            folder: The folder; where it does not exist any more, the nearest one above it tells the repository.
            environ: The environment.

        Raises:
            UsageError: There is no git, no repository, or no such commit in it.
        """
        if name.startswith("-") or not name.isprintable():
            message = f"{shown(name)} is no revision: it {'begins with -' if name[:1] == '-' else 'cannot be printed'}"
            raise UsageError(message, next="Name a branch, a tag or a commit.")
        there = next(place for place in (folder, *folder.parents) if place.is_dir())
        git = Git.find(there, environ)
        prefix = git.run("rev-parse", "--show-prefix")
        if prefix.returncode != 0:
            raise _no_repository(there, prefix.stderr)
        commit = git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if commit.returncode != 0:
            message = f"there is no revision {shown(name)} in this repository"
            remedy = "Name a branch, a tag or a commit; a clone that is shallow may have to fetch it first."
            raise UsageError(message, next=remedy, code="git")
        path = PurePosixPath(os.fsdecode(prefix.stdout.removesuffix(b"\n")), *folder.relative_to(there).parts)
        return cls(git, commit.stdout.decode("ascii").strip(), path)

    def read(self, name: str, *, limit: int) -> bytes:
        """Return what the file of this name in the folder held, at most `limit` bytes; links to it are followed.

        Raises:
            FileError: There was no such file, it was no regular file, or was larger.
        """
        return self._blob(self.commit, self.folder / name, shown(name, longest=LONGEST_PATH), limit)

    def read_beside(self, relative: str, *, limit: int, may_climb: bool = False, within: str = "") -> bytes:
        """Return what a file held that a playbook in the folder names; with the rules of `files.read_beside`.

        Raises:
            FileError: The path is not relative, leads out of the folder or the repository, or is no such file's.
        """
        subject = require_relative(relative)
        parts = PurePosixPath(relative).parts
        climbs = len(list(takewhile(lambda part: part == "..", parts))) if may_climb else 0
        if climbs > len(self.folder.parts) or ".." in parts[climbs : climbs + 1]:
            raise outside(subject)
        below = max(climbs, len(PurePosixPath(within).parts))
        top = PurePosixPath(*self.folder.parts[: len(self.folder.parts) - climbs], *parts[climbs:below])
        kind, tree, _ = self._look_up(self.commit, top, subject)
        if kind != "tree":
            raise missing(subject)
        return self._blob(tree, PurePosixPath(*parts[below:]), subject, limit)

    def _blob(self, tree: str, path: PurePosixPath, subject: str, limit: int) -> bytes:
        kind, name, size = self._look_up(tree, path, subject)
        if kind != "blob":
            raise no_file(subject, "a folder")
        if size > limit:
            raise too_large(subject, limit)
        found = self.git.run("cat-file", "blob", name)
        if found.returncode != 0:
            raise _damaged(subject)
        return found.stdout

    def _look_up(self, tree: str, path: PurePosixPath, subject: str) -> tuple[str, str, int]:
        """Return the kind, name and size of the object at a path under a tree, beyond which no link leads."""
        place = "" if path == PurePosixPath() else path.as_posix()
        question = os.fsencode(f"{tree}:{place}") + b"\n"
        found = self.git.run("cat-file", "--batch-check", "--follow-symlinks", stdin=question)
        if found.returncode != 0:
            raise _damaged(subject)
        told = _OBJECT.fullmatch(found.stdout)
        if told is None:
            raise outside(subject) if found.stdout.startswith(b"symlink ") else missing(subject)
        return told[2].decode(), told[1].decode(), int(told[3])


def _no_repository(folder: Path, said: bytes) -> UsageError:
    if b"not a git repository" in said:
        message = f"{shown(str(folder.absolute()), longest=LONGEST_PATH)} is in no git repository"
        return UsageError(message, next="Name a playbook that is in one, or compare two playbooks.", code="git")
    first: Sequence[str] = said.decode("utf-8", "replace").splitlines()[:1]
    return UsageError(f"git refuses: {''.join(first)}", next="Try git status in this folder.", code="git")


def _damaged(subject: str) -> FileError:
    hint = "see git fsck; a partial clone may have to fetch it first"
    return FileError(subject, "cannot be read from git's objects", rule="file-unreadable", hint=hint)

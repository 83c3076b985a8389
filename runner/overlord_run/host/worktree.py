"""Find the git worktree that a folder belongs to by reading a few small files; git itself is never started.

Starting git would be slower, and would obey the configuration of a repository that may be anyone's. The environment has
no say either: a run is bound to the folder it is started in, and `GIT_DIR` and its kin, which hooks and tools set for
calls of their own, would bind it to another one.
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from overlord_run.files import FileError, read_bytes

_SMALL = 4096
_PACKED_REFS = 16 * 1024 * 1024
_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# Source: git-check-ref-format(1). What it forbids is also what could lead a path out of the repository.
_NOT_IN_A_REF = re.compile(r"\.\.|//|/\.|@\{|[\x00-\x20\x7f~^:?*\[\\]|\.lock(?:/|$)|[/.]$")


class Worktree(Struct, frozen=True):
    """The git worktree that a folder belongs to, or the folder itself.

    Attributes:
        path: The worktree's root, absolute, without symbolic links.
        branch: The branch checked out; None for a detached HEAD, without git, or where it cannot be read.
        commit: The commit checked out, in hex; None before the first one, without git, or where it cannot be read.
    """

    path: Path
    branch: str | None
    commit: str | None


def owner_of(path: Path) -> int:
    """Return the id of the user that a file or folder belongs to; on Windows 0."""
    return path.lstat().st_uid


def find_worktree(cwd: Path, *, owner: Callable[[Path], int] = owner_of) -> Worktree:
    """Return the worktree that holds a folder; without one the folder itself.

    A `.git` counts only where it belongs to the folder's owner or to whoever runs the program: else anyone who may
    write to a folder above could draw the runs of others to it with a `.git` of their own.
    """
    start = cwd.resolve()
    owners = (owner(start), _user())
    for folder in (start, *start.parents):
        repository = _repository(folder)
        if repository is not None and owner(folder / ".git") in owners:
            return _worktree(folder, *repository)
    return Worktree(start, None, None)


def _repository(folder: Path) -> tuple[Path, str] | None:
    """Return the git folder of a worktree's root and what its HEAD says, or None where there is none.

    `.git` is that folder, or in a linked worktree and in a submodule a file that names it.
    """
    git_dir = folder / ".git"
    link = _read(git_dir)
    if link is not None:
        git_dir = folder / link.removeprefix("gitdir:").strip()
    head = (_read(git_dir / "HEAD") or "").strip()
    return (git_dir, head) if head.startswith("ref: refs/") or _OBJECT.fullmatch(head) else None


def _worktree(path: Path, git_dir: Path, head: str) -> Worktree:
    if not head.startswith("ref:"):
        return Worktree(path, None, head)
    ref = head.removeprefix("ref:").strip()
    if _NOT_IN_A_REF.search(ref):  # also the stub of a repository that keeps its refs in a reftable
        return Worktree(path, None, None)
    branch = ref.removeprefix("refs/heads/")
    return Worktree(path, None if branch == ref else branch, _commit(git_dir, ref))


def _commit(git_dir: Path, ref: str) -> str | None:
    """Return the commit of a ref. A linked worktree's refs are in the folder that its `commondir` names."""
    refs_dir = git_dir / (_read(git_dir / "commondir") or "").strip()
    loose = (_read(refs_dir / ref) or "").strip()
    if _OBJECT.fullmatch(loose):
        return loose
    packed = _read(refs_dir / "packed-refs", _PACKED_REFS) or ""
    before, found, _ = packed.partition(f" {ref}\n")
    commit = before.rpartition("\n")[2] if found else ""
    return commit if _OBJECT.fullmatch(commit) else None


def _read(path: Path, limit: int = _SMALL) -> str | None:
    """Return the text of a regular file, or None where there is none or it is larger than git makes it."""
    try:
        return read_bytes(path, limit=limit).decode("utf-8", "replace")
    except FileError:
        return None


def _user() -> int:
    user = 0
    if sys.platform != "win32":
        user = os.geteuid()
    return user

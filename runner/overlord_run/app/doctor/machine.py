"""Look at the machine: the program and its packages, platform and shell, the worktree, the folder of the runs."""

import os
import platform
import re
import stat
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from overlord_run import __version__
from overlord_run.app.doctor.check import Check, refused
from overlord_run.errors import SettingsError, StoreError
from overlord_run.host import Host, Worktree, require_supported
from overlord_run.store.folder import is_ignored, run_ids

_DISTRIBUTION = "overlord-run"
_NAME = re.compile(r"[\w.-]+")
_SHOWN_DIGITS = 12
_MAY_BE_READ_BY_OTHERS = 0o077


def examine_machine(host: Host, worktree: Worktree, state_dir: Path) -> Iterator[Check]:
    """Yield what was found of each thing on this machine that a run needs."""
    yield Check("program", "ok", f"overlord-run {__version__}, Python {platform.python_version()} at {sys.executable}")
    yield _packages()
    yield _host(host)
    yield _worktree(worktree)
    yield _state_folder(state_dir, host, worktree)


def _packages() -> Check:
    try:
        needed = [_NAME.match(line) for line in metadata.requires(_DISTRIBUTION) or () if "extra ==" not in line]
        found = [f"{name[0]} {metadata.version(name[0])}" for name in needed if name is not None]
    except metadata.PackageNotFoundError as error:
        return Check("packages", "note", f"{error.name} is not installed as a package, so versions are not known")
    return Check("packages", "ok", ", ".join(found))


def _host(host: Host) -> Check:
    try:
        require_supported(host)
    except SettingsError as error:
        return refused("host", error)
    return Check("host", "ok", f"{platform.platform()}, typed in {host.shell}, {host.path_style} paths")


def _worktree(worktree: Worktree) -> Check:
    if worktree.commit is None and worktree.branch is None:
        return Check("worktree", "ok", f"{worktree.path}, no git worktree: runs are bound to the folder")
    at = f"on {worktree.branch}" if worktree.branch else "on no branch"
    return Check("worktree", "ok", f"{worktree.path}, {at}, at {(worktree.commit or 'no commit')[:_SHOWN_DIGITS]}")


def _state_folder(path: Path, host: Host, worktree: Worktree) -> Check:
    try:
        return _examined(path, host, worktree)
    except OSError as error:
        way_out = "check its path and its rights, or name another folder with --state-dir"
        return Check("state-folder", "wrong", f"{path} cannot be looked at: {error.strerror}", way_out)


def _examined(path: Path, host: Host, worktree: Worktree) -> Check:
    name = "state-folder"
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        way_out = "move it away, or name another folder with --state-dir"
        return Check(name, "wrong", f"{path} is {'a symbolic link' if path.is_symlink() else 'a file'}", way_out)
    if not path.exists():
        above = next(folder for folder in path.parents if folder.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            return Check(name, "wrong", f"{path} cannot be made: {above} may not be written", "name another folder")
        return Check(name, "ok", f"{path}, made by the first run")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return Check(name, "wrong", f"{path} may not be written", "check who owns it and its mode")
    try:
        count = len(run_ids(path))
    except StoreError as error:
        return refused(name, error)
    return _found(path, count, host, worktree)


def _found(path: Path, count: int, host: Host, worktree: Worktree) -> Check:
    message = f"{path}, {count:,} run{'' if count == 1 else 's'}"
    mode = path.stat().st_mode
    if sys.platform != "win32" and mode & _MAY_BE_READ_BY_OTHERS:
        remedy = f"chmod 700 {host.quote(str(path))}"
        return Check("state-folder", "note", f"{message}; others may get at it ({stat.S_IMODE(mode):04o})", remedy)
    if path.is_relative_to(worktree.path) and not is_ignored(path):
        remedy = f"put a line with * into {path / '.gitignore'}"
        return Check("state-folder", "note", f"{message}; nothing in it tells git to ignore them", remedy)
    return Check("state-folder", "ok", f"{message}, writable")

"""Name, make and find the folders of runs under `.overlord/`."""

import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from overlord_run.errors import RunNotFoundError, StoreError, UsageError
from overlord_run.playbook.names import MOST_CANDIDATES, did_you_mean, is_device
from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, make_folder, open_to_read, unreadable, unwritable

IGNORE_ALL = b"*\n"
_IGNORE_NAME = ".gitignore"
_RUNS = "runs"
_OTHERS = 0o077
_MAX_ID_CHARS = 80
_TOKEN_CHARS = 4
# A digit or letter, then no dot at the end: a name that every file system takes as it is.
_ID = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,{_MAX_ID_CHARS - 2}}}[A-Za-z0-9_-])?")
_TORN = re.compile(r"torn-[0-9]+\.jsonl")
# As long as the older journal of a servant whose slot has 64 characters; one that a crash leaves says what it is.
_LONGEST_NAME = f".{'x' * 67}{atomic.TEMPORARY_SUFFIX}"


class RunFolder(Struct, frozen=True):
    """One run's place on disk, `runs/<runId>` under the state folder, and the files in it."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run's id, which is the folder's name."""
        return self.path.name

    @property
    def log_path(self) -> Path:
        """The truth, `events.jsonl`."""
        return self.path / "events.jsonl"

    @property
    def registry_path(self) -> Path:
        """The registry, `run.json`."""
        return self.path / "run.json"

    @property
    def snapshot_path(self) -> Path:
        """What a long log came to, `snapshot.jsonl`; a short one has none."""
        return self.path / "snapshot.jsonl"

    @property
    def ledger_path(self) -> Path:
        """The ledger, `ledger.jsonl`."""
        return self.path / "ledger.jsonl"

    @property
    def journals_dir(self) -> Path:
        """The folder of the journals."""
        return self.path / "journals"

    @property
    def plan_path(self) -> Path:
        """The frozen plan, `plan.json`."""
        return self.path / "plan.json"

    @property
    def lock_path(self) -> Path:
        """The file whose lock says who may write."""
        return self.path / "owner.lock"

    @property
    def inbox_dir(self) -> Path:
        """The folder of what other processes ask of the run's owner."""
        return self.path / "inbox"

    def is_private(self) -> bool:
        """Say whether nobody but its owner can have written what is in it; on Windows that is taken for granted."""
        found = self.path.lstat()
        return sys.platform == "win32" or (found.st_uid == os.geteuid() and not found.st_mode & _OTHERS)

    @classmethod
    def create(cls, state_dir: Path, run_id: str) -> "RunFolder":
        """Make a run's folder, and the state folder where there is none, each for its owner only and ignored by git.

        Raises:
            UsageError: There is such a run already.
            StoreError: A folder cannot be made.
        """
        runs = state_dir / _RUNS
        folder = cls(runs / run_id)
        try:
            _prepare(state_dir)
            _ensure(runs)
            _make(folder)
        except OSError as error:
            raise unwritable(folder.path, error) from error
        return folder

    @classmethod
    def find(cls, state_dir: Path, run_id: str | None) -> "RunFolder":
        """Return the folder of a run, or for None that of the newest.

        Raises:
            RunNotFoundError: There is none.
            StoreError: The state folder cannot be read.
        """
        known = run_ids(state_dir)
        if run_id is None:
            if not known:
                raise _no_runs(state_dir)
            return cls(state_dir / _RUNS / known[-1])
        if run_id not in known:
            raise _no_such_run(run_id, known)
        return cls(state_dir / _RUNS / run_id)


def run_ids(state_dir: Path) -> list[str]:
    """Return the ids of the runs under a state folder, the oldest first.

    A run is as old as its plan, which is written once, before the first event.

    Raises:
        StoreError: The folder cannot be read.
    """
    runs = state_dir / _RUNS
    try:
        with os.scandir(runs) as entries:
            ids = [entry.name for entry in entries if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable(runs, error) from error
    return sorted(ids, key=lambda run_id: (_made_at(RunFolder(runs / run_id)), run_id))


def folder_of(state_dir: Path, run_id: str) -> RunFolder:
    """Return where a run of this id stands, or would stand."""
    return RunFolder(state_dir / _RUNS / run_id)


def run_folders(state_dir: Path) -> list[RunFolder]:
    """Return the folders of the runs under a state folder, the oldest first.

    Raises:
        StoreError: The state folder cannot be read.
    """
    return [folder_of(state_dir, run_id) for run_id in run_ids(state_dir)]


def torn_name(line: int) -> str:
    """Return the name of the file that holds what a crash had torn at the log's end, from that line on."""
    return f"torn-{line}.jsonl"


def is_torn_name(name: str) -> bool:
    """Say whether a file's name is one of those."""
    return _TORN.fullmatch(name) is not None


def is_ignored(state_dir: Path) -> bool:
    """Say whether a state folder tells git to ignore what is in it."""
    try:
        with open_to_read(state_dir / _IGNORE_NAME) as file:
            return file.read(len(IGNORE_ALL) + 1) == IGNORE_ALL
    except OSError:
        return False


def new_run_id(now: datetime, name: str, token: str) -> str:
    """Return a run's id that sorts by time and is a file name everywhere, like `20261122-132501-quickstart-7f3a`.

    Args:
        now: The time, aware of its zone; the id has UTC.
        name: The playbook's name.
        token: Random; its first four characters tell apart what begins in the same second.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    room = _MAX_ID_CHARS - len(stamp) - _TOKEN_CHARS - 2
    return f"{stamp}-{name[:room]}-{token[:_TOKEN_CHARS]}"


def _prepare(state_dir: Path) -> None:
    """Make the state folder. Git is told to ignore it where it holds nothing of anyone else's."""
    if state_dir.is_symlink() or (state_dir.exists() and not state_dir.is_dir()):
        raise _no_folder(state_dir)
    _ensure(state_dir)
    if {entry.name for entry in state_dir.iterdir() if entry.suffix != atomic.TEMPORARY_SUFFIX} <= {_RUNS}:
        atomic.replace(state_dir / _IGNORE_NAME, [IGNORE_ALL])


def _ensure(path: Path) -> None:
    """Make a folder where there is none; another process may make it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        make_folder(path)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        SYSTEM_DISK.sync_folder(path.parent)


def _make(folder: RunFolder) -> None:
    try:
        make_folder(folder.path)
    except FileExistsError as error:
        raise _exists(folder) from error
    make_folder(folder.journals_dir)
    make_folder(folder.inbox_dir)
    _try_longest(folder)
    SYSTEM_DISK.sync_folder(folder.path.parent)


def _try_longest(folder: RunFolder) -> None:
    """Make sure that no file of the run will have a path that is too long, before anything is paid for.

    Raises:
        OSError: One would; the folder is gone again.
    """
    trial = folder.journals_dir / _LONGEST_NAME
    try:
        os.close(SYSTEM_DISK.open(trial, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        trial.unlink()
    except OSError:
        for path in (folder.inbox_dir, folder.journals_dir, folder.path):
            path.rmdir()
        raise


def is_run_id(text: str) -> bool:
    """Say whether a text can be a run's id: a file name that every platform takes, of 80 characters at most."""
    return _ID.fullmatch(text) is not None and not is_device(text)


def _made_at(folder: RunFolder) -> int:
    try:
        return folder.plan_path.lstat().st_mtime_ns
    except OSError:
        return 0


def _exists(folder: RunFolder) -> UsageError:
    return UsageError(
        f"there is a run {folder.run_id} already, in {folder.path}",
        next="run the same command again: it will have another id",
    )


def _no_folder(state_dir: Path) -> StoreError:
    what = "a symbolic link" if state_dir.is_symlink() else "a file"
    return StoreError(
        f"{state_dir} is {what}, not a folder",
        next="move it away, or name another folder with --state-dir",
    )


def _no_runs(state_dir: Path) -> RunNotFoundError:
    return RunNotFoundError(
        f"there is no run in {state_dir}",
        next="overlord-run PLAYBOOK starts one; --state-dir names another folder",
    )


def _no_such_run(run_id: str, known: Sequence[str]) -> RunNotFoundError:
    hint = did_you_mean(run_id, known[-MOST_CANDIDATES:])
    message = f"there is no run {run_id!r} here" + (f"; {hint}" if hint else "")
    return RunNotFoundError(message, next="overlord-run list shows the runs here")

"""Verify a run: recompute the chain and every view from the log, and say what on disk is something else.

The views are read before the log, so that those of a live run never seem to lead it. They may lag: what `run.json` does
not vouch for (its `lastSeq`) may be missing from them, and is told as a note.
"""

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from overlord_run.errors import LogDamagedError
from overlord_run.store.atomic import TEMPORARY_SUFFIX
from overlord_run.store.compare import (
    Difference,
    Findings,
    JournalComparison,
    LedgerComparison,
    bytes_difference,
    unreadable_json,
)
from overlord_run.store.disk import open_to_read, unreadable
from overlord_run.store.events import RunCreated, decode
from overlord_run.store.folder import RunFolder
from overlord_run.store.journal import FILE_BYTES, file_name, older_file_name
from overlord_run.store.log import read
from overlord_run.store.plan_file import plan_difference
from overlord_run.store.registry import registry, registry_lines
from overlord_run.store.rehydrate import replay
from overlord_run.store.state import State

_MAY_BE_READ_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Verification:
    """What a run's files were found to be: as the log gives them where there is no difference."""

    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def verify(folder: RunFolder) -> Verification:
    """Return what in a run's folder is not as its log gives it, and what a person should know besides.

    No lock is taken and nothing is changed; the run may be live.

    Raises:
        StoreError: A file cannot be read, or a newer version wrote the log.
    """
    findings = Findings()
    views = _read_views(folder, findings)
    journals = JournalComparison(folder.journals_dir.name, views.journals, findings)
    with _opened(folder.ledger_path, views.files) as file:
        ledger = LedgerComparison(folder.ledger_path.name, file, findings)
        log = _replay(folder, views, (ledger, journals), findings)
        for comparison in (ledger, journals):
            comparison.finish(views.vouched_seq, is_log_whole=log.is_whole)
    _check_presence(folder, views, log, findings)
    _check_registry(folder, views, log, findings)
    _check_plan(folder, views, log, findings)
    return Verification(tuple(findings.differences), tuple(findings.notes))


@dataclass(frozen=True, slots=True)
class _Views:
    """The views as they were before the log was read.

    Attributes:
        files: The names of the files in the run's folder.
        registry: None where there is none.
        vouched_seq: Up to where the registry vouches for the others; 0 where it does not say.
        journals: By file name; empty bytes for one that belongs to no servant.
    """

    files: AbstractSet[str]
    registry: bytes | None
    vouched_seq: int
    plan: bytes | None
    journals: Mapping[str, bytes]


@dataclass(slots=True)
class _Log:
    """What the log says: the state at its end, and the registry at the event that the one on disk is of."""

    state: State = field(default_factory=State)
    registry: bytes | None = None
    last_batch: int = 0
    is_whole: bool = True


def _replay(
    folder: RunFolder, views: _Views, comparisons: Sequence[LedgerComparison | JournalComparison], findings: Findings
) -> _Log:
    if folder.log_path.name not in views.files:
        return _Log(is_whole=False)
    log, events = _Log(), read(folder.log_path)
    try:
        for event in replay(events, log.state):
            log.last_batch = event.batch
            for comparison in comparisons:
                comparison.follow(event)
            if event.seq == views.vouched_seq:
                log.registry = b"".join(registry_lines(registry(log.state)))
    except LogDamagedError as error:
        log.is_whole = False
        findings.differ(folder.log_path.name, f"line {error.line}", error.reason)
    if events.torn is not None:
        findings.notes.append(f"{folder.log_path.name}: {events.torn}")
    return log


def _check_presence(folder: RunFolder, views: _Views, log: _Log, findings: Findings) -> None:
    """Tell which files are missing. A run that a crash ended before its first event need not have them."""
    if log.state.created is None and views.registry is None:
        if log.is_whole or folder.log_path.name not in views.files:
            findings.notes.append("the log is empty: the run ended before it began")
        return
    required = {path.name for path in (folder.log_path, folder.plan_path, folder.ledger_path, folder.lock_path)}
    for name in sorted(required - views.files):
        findings.differ(name, "", "is missing")
    for name in sorted(views.files - required - {folder.registry_path.name}):
        findings.notes.append(f"{name} is no file of this run")


def _check_registry(folder: RunFolder, views: _Views, log: _Log, findings: Findings) -> None:
    name, end = folder.registry_path.name, log.state.last_seq
    if views.registry is None:
        # It is written before the second batch, and never taken away.
        if log.last_batch > 1 and not folder.registry_path.exists():
            findings.differ(name, "", "is missing")
    elif views.vouched_seq > end and log.is_whole:
        message = (
            f"the log ends here, but {name} is of event {views.vouched_seq}: lines were cut off, or {name} changed"
        )
        findings.differ(folder.log_path.name, f"line {end}", message)
    elif log.registry is not None and log.registry != views.registry:
        findings.differ(name, *bytes_difference(views.registry, log.registry))
    elif 0 < views.vouched_seq < end:
        findings.notes.append(f"{name} lags behind the log: it is of event {views.vouched_seq} of {end}")


def _check_plan(folder: RunFolder, views: _Views, log: _Log, findings: Findings) -> None:
    if views.plan is not None and log.state.created is not None:
        parted = plan_difference(views.plan, log.state.created.plan_digest)
        if parted is not None:
            findings.differ(folder.plan_path.name, *parted)


def _read_views(folder: RunFolder, findings: Findings) -> _Views:
    files = _list(folder.path, "", findings)
    found = _read(folder.registry_path) if folder.registry_path.name in files else None
    return _Views(
        files=files,
        registry=found,
        vouched_seq=0 if found is None else _vouched_seq(folder.registry_path.name, found, findings),
        plan=_read(folder.plan_path) if folder.plan_path.name in files else None,
        journals=_read_journals(folder, files, findings),
    )


def _vouched_seq(name: str, found: bytes, findings: Findings) -> int:
    try:
        view = decode(found)
    except ValueError as error:
        findings.differ(name, *unreadable_json(found, error))
        return 0
    seq = view.get("lastSeq") if isinstance(view, dict) else None
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 1:
        findings.differ(name, "lastSeq", "is not the number of an event")
        return 0
    return seq


def _read_journals(folder: RunFolder, files: AbstractSet[str], findings: Findings) -> dict[str, bytes]:
    prefix = f"{folder.journals_dir.name}/"
    names = _list(folder.journals_dir, prefix, findings) if os.path.lexists(folder.journals_dir) else set()
    journals = dict.fromkeys(names, b"")
    for slot in _slots(folder.log_path) if folder.log_path.name in files else ():
        current, older = file_name(slot), older_file_name(slot)
        if current in names or older in names:
            journals |= _read_journal(folder.journals_dir, current, older)
    return journals


def _read_journal(folder: Path, current: str, older: str) -> dict[str, bytes]:
    """Return the files of one journal as they were at one time: neither took the other's name meanwhile."""
    while True:
        before = _identity(folder / older)
        found = {name: _read(folder / name, FILE_BYTES + 1) for name in (older, current)}
        if _identity(folder / older) == before:
            return {name: content for name, content in found.items() if content is not None}


def _slots(log_path: Path) -> list[str]:
    """Return the slots that the log's first event names, none where it cannot be read."""
    try:
        for event in read(log_path):
            return [facts["slot"] for facts in event.body.servants] if isinstance(event.body, RunCreated) else []
    except LogDamagedError:
        pass
    return []


def _list(folder: Path, prefix: str, findings: Findings) -> set[str]:
    """Return the names of the regular files in a folder. What is none, or open to others, or left over, is told."""
    try:
        mode = folder.lstat().st_mode
        if not stat.S_ISDIR(mode):
            findings.differ(prefix.rstrip("/"), "", "is not a folder")
            return set()
        _check_mode(prefix.rstrip("/") or ".", mode, findings)
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error
    return {name for name in names if _is_file(folder / name, prefix, findings)}


def _is_file(path: Path, prefix: str, findings: Findings) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False  # a temporary file of a live run
    name = f"{prefix}{path.name}"
    if stat.S_ISDIR(mode) and name == "journals":
        return False
    if not stat.S_ISREG(mode):
        findings.differ(name, "", "is not a regular file")
        return False
    _check_mode(name, mode, findings)
    if path.suffix == TEMPORARY_SUFFIX:
        findings.notes.append(f"{name} was left by a crash, or is being written now")
        return False
    return True


def _check_mode(name: str, mode: int, findings: Findings) -> None:
    if sys.platform != "win32" and mode & _MAY_BE_READ_BY_OTHERS:
        should = "0700" if stat.S_ISDIR(mode) else "0600"
        findings.differ(name, "", f"its mode is {stat.S_IMODE(mode):04o}, not {should}: others may get at it")


def _opened(path: Path, files: AbstractSet[str]) -> BinaryIO:
    """Open a view to be read while the log is; one that is not there is empty."""
    if path.name not in files:
        return BytesIO()
    try:
        return open_to_read(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _read(path: Path, limit_bytes: int = -1) -> bytes | None:
    try:
        with open_to_read(path) as file:
            return file.read(limit_bytes)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns

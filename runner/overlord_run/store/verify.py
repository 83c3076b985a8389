"""Verify a run: recompute the chain and every view from the log, and say what on disk is something else.

The views are read before the log, so that those of a live run never seem to lead it. They may lag: what `run.json` does
not vouch for (its `lastSeq`) may be missing from them, and is told as a note.
"""

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from io import BytesIO
from pathlib import Path

from msgspec import Struct, field

from overlord_run.errors import LogDamagedError
from overlord_run.store.atomic import TEMPORARY_SUFFIX
from overlord_run.store.compare import (
    Difference,
    Findings,
    JournalComparison,
    LedgerComparison,
    bytes_difference,
    odd_line,
    unreadable_json,
)
from overlord_run.store.disk import open_to_read, unreadable
from overlord_run.store.events import RunCreated
from overlord_run.store.extents import Extents
from overlord_run.store.folder import RunFolder, is_torn_name
from overlord_run.store.growth import growth_of
from overlord_run.store.journal import FILE_BYTES, file_name, older_file_name
from overlord_run.store.lines import Place
from overlord_run.store.log import read
from overlord_run.store.notation import decode
from overlord_run.store.plan_file import plan_difference
from overlord_run.store.registry import registry_parts
from overlord_run.store.rehydrate import replay
from overlord_run.store.snapshot import place_of, snapshot_parts
from overlord_run.store.state import State

_MAY_BE_READ_BY_OTHERS = 0o077
_FOLDERS = frozenset({"journals", "inbox"})


class Verification(Struct, frozen=True):
    """What a run's files were found to be: as the log gives them where there is no difference."""

    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def verify(folder: RunFolder) -> Verification:
    """Return what in a run's folder is not as its log gives it, and what a person should know besides.

    No lock is taken and nothing is changed; the run may be live.

    Raises:
        StoreError: A file cannot be read, or a newer version wrote the log.
    """
    try:
        return _verify(folder)
    except OSError as error:
        raise unreadable(Path(error.filename or folder.path), error) from error


class _Views(Struct, frozen=True):
    """The views as they were before the log was read.

    Attributes:
        files: The names of the files in the run's folder.
        registry: None where there is none.
        snapshot: None where there is none.
        vouched_seq: Up to where the registry vouches for the others; 0 where it does not say.
        journals: By file name; empty bytes for one that belongs to no servant.
    """

    files: AbstractSet[str]
    registry: bytes | None
    vouched_seq: int
    snapshot: bytes | None
    plan: bytes | None
    journals: Mapping[str, bytes]


class _Log(Struct):
    """What the log says: the state at its end, and registry and snapshot at the events that those on disk are of."""

    state: State = field(default_factory=State)
    registry: bytes | None = None
    snapshot: bytes | None = None
    last_batch: int = 0
    is_whole: bool = True


def _verify(folder: RunFolder) -> Verification:
    findings = Findings()
    views = _read_views(folder, findings)
    journals = JournalComparison(folder.journals_dir.name, views.journals, findings)
    with open_to_read(folder.ledger_path) if folder.ledger_path.name in views.files else BytesIO() as file:
        ledger = LedgerComparison(folder.ledger_path.name, file, findings)
        log = _replay(folder, views, (ledger, journals), findings)
        for comparison in (ledger, journals):
            comparison.finish(views.vouched_seq, is_log_whole=log.is_whole)
    _check_presence(folder, views, log, findings)
    _check_registry(folder, views, log, findings)
    _check_snapshot(folder, views, log, findings)
    _check_plan(folder, views, log, findings)
    return Verification(tuple(findings.differences), tuple(findings.notes))


def _replay(
    folder: RunFolder, views: _Views, comparisons: Sequence[LedgerComparison | JournalComparison], findings: Findings
) -> _Log:
    if folder.log_path.name not in views.files:
        return _Log(is_whole=views.registry is None)  # a crash before the first event leaves no views either
    log, events, extents = _Log(), read(folder.log_path), Extents()
    snapshot_seq = _snapshot_seq(views.snapshot)
    try:
        for event in replay(events, log.state):
            log.last_batch = event.batch
            grown = growth_of(event, log.state.run_id)
            extents.follow(grown)
            for comparison in comparisons:
                comparison.follow(event.seq, grown)
            if event.seq == views.vouched_seq:
                log.registry = b"".join(registry_parts(log.state))
            if event.seq == snapshot_seq:
                place = Place.behind(event, events.size)
                log.snapshot = b"".join(snapshot_parts(log.state, extents, place))
    except LogDamagedError as error:
        log.is_whole = False
        findings.differ(folder.log_path.name, f"line {error.line}", error.reason)
    if events.torn is not None:
        findings.notes.append(f"{folder.log_path.name}: {events.torn}")
    return log


def _check_presence(folder: RunFolder, views: _Views, log: _Log, findings: Findings) -> None:
    """Tell which files are missing. A run that a crash ended before its first event need not have them."""
    if log.state.created is None and views.registry is None:
        if log.is_whole:
            findings.notes.append("the log is empty: the run ended before it began")
        return
    required = {path.name for path in (folder.log_path, folder.plan_path, folder.ledger_path, folder.lock_path)}
    for name in sorted(required - views.files):
        findings.differ(name, "", "is missing")
    for name in sorted(views.files - required - {folder.registry_path.name, folder.snapshot_path.name}):
        is_torn = is_torn_name(name)
        findings.notes.append(f"{name} {'holds what a crash had torn' if is_torn else 'is no file of this run'}")


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


def _check_snapshot(folder: RunFolder, views: _Views, log: _Log, findings: Findings) -> None:
    name = folder.snapshot_path.name
    if views.snapshot is None:
        return
    if log.snapshot is not None and log.snapshot != views.snapshot:
        line = odd_line(views.snapshot, log.snapshot)
        findings.differ(name, f"line {line}", "is not what the log comes to; readers fold the log instead")
    elif log.snapshot is None and log.is_whole:
        findings.notes.append(f"{name} is of no place in this log, or of another version; readers take no notice of it")


def _snapshot_seq(snapshot: bytes | None) -> int:
    """Return the number of the event that a snapshot is of; 0 where it does not say."""
    try:
        return place_of((snapshot or b"").partition(b"\n")[0]).seq
    except ValueError:
        return 0


def _check_plan(folder: RunFolder, views: _Views, log: _Log, findings: Findings) -> None:
    if views.plan is not None and log.state.created is not None:
        parted = plan_difference(views.plan, log.state.created.plan_digest)
        if parted is not None:
            findings.differ(folder.plan_path.name, *parted)


def _read_views(folder: RunFolder, findings: Findings) -> _Views:
    listed = _list(folder.path, "", findings)
    files = {name for name, is_file in listed.items() if is_file}
    found = _read(folder.registry_path) if folder.registry_path.name in files else None
    return _Views(
        files=files,
        registry=found,
        vouched_seq=0 if found is None else _vouched_seq(folder.registry_path.name, found, findings),
        snapshot=_read(folder.snapshot_path) if folder.snapshot_path.name in files else None,
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
    listed = _list(folder.journals_dir, prefix, findings) if _found(folder.journals_dir) else {}
    journals = dict.fromkeys(listed, b"")
    for slot in _slots(folder.log_path) if folder.log_path.name in files else ():
        names = [name for name in (file_name(slot), older_file_name(slot)) if listed.get(name, True)]
        journals |= _read_journal([folder.journals_dir / name for name in names])
    return journals


def _read_journal(paths: Sequence[Path]) -> dict[str, bytes]:
    """Return the files of one journal by name, the current one first."""
    found = {path.name: content for path in paths if (content := _read(path, FILE_BYTES + 1)) is not None}
    if len(found) > 1 and len(set(found.values())) == 1:
        del found[paths[0].name]  # it became the older one in between
    return found


def _slots(log_path: Path) -> list[str]:
    """Return the slots that the log's first event names, none where it cannot be read."""
    try:
        for event in read(log_path):
            return [facts["slot"] for facts in event.body.servants] if isinstance(event.body, RunCreated) else []
    except LogDamagedError:
        pass
    return []


def _list(folder: Path, prefix: str, findings: Findings) -> dict[str, bool]:
    """Return the names in a folder, and whether each is a regular file. What is odd about them is told."""
    mode = folder.lstat().st_mode
    if not stat.S_ISDIR(mode):
        findings.differ(prefix.rstrip("/"), "", "is not a folder")
        return {}
    _check_mode(prefix.rstrip("/") or ".", mode, findings)
    # A file of a live run may be gone by now: a temporary one, or a journal that becomes the older one.
    modes = {path.name: found.st_mode for path in sorted(folder.iterdir()) if (found := _found(path)) is not None}
    return {
        name: _is_file(name, mode, prefix, findings) for name, mode in modes.items() if not _is_aside(name, findings)
    }


def _is_aside(name: str, findings: Findings) -> bool:
    if name.endswith(TEMPORARY_SUFFIX):
        findings.notes.append(f"{name} was left by a crash, or is being written now")
        return True
    return False


def _is_file(name: str, mode: int, prefix: str, findings: Findings) -> bool:
    if stat.S_ISDIR(mode) and prefix + name in _FOLDERS:
        return False
    if not stat.S_ISREG(mode):
        findings.differ(prefix + name, "", "is not a regular file")
        return False
    _check_mode(prefix + name, mode, findings)
    return True


def _check_mode(name: str, mode: int, findings: Findings) -> None:
    if sys.platform != "win32" and mode & _MAY_BE_READ_BY_OTHERS:
        should = "0700" if stat.S_ISDIR(mode) else "0600"
        findings.differ(name, "", f"its mode is {stat.S_IMODE(mode):04o}, not {should}: others may get at it")


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _read(path: Path, limit_bytes: int = -1) -> bytes | None:
    try:
        with open_to_read(path) as file:
            return file.read(limit_bytes)
    except FileNotFoundError:
        return None

"""Keep the views on disk in step with the log: the ledger, journals, registry, snapshot. One thread uses them.

A view follows the log and never leads it. The registry's `lastSeq` vouches for the ledger and the journals up to there:
they are written first, and the ledger is synced first. Journals are synced at the end of the run only: there is one a
servant, and a sync each at every change of state would cost more than the calls. So after a power cut in the middle of
a run a journal may miss lines, which `verify` tells; after a crash of the process alone it does not.

Nor is a journal opened for each of its lines. They wait for others of the same conversation: ten seconds at most, and
no longer than the run has anything to record.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct, field

from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, Disk, patiently, unwritable, write_parts, write_whole
from overlord_run.store.events import Event, SnapshotTaken
from overlord_run.store.extents import Extents
from overlord_run.store.fold import apply
from overlord_run.store.folder import RunFolder
from overlord_run.store.growth import growth_of
from overlord_run.store.journal import file_name, older_file_name, starts_new_file
from overlord_run.store.lines import Entry, Place, make_entry
from overlord_run.store.registry import registry_parts
from overlord_run.store.snapshot import snapshot_parts
from overlord_run.store.state import State

# Below this the registry of a small run would be written again for every few events.
MIN_GROWTH_BYTES = 64 * 1024
# What is read in a moment needs no snapshot: so many bytes of the log.
MIN_TAIL_BYTES = 1024 * 1024
# So many bytes of journals wait at most.
_MOST_WAITING_BYTES = 1024 * 1024
_TO_TEN_SECONDS = len("2026-07-01T12:30:0")
_SYNCS_AT_ONCE = 8  # a file system that keeps a journal of its own commits them together


class Views:
    """The views of a run, in step with its log so far.

    Args:
        folder: The run's.
        state: What that log folds into, of its own; None for an empty one, of a run whose views are yet to be made.
        extents: How far the views reach with it, of its own.
        log_size: The log's with it.
        kept_size: The size that the log had at its last snapshot; 0 where there is none.
        disk: What carries the writing out.
    """

    def __init__(
        self,
        folder: RunFolder,
        state: State | None = None,
        extents: Extents | None = None,
        *,
        log_size: int = 0,
        kept_size: int = 0,
        disk: Disk = SYSTEM_DISK,
    ) -> None:
        self._folder = folder
        self._disk = disk
        self._state = State() if state is None else state
        self._extents = Extents() if extents is None else extents
        self._ledger = _Ledger(folder.ledger_path, disk, is_new=state is None)
        self._journals = _Journals(folder.journals_dir, disk)
        self._snapshots = _Snapshots(folder.snapshot_path, disk, size=kept_size)
        self._last: Event | None = None
        # The registry of a run that had another owner before is written when something changes, or at the end.
        self._written_state = self._state.state if self._state.created else ""
        self._written_seq = 0
        self._written_size = 0
        self._log_size = log_size

    def follow(self, events: Sequence[Event], log_size: int) -> None:
        """Take events that have been synced; `log_size` is the log's with them.

        Raises:
            StoreError: A view cannot be written.
        """
        for event in events:
            apply(self._state, event)
            grown = growth_of(event, self._state.run_id)
            self._ledger.follow(grown.ledger)
            self._journals.follow(event.at, grown.journals, self._extents)
            self._extents.follow(grown)
            self._last = event
        self._ledger.write()
        growth = log_size - self._log_size
        if self._state.state != self._written_state or growth >= max(MIN_GROWTH_BYTES, self._written_size):
            self._write_registry(log_size)

    def keep(self, log_size: int, *, is_last: bool = False) -> tuple[Entry, ...]:
        """Take a snapshot where the log has grown enough for one, and return the event by which the log vouches for it.

        It must stand next in the log, and has the time of the event before, since nothing happens by it.

        Args:
            log_size: The log's, with the last event that was followed.
            is_last: Whether no other event follows.

        Raises:
            StoreError: It cannot be written.
        """
        if self._last is None or not self._snapshots.is_due(log_size, is_last=is_last):
            return ()
        self._journals.write()
        taken = self._snapshots.take(self._state, self._extents, Place.behind(self._last, log_size))
        return (make_entry(self._last.at, taken),)

    @property
    def is_waiting(self) -> bool:
        """Whether lines of journals wait for others."""
        return self._journals.is_waiting

    def rest(self) -> None:
        """Let no line wait: no other may come for long.

        Raises:
            StoreError: A view cannot be written.
        """
        self._journals.write()

    def finish(self, log_size: int) -> None:
        """Bring all views up to the last event and sync them.

        Raises:
            StoreError: A view cannot be written.
        """
        self._journals.sync()
        if self._state.last_seq > self._written_seq:
            self._write_registry(log_size)

    def close(self) -> None:
        """Let go of the files as they are."""
        self._ledger.close()

    def _write_registry(self, log_size: int) -> None:
        self._journals.write()
        self._ledger.sync()
        size = atomic.replace(self._folder.registry_path, registry_parts(self._state), disk=self._disk)
        self._written_state, self._written_seq = self._state.state, self._state.last_seq
        self._written_size, self._log_size = size, log_size


class _Snapshots:
    """The snapshots of a run: each takes the place of the one before.

    Args:
        path: The file.
        disk: What carries the writing out.
        size: The log's at the one that there is; 0 where there is none.
    """

    def __init__(self, path: Path, disk: Disk, *, size: int) -> None:
        self._path = path
        self._disk = disk
        self._size = size

    def is_due(self, log_size: int, *, is_last: bool) -> bool:
        """Say whether the log has grown by half since the last one, so that all of them cost but a share of the log."""
        return log_size - self._size >= max(MIN_TAIL_BYTES, 0 if is_last else self._size // 2)

    def take(self, state: State, extents: Extents, place: Place) -> SnapshotTaken:
        """Write one, and return the event that vouches for it."""
        found = hashlib.sha256()
        parts = _hashed(snapshot_parts(state, extents, place), found.update)
        size = atomic.replace(self._path, parts, disk=self._disk)
        self._size = place.size
        return SnapshotTaken(size, found.hexdigest())


def _hashed(parts: Iterable[bytes], update: Callable[[bytes], object]) -> Iterator[bytes]:
    for part in parts:
        update(part)
        yield part


class _Ledger:
    """The writing end of the ledger."""

    def __init__(self, path: Path, disk: Disk, *, is_new: bool) -> None:
        self._path = path
        self._disk = disk
        self._waiting: list[bytes] = []
        try:
            self._fd = disk.open(path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if is_new else 0))
        except OSError as error:
            raise unwritable(path, error) from error

    def follow(self, line: bytes) -> None:
        if line:
            self._waiting.append(line)

    def write(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            write_parts(self._disk, self._fd, waiting)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def sync(self) -> None:
        try:
            self._disk.sync(self._fd)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def close(self) -> None:
        try:
            os.close(self._fd)
        except OSError as error:
            raise unwritable(self._path, error) from error


class _Waiting(Struct):
    """Lines of a journal that wait for others, and the size of its file before them."""

    size: int
    lines: list[bytes] = field(default_factory=list)


class _Journals:
    """The writing ends of the journals. A file is open only while lines go out: there may be thousands."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self._unsynced: set[str] = set()
        self._waiting: dict[str, _Waiting] = {}
        self._waiting_bytes = 0
        self._moment = ""

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def follow(self, at: str, lines: Sequence[tuple[str, bytes]], extents: Extents) -> None:
        """Take lines of an event of that time, before which the journals reach so far."""
        moment = at[:_TO_TEN_SECONDS]
        if moment != self._moment or self._waiting_bytes >= _MOST_WAITING_BYTES:
            self.write()
            self._moment = moment
        for slot, line in lines:
            if slot not in self._waiting:
                self._waiting[slot] = _Waiting(extents.of(slot).current.size)
            self._waiting[slot].lines.append(line)
            self._waiting_bytes += len(line)

    def write(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
        for slot, lines in waiting.items():
            try:
                self._append(slot, lines)
            except OSError as error:
                raise unwritable(self._folder / file_name(slot), error) from error

    def sync(self) -> None:
        self.write()
        if not self._unsynced:
            return
        with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
            list(pool.map(self._sync, sorted(self._unsynced)))
        self._unsynced.clear()
        try:
            self._disk.sync_folder(self._folder)
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def _append(self, slot: str, waiting: _Waiting) -> None:
        path = self._folder / file_name(slot)
        self._unsynced.add(slot)
        size, part = waiting.size, bytearray()
        for line in waiting.lines:
            if starts_new_file(size + len(part), line):
                self._write(path, size, part)
                patiently(lambda: self._disk.replace(path, self._folder / older_file_name(slot)))
                size, part = 0, bytearray()
            part += line
        self._write(path, size, part)

    def _write(self, path: Path, size: int, part: bytearray) -> None:
        """Append to a file of so many bytes."""
        if part:
            fd = self._disk.open(path, os.O_WRONLY | os.O_APPEND | (0 if size else os.O_CREAT))
            try:
                write_whole(self._disk, fd, part)
            finally:
                os.close(fd)

    def _sync(self, slot: str) -> None:
        for path in (self._folder / older_file_name(slot), self._folder / file_name(slot)):
            try:
                fd = self._disk.open(path, os.O_WRONLY)
                try:
                    self._disk.sync(fd)
                finally:
                    os.close(fd)
            except FileNotFoundError:
                continue  # the journal has not been longer than one file
            except OSError as error:
                raise unwritable(path, error) from error

"""Keep the views on disk in step with the log: the ledger, journals, registry, snapshot. One thread uses them.

A view follows the log and never leads it. The registry's `lastSeq` vouches for the ledger and the journals up to there:
they are written first, and the ledger is synced first. Journals are synced at the end of the run only: there is one a
servant, and a sync each at every change of state would cost more than the calls. So after a power cut in the middle of
a run a journal may miss lines, which `verify` tells; after a crash of the process alone it does not.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, Disk, unwritable, write_parts
from overlord_run.store.events import Event, SnapshotTaken
from overlord_run.store.extents import Extents
from overlord_run.store.fold import apply
from overlord_run.store.folder import RunFolder
from overlord_run.store.growth import growth_of
from overlord_run.store.journaling import Journals
from overlord_run.store.lines import Entry, Place, make_entry
from overlord_run.store.registry import registry_parts
from overlord_run.store.snapshot import snapshot_parts
from overlord_run.store.state import State

# Below this the registry of a small run would be written again for every few events.
MIN_GROWTH_BYTES = 64 * 1024
# What is read in a moment needs no snapshot: so many bytes of the log.
MIN_TAIL_BYTES = 1024 * 1024


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
        self._journals = Journals(folder.journals_dir, disk)
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

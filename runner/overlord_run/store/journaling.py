"""Write lines to the ends of the journals, many of a conversation at once, and sync them when a run ends.

There is one journal a servant: a sync each at every change of state would cost more than the calls. Nor is a journal
opened for each of its lines. They wait for others of the same conversation, ten seconds at most, and no longer than
the run has anything to record.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct, field

from overlord_run.store.disk import Disk, patiently, unwritable, write_whole
from overlord_run.store.extents import Extents
from overlord_run.store.journal import file_name, older_file_name, starts_new_file

# So many bytes of journals wait at most.
_MOST_WAITING_BYTES = 1024 * 1024
_TO_TEN_SECONDS = len("2026-07-01T12:30:0")
_SYNCS_AT_ONCE = 8  # a file system that keeps a journal of its own commits them together


class _Waiting(Struct):
    """Lines of a journal that wait for others, and the size of its file before them."""

    size: int
    lines: list[bytes] = field(default_factory=list)


class Journals:
    """The writing ends of the journals. A file is open only while lines go out: there may be thousands.

    Args:
        folder: Where they are.
        disk: What carries the writing out.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self._unsynced: set[str] = set()
        self._waiting: dict[str, _Waiting] = {}
        self._waiting_bytes = 0
        self._moment = ""

    @property
    def is_waiting(self) -> bool:
        """Whether lines wait for others."""
        return bool(self._waiting)

    def follow(self, at: str, lines: Sequence[tuple[str, bytes]], extents: Extents) -> None:
        """Take lines of an event of that time, before which the journals reach so far.

        Raises:
            StoreError: A journal cannot be written.
        """
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
        """Let no line wait.

        Raises:
            StoreError: A journal cannot be written.
        """
        waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
        for slot, lines in waiting.items():
            try:
                self._append(slot, lines)
            except OSError as error:
                raise unwritable(self._folder / file_name(slot), error) from error

    def sync(self) -> None:
        """Write what waits, and sync every journal that was written to.

        Raises:
            StoreError: A journal cannot be written.
        """
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

"""Bring the ledger and the journals of a run whose writer died into step with its log, under the lock.

A view follows the log, so a crash leaves one that lacks its last lines, or a part of one. What a view held at the place
from which the log is read must be what the snapshot says; then it is compared with what the log gives, and written
again from where the two part. Where it is not what the snapshot says, the log must be read from its first line.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, field

from overlord_run.store import atomic
from overlord_run.store.disk import Disk, make_folder, open_to_read, read_start, unwritable, write_parts
from overlord_run.store.extents import EMPTY, Extent, Extents, JournalExtent
from overlord_run.store.folder import RunFolder
from overlord_run.store.growth import Growth
from overlord_run.store.journal import file_name, older_file_name, starts_new_file

_CHUNK_BYTES = 1024 * 1024


class UnlikeError(Exception):
    """A view is not what the snapshot says that it was."""


@contextmanager
def mending(folder: RunFolder, extents: Extents, disk: Disk) -> Iterator[Callable[[Growth], None]]:
    """Give what is to be called with what each event adds; then write again what the ledger and the journals lack.

    Nothing is written where the block raises, or where any view is not what it was.

    Args:
        folder: The run's.
        extents: How far the views reached before the first of these events; they are carried on with each.
        disk: What carries the writing out.

    Raises:
        UnlikeError: A view does not reach so far, or has other bytes there.
        StoreError: A view cannot be read or written.
    """
    journals: dict[str, _Journal] = {}
    try:
        with open_to_read(folder.ledger_path) if folder.ledger_path.exists() else BytesIO() as file:
            ledger = _Ledger(file, extents.ledger)

            def follow(grown: Growth) -> None:
                ledger.follow(grown.ledger)
                for slot, line in grown.journals:
                    if slot not in journals:
                        journals[slot] = _journal(extents.of(slot))
                    journals[slot].follow(line)
                extents.follow(grown)

            yield follow
            ledger.finish()
        journals |= {slot: _journal(at) for slot, at in extents.journals.items() if slot not in journals}
        paths = f"{folder.journals_dir}{os.sep}"  # made by hand: a `Path` costs as much as reading the file
        lacking = [found for slot, journal in journals.items() for found in journal.lacking(paths, slot)]
        if ledger.has_parted or not folder.ledger_path.exists():
            _write_rest(folder.ledger_path, ledger, disk)
        if not folder.journals_dir.exists():
            make_folder(folder.journals_dir)
            disk.sync_folder(folder.path)
        for path, content in lacking:
            atomic.replace(Path(path), [content], disk=disk)
    except OSError as error:
        raise unwritable(Path(error.filename or folder.path), error) from error


class _Ledger:
    """The ledger on disk beside the one that the log gives.

    Args:
        file: The one on disk.
        at: What it begins with, whatever follows.

    Attributes:
        agreed_size: Up to where the two are the same.
        missing: The lines from there on.
        has_parted: Whether they are not the same.

    Raises:
        UnlikeError: It begins with something else.
    """

    def __init__(self, file: BinaryIO, at: Extent) -> None:
        if _extent(file, at.size) != at:
            raise UnlikeError
        self._file = file
        self.agreed_size = at.size
        self.missing: list[bytes] = []
        self.has_parted = False

    def follow(self, line: bytes) -> None:
        """Compare what an event adds, which may be nothing."""
        if not self.has_parted and self._file.read(len(line)) == line:
            self.agreed_size += len(line)
        elif line:
            self.has_parted = True
            self.missing.append(line)

    def finish(self) -> None:
        """Note whether the file on disk goes on where the log does not."""
        self.has_parted = self.has_parted or self._file.read(1) != b""


def _extent(file: BinaryIO, size: int) -> Extent:
    """Return the extent of a file's next bytes, `size` of them at most."""
    found = EMPTY
    while data := file.read(min(_CHUNK_BYTES, size - found.size)):
        found = found.then(data)
    return found


class _Part(Struct):
    """A file of a journal as it should be: what it held, and what the log gives since."""

    at: Extent = EMPTY
    since: bytearray = field(default_factory=bytearray)

    @property
    def size(self) -> int:
        return self.at.size + len(self.since)

    def lacking(self, path: str) -> Iterator[tuple[str, bytes]]:
        """Give the file and what it should hold, where it holds something else."""
        try:
            found, is_there = read_start(path, self.size + 1), True
        except FileNotFoundError:
            found, is_there = b"", False
        if not self.at.fits(found):
            raise UnlikeError
        if not is_there or found[self.at.size :] != self.since:
            yield path, found[: self.at.size] + self.since


class _Journal(Struct):
    """The two files of a journal as they should be; `older` is None while the first one is not full."""

    current: _Part
    older: _Part | None = None

    def follow(self, line: bytes) -> None:
        if starts_new_file(self.current.size, line):
            self.older, self.current = self.current, _Part()
        self.current.since += line

    def lacking(self, paths: str, slot: str) -> Iterator[tuple[str, bytes]]:
        """Give each file that is not as it should be, and what it should hold."""
        if self.older is not None:
            yield from self.older.lacking(paths + older_file_name(slot))
        yield from self.current.lacking(paths + file_name(slot))


def _journal(at: JournalExtent) -> _Journal:
    return _Journal(_Part(at.current), None if at.older is None else _Part(at.older))


def _write_rest(path: Path, ledger: _Ledger, disk: Disk) -> None:
    fd = disk.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        disk.truncate(fd, ledger.agreed_size)
        write_parts(disk, fd, ledger.missing)
        disk.sync(fd)
    finally:
        os.close(fd)

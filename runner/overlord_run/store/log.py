"""Keep the log of a run: append-only, hash-chained, synced before anyone hears of an event.

The log is the truth, so its writer is small and refuses early. A batch is the events that were handed in while the one
before it was being synced: they share one write and one sync, which is what makes two durable lines a call cheap
(`writer.py` collects them). No line is divided among two system calls, so that lines of two processes cannot mix,
should a second writer ever get in. That one is noticed before the next batch and at the end: the file must be the one
that was made, and as long as this writer made it. Where it is not, this writer stops; it cannot know which of the two
is wrong, and the reader will say where the chain breaks.

After a write that was refused or taken in part, or a sync that failed, nothing is written any more, not even what would
mend it. A sync that failed must not be tried again: the kernel may have dropped the pages and call the next one a
success. What such an end leaves is a last batch of which any part may be on disk. So a reader takes as torn, and
tolerates, a rest of the last batch that begins with a line without its final newline, or with NUL bytes in it: that is
what a crash or a power cut leaves. Everything else that does not fit is damage, told with its line; nothing is repaired
or guessed by reading. A later batch proves that an earlier one was synced, so a hole above it is damage too.

The price: an event costs a hash, and an event that is acknowledged has waited for the disk. Lines are
not compressed or cut, so that `cat`, `jq` and `sha256sum` read them; the views hold the shorter texts.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from overlord_run.errors import LogDamagedError, OverlordError, RunBusyError
from overlord_run.store.disk import SYSTEM_DISK, Disk, open_to_read, unreadable, unwritable, write_parts
from overlord_run.store.events import NO_HASH, Event
from overlord_run.store.lines import MAX_LINE_BYTES, Entry, Misfit, Place, build, legible_batch, parse


class Torn(Struct, frozen=True):
    """The rest of a last batch that a crash left: from which line on, at which byte, and how many bytes."""

    line: int
    offset: int
    size: int

    def __str__(self) -> str:
        return f"line {self.line} is torn ({self.size:,} bytes): a crash cut it off, or it is being written now"


class Log:
    """The writing end of a log, of one owner of the run. One thread uses it.

    Args:
        path: The log's file.
        disk: What carries the writing out.
        last: The event that stands last in it; None makes the file.
        size: How many bytes stand in it.
    """

    def __init__(self, path: Path, *, disk: Disk = SYSTEM_DISK, last: Event | None = None, size: int = 0) -> None:
        self._path = path
        self._disk = disk
        self._size = size
        self._seq, self._epoch, self._batch, self._last_hash = 0, 1, 0, NO_HASH
        if last is not None:
            self._seq, self._epoch, self._batch, self._last_hash = last.seq, last.epoch + 1, last.batch, last.hash
        self._broken: OverlordError | None = None
        try:
            self._fd = disk.open(path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if last is None else 0))
        except OSError as error:
            raise unwritable(path, error) from error
        self._inode = os.fstat(self._fd).st_ino

    @property
    def size(self) -> int:
        """How many bytes have been synced."""
        return self._size

    def append(self, entries: Sequence[Entry]) -> list[Event]:
        """Write the events as one batch and return them once they are synced.

        Raises:
            StoreError: The disk failed, now or before; nothing is written from then on.
            RunBusyError: Another process writes this log; nothing is written from then on.
        """
        if self._broken is not None:
            raise self._broken
        try:
            self._check_alone()
            return self._append(entries)
        except OSError as error:
            self._broken = unwritable(self._path, error)
            raise self._broken from error
        except RunBusyError as error:
            self._broken = error
            raise

    def close(self) -> None:
        """Close the file; a log that was whole so far is looked at once more.

        Raises:
            RunBusyError: Another process wrote into it.
            StoreError: It is not there any more, or the disk failed.
        """
        try:
            os.close(self._fd)
            if self._broken is None:
                self._check_alone()
        except OSError as error:
            raise unreadable(self._path, error) from error

    def _append(self, entries: Sequence[Entry]) -> list[Event]:
        events: list[Event] = []
        if not entries:
            return events  # no batch without a line: readers count them
        size = write_parts(self._disk, self._fd, self._lines(entries, events))
        self._disk.sync(self._fd)
        last = events[-1]
        self._seq, self._last_hash, self._size, self._batch = last.seq, last.hash, self._size + size, last.batch
        return events

    def _lines(self, entries: Sequence[Entry], events: list[Event]) -> Iterator[bytes]:
        """Give the lines of the next batch; its events are put into `events`."""
        prev = self._last_hash
        for seq, entry in enumerate(entries, start=self._seq + 1):
            line, event = build(entry, seq=seq, epoch=self._epoch, batch=self._batch + 1, prev=prev)
            events.append(event)
            prev = event.hash
            yield line

    def _check_alone(self) -> None:
        found = self._path.stat()
        if (found.st_ino, found.st_size) != (self._inode, self._size):
            raise _second_writer(self._path, found.st_size, self._size)


class LogReading:
    """The events of a log, in order, each checked against the one before; memory holds one line at a time.

    Attributes:
        path: The log's file.
        size: How many bytes the events so far take.
        torn: Known after the last event: the rest that a crash left, or None.
    """

    def __init__(self, path: Path, after: Place | None = None) -> None:
        self.path = path
        self.size = 0 if after is None else after.size
        self.torn: Torn | None = None
        self._after = after

    def __iter__(self) -> Iterator[Event]:
        """Give the events from the first one on, or from the place that was named.

        Raises:
            LogDamagedError: A line does not fit.
            StoreError: The file cannot be read, or a newer version wrote it.
        """
        try:
            with open_to_read(self.path) as file:
                yield from self._events(file)
        except OSError as error:
            raise unreadable(self.path, error) from error

    def _events(self, file: BinaryIO) -> Iterator[Event]:
        before: Event | Place | None = self._after
        file.seek(self.size)
        while line := file.readline(MAX_LINE_BYTES + 1):
            try:
                event = parse(line, before)
            except Misfit as misfit:
                self.torn = self._torn(file, line, before, misfit)
                return
            self.size += len(line)
            before = event
            yield event

    def _torn(self, file: BinaryIO, line: bytes, before: Event | Place | None, misfit: Misfit) -> Torn:
        """Return the torn rest that begins with `line`, or raise what is wrong with that line."""
        number, batch = (1, 0) if before is None else (before.seq + 1, before.batch)
        damage = damaged(self.path, number, misfit)
        begun = legible_batch(line)
        was_cut = b"\0" in line or not line.endswith(b"\n")
        if not was_cut or len(line) > MAX_LINE_BYTES or begun not in {None, batch, batch + 1}:
            raise damage from misfit
        size = len(line)
        while rest := file.readline(MAX_LINE_BYTES):
            size += len(rest)
            if (legible_batch(rest) or 0) > (begun or batch + 1):
                raise damage from misfit
        return Torn(number, self.size, size)


def read(path: Path, after: Place | None = None) -> LogReading:
    """Return the events of a log, or those behind a place, to be iterated once; `torn` is known afterwards."""
    return LogReading(path, after)


def damaged(path: Path, line: int, reason: object) -> LogDamagedError:
    """Return the error for a line that cannot follow the ones before it."""
    return LogDamagedError(str(path), line, str(reason))


def _second_writer(path: Path, found: int, own: int) -> RunBusyError:
    return RunBusyError(
        f"{path} was changed by another process: it has {found:,} bytes, not {own:,}",
        next="nothing more is written; overlord-run verify tells what is in it",
    )

"""Append lines to one file from an event loop: nobody goes on before his line is synced, and the loop never waits.

One thread writes. Whoever hands in a line asks it to write all that has been handed in so far; so lines that come while
others are being synced share the next sync. After a failure nothing is written any more, as in the log and for the same
reasons. What a crash has torn, the last line without its end, is cut off when the file is taken up again.
"""

import asyncio
import errno
import os
import stat
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from overlord_run.errors import StoreError
from overlord_run.store.disk import SYSTEM_DISK, Disk, unwritable, write_whole

_BLOCK = 64 * 1024


class Appender:
    """A file that grows by whole lines, readable by its owner only.

    Args:
        path: The file; it is opened by `make`, or else with the first line.
        first: Its first line, by which it is known again; it ends with a line feed.
        limit: How many bytes it may have.
        disk: What carries the writing out.
    """

    def __init__(self, path: Path, first: bytes, *, limit: int, disk: Disk = SYSTEM_DISK) -> None:
        self._path = path
        self._first = first
        self._limit = limit
        self._disk = disk
        self._fd: int | None = None
        self._size = 0
        self._is_new = False
        self._broken: StoreError | None = None
        self._waiting: deque[bytes] = deque()
        self._thread = ThreadPoolExecutor(1, "overlord-run appender")

    def make(self) -> None:
        """Make the file with its first line.

        Raises:
            FileExistsError: There is something of that name.
            StoreError: It cannot be made.
        """
        try:
            self._make()
        except FileExistsError:
            raise
        except OSError as error:
            raise unwritable(self._path, error) from error

    async def append(self, line: bytes) -> None:
        """Return when the line, which ends with a line feed, is synced; a file that is not there is made.

        Raises:
            StoreError: It cannot be written, now or because of what failed before.
        """
        self._waiting.append(line)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write_waiting)

    def close(self) -> None:
        """Write what is under way and close the file; one that was made and got no line after its first is removed."""
        self._thread.shutdown()
        if self._fd is None:
            return
        os.close(self._fd)
        if self._is_new and self._size <= len(self._first):
            self._path.unlink(missing_ok=True)

    def _make(self) -> int:
        self._fd = fd = self._disk.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND)
        self._is_new = True
        self._write(fd, self._first)
        self._disk.sync_folder(self._path.parent)
        return fd

    def _write_waiting(self) -> None:
        if self._broken is not None:
            raise self._broken
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            fd = self._take_up() if self._fd is None else self._fd
            if lines:
                self._write(fd, b"".join(lines))
        except OSError as error:
            self._broken = unwritable(self._path, error)
            raise self._broken from error
        except StoreError as error:
            self._broken = error
            raise

    def _take_up(self) -> int:
        """Open the file where it is still the one that it was, and cut off what a crash has torn; else make it."""
        try:
            self._fd = fd = self._disk.open(self._path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            return self._make()
        if not stat.S_ISREG(os.fstat(fd).st_mode) or os.read(fd, len(self._first)) != self._first:
            message = f"{self._path} is another file now"
            raise StoreError(message, next="put the one back that was there")
        self._size = _whole(fd)
        if self._size < os.fstat(fd).st_size:
            self._disk.truncate(fd, self._size)
        return fd

    def _write(self, fd: int, data: bytes) -> None:
        if self._size + len(data) > self._limit:
            raise OSError(errno.EFBIG, f"it may have {self._limit:,} bytes at most")
        write_whole(self._disk, fd, data)
        self._disk.sync(fd)
        self._size += len(data)


def _whole(fd: int) -> int:
    """Return how many bytes of a file are whole lines; the first line is one."""
    end = os.fstat(fd).st_size
    while True:
        start = max(0, end - _BLOCK)
        os.lseek(fd, start, os.SEEK_SET)
        found = os.read(fd, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start

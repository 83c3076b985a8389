"""Touch the disk: the few calls that a durable write is made of, so that tests can hand in a disk that fails."""

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from overlord_run.errors import StoreError
from overlord_run.files import LENGTHEN, MISSING_OR_LONG, is_too_long

# Windows would change line ends without O_BINARY; a link or a pipe in a file's place is never followed or waited for.
_SAFELY = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Windows refuses to rename, delete or open what another program has open just then; elsewhere a refusal is final.
PATIENCE_S = 1.0 if sys.platform == "win32" else 0.0
_PAUSE_S = 0.01
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_WRITE_BYTES = 128 * 1024

_NOT_REGULAR = "it is not a regular file"
_LONG = (MISSING_OR_LONG, f"name another folder with --state-dir, or {LENGTHEN}")
_WORDS = {
    errno.ENOSPC: ("no space is left on the disk", "free some space"),
    errno.EDQUOT: ("the disk quota is used up", "free some space"),
    errno.EROFS: ("the file system is read-only", "name another folder with --state-dir"),
    errno.EACCES: ("permission denied", "check who owns it and its mode"),
    errno.EPERM: ("permission denied", "check who owns it and its mode"),
    errno.EIO: ("the disk reported an error", "check the disk"),
    errno.ENOENT: ("it does not exist", ""),
    errno.EEXIST: ("something else has its name", "move that away"),
    errno.ENOTDIR: ("a part of its path is no folder", "name another folder with --state-dir"),
    errno.ELOOP: ("it is a symbolic link", "put the real file in its place"),
    errno.EMFILE: ("too many files are open", "raise the limit (ulimit -n)"),
    errno.ENAMETOOLONG: ("its name is too long", "choose a shorter one"),
}


T = TypeVar("T")


class Disk(Protocol):
    """What a durable write needs of the operating system. Every method may raise `OSError`."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file, making it readable by its owner only where it is new; return the descriptor."""
        ...

    def write(self, fd: int, data: bytes | bytearray) -> int:
        """Write with one system call; return how many bytes were taken."""
        ...

    def sync(self, fd: int) -> None:
        """Return when the file's bytes survive a power cut."""
        ...

    def truncate(self, fd: int, size: int) -> None:
        """Cut a file off behind so many bytes."""
        ...

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another one's name, at once."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Return when the folder's names survive a power cut, where the platform knows such a thing."""
        ...


class SystemDisk:
    """The real disk."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file, making it readable by its owner only where it is new; return the descriptor."""
        fd = os.open(path, flags | _SAFELY, _FILE_MODE)
        if flags & os.O_CREAT and sys.platform != "win32":
            os.fchmod(fd, _FILE_MODE)  # the umask may have taken the owner's own bits
        return fd

    def write(self, fd: int, data: bytes | bytearray) -> int:
        """Write with one system call; return how many bytes were taken."""
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        """Return when the file's bytes survive a power cut."""
        if sys.platform == "darwin":  # pragma: no cover - fsync there leaves the bytes in the drive's cache
            import fcntl  # noqa: PLC0415 - it does not exist on Windows

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        elif sys.platform == "win32":  # pragma: no cover - it has no fdatasync
            os.fsync(fd)
        else:
            os.fdatasync(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut a file off behind so many bytes."""
        os.ftruncate(fd, size)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another one's name, at once."""
        os.replace(source, target)  # noqa: PTH105 - the call itself is the point here

    def sync_folder(self, path: Path) -> None:
        """Return when the folder's names survive a power cut, where the platform knows such a thing."""
        if sys.platform != "win32":  # pragma: no branch - a folder cannot be opened there
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


SYSTEM_DISK = SystemDisk()


def write_whole(disk: Disk, fd: int, data: bytes | bytearray) -> None:
    """Write all of `data` with one system call.

    Raises:
        OSError: The disk refused, or took only a part: on a regular file that means that it is full.
    """
    taken = disk.write(fd, data)
    if taken != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write_parts(disk: Disk, fd: int, parts: Iterable[bytes]) -> int:
    """Write parts of a file one after the other, 128 KiB or more with a system call; return how many bytes they have.

    No part is divided among two calls: where two processes append lines to a file, the lines cannot mix.

    Raises:
        OSError: As for `write_whole`.
    """
    size, waiting = 0, bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= _WRITE_BYTES:
            write_whole(disk, fd, waiting)
            size += len(waiting)
            waiting.clear()
    if waiting:
        write_whole(disk, fd, waiting)
    return size + len(waiting)


def patiently(act: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Do something, again and again for so long while the system refuses it, and return what it gives.

    Raises:
        OSError: It cannot be done; the refusal, when patience has ended.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_S)


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, whatever the umask.

    Raises:
        FileExistsError: Something has that name.
        OSError: It cannot be made.
    """
    path.mkdir(mode=_FOLDER_MODE)
    path.chmod(_FOLDER_MODE)


def open_to_read(path: Path) -> BinaryIO:
    """Open a regular file for reading; a link, a pipe or a device in its place is refused without waiting.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be opened, or is no regular file.
    """
    return os.fdopen(_opened(path), "rb")


def read_start(path: str, most_bytes: int) -> bytes:
    """Return what a regular file begins with, read as by `open_to_read` at half the cost: there may be thousands.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read, or is no regular file.
    """
    fd = _opened(path)
    try:
        return os.read(fd, most_bytes)  # of a regular file one call reads all that there is
    finally:
        os.close(fd)


def _opened(path: Path | str) -> int:
    fd = patiently(lambda: os.open(path, os.O_RDONLY | _SAFELY))
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, _NOT_REGULAR, str(path))
    return fd


def unwritable(path: Path, error: OSError) -> StoreError:
    """Return the error that tells which file cannot be written, why, and what to do."""
    return _failed("write", path, error)


def unreadable(path: Path, error: OSError) -> StoreError:
    """Return the error that tells which file cannot be read, why, and what to do."""
    return _failed("read", path, error)


def _failed(doing: str, path: Path, error: OSError) -> StoreError:
    is_long = error.errno == errno.ENOENT and is_too_long(path)
    reason, remedy = _LONG if is_long else _WORDS.get(error.errno or 0, (error.strerror or type(error).__name__, ""))
    return StoreError(f"cannot {doing} {path}: {reason}", next=remedy)

"""Own a run: an OS lock on `owner.lock` for the life of the process, so that a crash frees it.

The lock is on a file that is never unlinked, renamed or written. Why the package `filelock` and only its descriptor
lock: docs/decisions/0003-owner-lock.md.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

from overlord_run.errors import RunBusyError
from overlord_run.store.disk import SYSTEM_DISK, open_to_read, unreadable, unwritable

# A reader that asks whether the run is owned holds the lock for some microseconds; Windows lets go of it late.
PATIENCE_S = 1.0 if sys.platform == "win32" else 0.1
_PAUSE_S = 0.005


@contextmanager
def owned(path: Path, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock at `path`, making the file where there is none.

    Raises:
        RunBusyError: Another process holds it.
        StoreError: It cannot be opened, or the file system knows no locks.
    """
    with ExitStack() as stack:
        try:
            fd = SYSTEM_DISK.open(path, os.O_CREAT | os.O_RDWR)
            stack.callback(_let_go, os.close, fd)
            is_taken = _take(fd, patience_s)
        except OSError as error:
            raise unwritable(path, error) from error
        if not is_taken:
            raise _busy(path)
        stack.callback(_let_go, unlock_descriptor, fd)  # closing alone frees it too, but on Windows some time later
        yield


def is_owned(path: Path) -> bool:
    """Say whether a living process holds the lock at `path`; nothing is made or changed.

    Raises:
        StoreError: The file cannot be opened, or the file system knows no locks.
    """
    try:
        with open_to_read(path) as file:
            is_free = lock_descriptor(file.fileno(), blocking=False)
            if is_free:
                unlock_descriptor(file.fileno())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    return not is_free


def _let_go(how: Callable[[int], object], fd: int) -> None:
    """Free the lock; where the system refuses that, the end of the process does it."""
    with suppress(OSError):
        how(fd)


def _take(fd: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not lock_descriptor(fd, blocking=False):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE_S)
    return True


def _busy(path: Path) -> RunBusyError:
    return RunBusyError(
        f"another process owns the run {path.parent.name}",
        next=f"overlord-run status --run {path.parent.name} shows it; try again when it has ended",
    )

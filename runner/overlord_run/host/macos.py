"""Ask macOS about processes, through its own `ps` and `sysctl`, and hold one, as far as macOS lets one be held."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Protocol

from overlord_run.host.handle import EndsBySignals, Handle

_LONGEST_WAIT_S = 2.0


class Queue(Protocol):
    """What is used of `select.kqueue`."""

    def control(self, changes: None, most_events: int, within_s: float, /) -> list[Any]:
        """Wait for events."""

    def close(self) -> None:
        """Let go of what is watched."""


def family() -> Callable[[int], tuple[int, str]]:
    """Return the lookup from a pid to its parent's pid and its own name or path."""
    return parse_family(_answer("/bin/ps", "-axo", "pid=,ppid=,comm=")).__getitem__


def parse_family(table: str) -> dict[int, tuple[int, str]]:
    """Read lines of `pid parent name`; a name may hold blanks."""
    rows = (line.split(None, 2) for line in table.splitlines())
    return {int(pid): (int(parent), name) for pid, parent, name in rows}


def boot_id() -> str:
    """Return an id that is new with every boot."""
    return _answer("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid")


def start_time(pid: int) -> str:
    """Return when a process started, UTC, to the second."""
    return _answer("/bin/ps", "-o", "lstart=", "-p", str(pid))


def executable(pid: int) -> str:
    """Return the path of the program that a process runs."""
    return _answer("/bin/ps", "-o", "comm=", "-p", str(pid))


def hold(pid: int) -> Handle:
    """Return a handle of the process that has this pid now.

    Raises:
        ProcessLookupError: There is none.
    """
    if sys.platform == "darwin":
        queue = select.kqueue()
        end = select.kevent(
            pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, fflags=select.KQ_NOTE_EXIT
        )
        try:
            queue.control([end], 0)
        except OSError:
            queue.close()
            raise
        return Watched(pid, queue)
    raise OSError


class Watched(EndsBySignals):
    """A process whose end the kernel tells, and which signals reach by its pid.

    macOS has no handle that a signal can be sent by. A watch comes nearest: it is set on the process itself, so an end
    before the signal is known even if the pid has changed hands. A later process is hit only if all this happens
    between that look and the signal, some microseconds: it ends, its parent hears of it, and every other pid is used.
    """

    def __init__(self, pid: int, queue: Queue, send: Callable[[int, int], None] = os.kill) -> None:
        self._pid = pid
        self._queue = queue
        self._kill = send
        self._has_ended = False

    def has_ended(self, within_s: float) -> bool:
        """Wait for its end; the kernel tells it once."""
        self._has_ended = self._has_ended or bool(self._queue.control(None, 1, within_s))
        return self._has_ended

    def close(self) -> None:
        """Let go of it."""
        self._queue.close()

    def _send(self, number: signal.Signals) -> None:
        if self.has_ended(0):
            raise ProcessLookupError
        self._kill(self._pid, number)


def _answer(*command: str) -> str:
    """Return what a system program prints. It is given no environment of ours, which may hold the key."""
    try:
        done = subprocess.run(  # noqa: S603 - absolute paths and fixed options, no shell
            command,
            env={"LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST_WAIT_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        message = f"{command[0]} gave no answer"
        raise OSError(message) from error
    return done.stdout.decode("utf-8", "replace").strip()

"""Ask Linux about processes, through `/proc`, and hold one; on a system without it every question raises `OSError`."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from overlord_run.host.handle import EndsBySignals, Handle

if sys.platform == "linux":
    from overlord_run.host.pidfd import hold_by_pidfd

_PROC = Path("/proc")
_PAUSE_S = 0.05
_ENDED = ("Z", "X")


def family() -> Callable[[int], tuple[int, str]]:
    """Return the lookup from a pid to its parent's pid and its own name. It reads what is asked for, no more."""

    def member(pid: int) -> tuple[int, str]:
        name, fields = _stat(pid)
        return int(fields[1]), name

    return member


def boot_id() -> str:
    """Return an id that is new with every boot."""
    return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()


def start_time(pid: int) -> str:
    """Return when a process started, in clock ticks since the boot."""
    _, fields = _stat(pid)
    return fields[19]


def executable(pid: int) -> str:
    """Return the path of the program that a process runs, also where an update has put another file there since."""
    return str((_PROC / str(pid) / "exe").readlink()).removesuffix(" (deleted)")


def hold(pid: int) -> Handle:
    """Return a handle of the process that has this pid now.

    Raises:
        ProcessLookupError: There is none.
    """
    held: Handle | None = None
    if sys.platform == "linux":
        held = hold_by_pidfd(pid)
    return held or hold_by_pid(pid)


def hold_by_pid(pid: int) -> "ByPid":
    """Return a handle of the process that has this pid now, as good as it can be without a pidfd.

    Raises:
        ProcessLookupError: There is none.
    """
    try:
        return ByPid(pid, start_time(pid))
    except FileNotFoundError as error:
        raise ProcessLookupError from error


class ByPid(EndsBySignals, Struct, frozen=True):
    """A process that is not really held: it is known by its start time, and signals go to its pid.

    It is looked at right before each signal. A later process is hit only if the pid changes hands between that look
    and the signal, some microseconds: it ends, its parent waits for it, and every other pid is used.
    """

    pid: int
    start: str
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def has_ended(self, within_s: float) -> bool:
        """Wait for its end, and look 20 times a second."""
        deadline = self.clock() + within_s
        while not self._is_gone():
            if self.clock() >= deadline:
                return False
            self.sleep(_PAUSE_S)
        return True

    def close(self) -> None:
        """Do nothing."""

    def _send(self, number: signal.Signals) -> None:
        if self._is_gone():
            raise ProcessLookupError
        os.kill(self.pid, number)

    def _is_gone(self) -> bool:
        try:
            _, fields = _stat(self.pid)
        except (FileNotFoundError, ProcessLookupError):
            return True
        return fields[0] in _ENDED or fields[19] != self.start


def _stat(pid: int) -> tuple[str, list[str]]:
    """Return a process's name and the fields after it, from its state on. Source: proc_pid_stat(5)."""
    text = (_PROC / str(pid) / "stat").read_text("utf-8", errors="replace")
    head, _, rest = text.rpartition(")")
    return head.partition("(")[2], rest.split()

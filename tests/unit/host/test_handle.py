import errno
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from overlord_run.host import linux, macos, windows
from overlord_run.host.handle import EndsBySignals, Handle
from overlord_run.host.pidfd import PidFd, hold_by_pidfd
from unit.host.children import IGNORES, child

NO_SUCH_PID = 2**22 + 1
PID = 700


class Sent(EndsBySignals):
    """A process that keeps the signals that it is sent, and ends at one of them."""

    def __init__(self, ends_at: signal.Signals | None = None) -> None:
        self.ends_at = ends_at
        self.signals: list[signal.Signals] = []

    def _send(self, number: signal.Signals) -> None:
        if self.ends_at in self.signals:
            raise ProcessLookupError
        self.signals.append(number)


def test_a_process_is_asked_by_sigterm_and_goes_on_if_it_was_stopped() -> None:
    process = Sent()
    assert process.ask() is True
    process.kill()
    assert process.signals == [signal.SIGTERM, signal.SIGCONT, signal.SIGKILL]


def test_a_process_that_ends_at_once_was_asked_all_the_same() -> None:
    process = Sent(ends_at=signal.SIGTERM)
    assert process.ask() is True
    with pytest.raises(ProcessLookupError):
        process.ask()


def test_linux_holds_a_process_by_a_pidfd_that_is_not_inherited() -> None:
    handle = linux.hold(os.getppid())
    assert isinstance(handle, PidFd)
    assert not os.get_inheritable(handle._fd)
    handle.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle._fd)


def refusing(code: int) -> Callable[[int], int]:
    def pidfd_open(_pid: int) -> int:
        raise OSError(code, os.strerror(code))

    return pidfd_open


@pytest.mark.parametrize(
    "pidfd_open", [None, *map(refusing, (errno.ENOSYS, errno.EPERM))], ids=["python", "kernel", "sandbox"]
)
def test_where_there_is_no_pidfd_none_is_used(pidfd_open: Callable[[int], int] | None) -> None:
    assert hold_by_pidfd(os.getpid(), pidfd_open) is None


@pytest.mark.parametrize("code", [errno.ESRCH, errno.EINVAL, errno.ENOENT])
def test_a_pid_without_a_process_cannot_be_held_by_a_pidfd(code: int) -> None:
    with pytest.raises(ProcessLookupError):
        hold_by_pidfd(PID, refusing(code))


def test_no_room_for_another_descriptor_is_no_missing_pidfd() -> None:
    with pytest.raises(OSError, match="Too many open files"):
        hold_by_pidfd(PID, refusing(errno.EMFILE))


@pytest.mark.parametrize("hold", [linux.hold, linux.hold_by_pid])
def test_a_pid_without_a_process_cannot_be_held(hold: Callable[[int], Handle]) -> None:
    with pytest.raises(ProcessLookupError):
        hold(NO_SUCH_PID)


@pytest.mark.parametrize("hold", [linux.hold, linux.hold_by_pid])
def test_a_process_that_lives_has_not_ended_and_a_zombie_has(hold: Callable[[int], Handle]) -> None:
    with child() as process:
        handle = hold(process.pid)
        assert not handle.has_ended(0)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert handle.has_ended(0)
        process.wait()
        assert handle.has_ended(0)
        handle.close()


@dataclass
class Time:
    """A clock that goes on only while somebody sleeps."""

    now: float = 0.0
    naps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, pause_s: float) -> None:
        self.naps.append(pause_s)
        self.now += pause_s


def test_without_a_pidfd_the_end_is_looked_for_until_the_time_is_up() -> None:
    time = Time()
    with child() as process:
        handle = linux.ByPid(process.pid, linux.start_time(process.pid), time.clock, time.sleep)
        assert not handle.has_ended(0.5)
    assert 0.5 <= time.now < 0.6
    assert max(time.naps) <= 0.05
    assert handle.has_ended(0.5)
    assert 0.5 <= time.now < 0.6


def test_without_a_pidfd_a_later_process_is_not_sent_a_signal() -> None:
    with child(IGNORES) as process:
        earlier = linux.ByPid(process.pid, str(int(linux.start_time(process.pid)) - 1))
        assert earlier.has_ended(0)
        for end in (earlier.ask, earlier.kill):
            with pytest.raises(ProcessLookupError):
                end()
        assert process.communicate() == (b"", None)
        assert process.returncode == 0


@dataclass
class Queue:
    """Answer like a kqueue that watches a process: its end comes after some looks, and is told once."""

    looks: int
    waits: list[float] = field(default_factory=list)
    is_closed: bool = False

    def control(self, _changes: None, most_events: int, within_s: float, /) -> list[Any]:
        self.waits.append(within_s)
        return [object()] * most_events if len(self.waits) == self.looks + 1 else []

    def close(self) -> None:
        self.is_closed = True


def test_macos_looks_for_the_end_right_before_each_signal() -> None:
    queue, sent = Queue(looks=3), list[tuple[int, int]]()
    process = macos.Watched(PID, queue, lambda pid, number: sent.append((pid, number)))
    assert process.ask() is True
    assert not process.has_ended(5)
    with pytest.raises(ProcessLookupError):
        process.kill()
    assert process.has_ended(5)
    process.close()
    assert sent == [(PID, signal.SIGTERM), (PID, signal.SIGCONT)]
    assert queue.waits == [0, 0, 5, 0]
    assert queue.is_closed


def test_no_process_is_watched_where_there_is_no_kqueue() -> None:
    with pytest.raises(OSError):  # noqa: PT011 - it has no text
        macos.hold(PID)


def kernel32(*, refuses: int = 0, ends: bool = True, waits: tuple[int, ...] = ()) -> Any:
    """Answer like kernel32, of one process; `calls` holds what it was asked.

    Args:
        refuses: The code of the error that opening it ends with, or 0.
        ends: Whether it can be ended.
        waits: What each wait for its end comes to: 0 is the end, 258 that the time is up.
    """
    calls, left = list[tuple[object, ...]](), list(waits)

    def answer(name: str, value: Callable[[], object], *said: Any) -> object:
        calls.append((name, *(getattr(one, "value", one) for one in said)))
        return value()

    return SimpleNamespace(
        OpenProcess=lambda rights, _inherit, pid: answer("open", lambda: None if refuses else 88, rights, pid),
        TerminateProcess=lambda handle, code: answer("end", lambda: int(ends), handle, code),
        WaitForSingleObject=lambda handle, wait_ms: answer("wait", lambda: left.pop(0), handle, wait_ms),
        CloseHandle=lambda handle: answer("close", lambda: 1, handle),
        GetLastError=lambda: refuses,
        calls=calls,
    )


def test_windows_holds_a_process_by_a_handle_that_may_end_it_and_wait_for_it() -> None:
    library = kernel32(waits=(258, 0))
    process = windows.Held(library, PID)
    assert process.ask() is False
    assert not process.has_ended(0.0004)
    process.kill()
    assert process.has_ended(10)
    process.close()
    assert library.calls == [
        ("open", 0x1 | 0x1000 | 0x100000, PID),
        ("wait", 88, 1),
        ("end", 88, 1),
        ("wait", 88, 10_000),
        ("close", 88),
    ]


def test_windows_is_never_asked_to_wait_for_ever() -> None:
    library = kernel32(waits=(0,))
    windows.Held(library, PID).has_ended(1e9)
    assert library.calls[-1] == ("wait", 88, 0xFFFFFFFE)


@pytest.mark.parametrize(("code", "error"), [(5, PermissionError), (87, ProcessLookupError), (8, OSError)])
def test_a_process_that_windows_does_not_open_is_told_by_the_reason(code: int, error: type[OSError]) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - it has no text
        windows.Held(kernel32(refuses=code), PID)
    assert caught.type is error


@pytest.mark.parametrize(("wait", "error"), [(0, ProcessLookupError), (258, PermissionError)])
def test_windows_denies_to_end_a_process_that_has_ended_already(wait: int, error: type[OSError]) -> None:
    process = windows.Held(kernel32(ends=False, waits=(wait,)), PID)
    with pytest.raises(error):
        process.kill()

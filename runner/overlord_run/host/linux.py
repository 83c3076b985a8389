"""Ask Linux about processes, through `/proc`; on a system without one every question raises `OSError`."""

from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")


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
    """Return the path of the program that a process runs."""
    return str((_PROC / str(pid) / "exe").readlink())


def _stat(pid: int) -> tuple[str, list[str]]:
    """Return a process's name and the fields after it, from its state on. Source: proc_pid_stat(5)."""
    text = (_PROC / str(pid) / "stat").read_text("utf-8", errors="replace")
    head, _, rest = text.rpartition(")")
    return head.partition("(")[2], rest.split()

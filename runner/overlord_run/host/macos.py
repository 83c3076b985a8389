"""Ask macOS about processes, through its own `ps` and `sysctl`."""

import subprocess
from collections.abc import Callable

_LONGEST_WAIT_S = 2.0


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

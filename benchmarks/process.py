"""Run a command as a process of its own, and have the operating system tell what it spent."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

LIMIT_S = 400
"""A process that takes longer is killed; the longest takes a tenth of that on a quiet machine."""
_LOOKS_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process took, from its start to its end.

    Attributes:
        wall_s: By the clock.
        cpu_s: User and system, of all its threads.
        peak_bytes: The largest resident memory; never less than what the process that started it had then.
        written_bytes: All that it gave to `write`, sockets apart.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    written_bytes: int


class WrongEndError(Exception):
    """A command ended in another way than the case needs, so what it spent says nothing."""


def spend(
    command: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str],
    *,
    exit_code: int = 0,
    look: Callable[[int], object] | None = None,
) -> Spent:
    """Run a command to its end and return what it spent. What it prints goes to a file, as fast as a file is.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        environ: Its whole environment.
        exit_code: The one that it must have.
        look: Called with the process's id, fifty times a second until it ends.

    Raises:
        WrongEndError: It had another exit code; its last words are told.
    """
    printed = folder / "printed.txt"
    with printed.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=output, stderr=output)
        watchdog = Timer(LIMIT_S, process.kill)
        watchdog.start()
        try:
            written = _wait(process.pid, look)
            wall_s = time.perf_counter() - began
        finally:
            watchdog.cancel()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != exit_code:
        words = printed.read_text("utf-8", "replace")[-2000:]
        message = f"{' '.join(map(str, command))} ended with {process.returncode}, not {exit_code}:\n{words}"
        raise WrongEndError(message)
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, written)


def written_bytes(pid: int) -> int:
    """Return how much a process has given to `write` so far; what is no file's, like a socket's, does not count."""
    facts = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text("ascii").splitlines())
    return int(facts["wchar"])


def _wait(pid: int, look: Callable[[int], object] | None) -> int:
    """Wait for a process's end, leave it to be asked what it spent, and return what it wrote."""
    has_ended = look is None
    while look and not has_ended:
        look(pid)
        time.sleep(_LOOKS_EVERY_S)
        has_ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return written_bytes(pid)

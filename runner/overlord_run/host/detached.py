"""Start a process that outlives this one and its terminal.

On POSIX systems it leads a session of its own: it has no terminal, so the closing of one does not reach it. On Windows
it gets a console of its own, without a window. With DETACHED_PROCESS it would have none, and what it starts would open
a window: in a virtual environment that is Python itself. It leaves the job of a terminal that ends all its processes at
its end, where the job lets it; else it ends with that. A system that ends all that a user has started when they log out
(systemd's `KillUserProcesses`) ends it too.

Its standard input is a file and not a pipe, so it finds all of the bytes even if this process ends at once: a part of
an input would be a run about something else. Its output is a file too, which nobody need read.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

Popen = Callable[..., "subprocess.Popen[bytes]"]

# Source: Microsoft, "Process Creation Flags".
_NEW_PROCESS_GROUP = 0x200
_BREAKAWAY_FROM_JOB = 0x100_0000
_NO_WINDOW = 0x800_0000


def start_detached(
    command: Sequence[str],
    stdin: bytes,
    output: IO[bytes],
    *,
    platform: str = sys.platform,
    popen: Popen = subprocess.Popen,
) -> "subprocess.Popen[bytes]":
    """Start a command in this folder and with this environment, where the API key may be, and with no other open file.

    Args:
        command: The program's path, and its words.
        stdin: What it finds on its standard input.
        output: The open file that it writes to, standard error too.
        platform: As in `sys.platform`.
        popen: Starts processes.

    Raises:
        OSError: It cannot be started.
    """
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        streams = {"stdin": file, "stdout": output, "stderr": subprocess.STDOUT}
        *better, last = _ways(platform)
        for way in better:
            with suppress(PermissionError):
                return popen(command, **streams, **way)
        return popen(command, **streams, **last)


def _ways(platform: str) -> Sequence[Mapping[str, Any]]:
    """Return how to set a process apart, the best way first: a job of Windows may let no process leave it."""
    if platform != "win32":
        return ({"start_new_session": True},)
    flags = _NEW_PROCESS_GROUP | _NO_WINDOW
    return ({"creationflags": flags | _BREAKAWAY_FROM_JOB}, {"creationflags": flags})

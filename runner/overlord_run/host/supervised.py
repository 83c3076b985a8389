"""Run a program that may hang, fill the disk or start others, and end all of it where it goes beyond its limits.

What it prints goes into files, not into pipes: a pipe that a grandchild keeps open would be waited for, as ssh does
when it stays in the background for the next connection. On POSIX systems it leads a session of its own, so it has no
terminal that it could ask at, and its process group can be ended as a whole.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

_LOOK_EVERY_S = 0.05
_AFTER_KILL_S = 10.0
# Source: Microsoft, "Process Creation Flags".
_WINDOWS_FLAGS = 0x200 | 0x800_0000  # CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW


class Limits(Struct, frozen=True):
    """What a program may take.

    Attributes:
        seconds: From its start.
        output: Bytes that it prints.
        folder_bytes: Bytes of the files in the folder that it is run in.
    """

    seconds: float
    output: int
    folder_bytes: int


class Done(Struct, frozen=True):
    """How a program ended, and what it printed."""

    code: int
    output: bytes
    errors: bytes


class OverrunError(Exception):
    """A program was ended since it went beyond its limits; says what it did, as the end of a sentence."""


def run(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], limits: Limits, *, stdin: bytes = b""
) -> Done:
    """Run a program, and return when it has ended.

    Args:
        command: The program's absolute path, and its words.
        folder: The folder that it is run in.
        environ: Its whole environment.
        limits: What it may take.
        stdin: What it finds on its standard input.

    Raises:
        OverrunError: It was ended.
        OSError: It cannot be started.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(  # noqa: S603 - an absolute path, no shell
            command, cwd=folder, env=environ, stdin=given, stdout=output, stderr=errors, **_apart()
        )
        try:
            code = _wait(process, folder, (output, errors), limits)
        except BaseException:  # a Ctrl-C too, which reaches this process alone
            _end(process, environ)
            raise
        return Done(code, _content(output, limits.output), _content(errors, limits.output))


def _apart() -> dict[str, Any]:
    return {"creationflags": _WINDOWS_FLAGS} if sys.platform == "win32" else {"start_new_session": True}


def _wait(process: "subprocess.Popen[bytes]", folder: Path, printed: Sequence[IO[bytes]], limits: Limits) -> int:
    deadline = time.monotonic() + limits.seconds
    while True:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(_LOOK_EVERY_S)
            _require_within(folder, printed, limits)
            return code
        _require_within(folder, printed, limits)
        if time.monotonic() > deadline:
            message = f"did not end within {limits.seconds:.0f} s"
            raise OverrunError(message)


def _require_within(folder: Path, printed: Sequence[IO[bytes]], limits: Limits) -> None:
    if any(os.fstat(file.fileno()).st_size > limits.output for file in printed):
        message = f"said more than {limits.output:,} bytes"
        raise OverrunError(message)
    if _size(folder) > limits.folder_bytes:
        message = f"is larger than {limits.folder_bytes:,} bytes"
        raise OverrunError(message)


def _size(folder: Path) -> int:
    """Return how many bytes the files in a folder have; one that goes away meanwhile has none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(place, name).lstat().st_size
    return total


def _content(file: IO[bytes], limit: int) -> bytes:
    file.seek(0)
    return file.read(limit)


def _end(process: "subprocess.Popen[bytes]", environ: Mapping[str, str]) -> None:
    """End a program and those that it started."""
    with suppress(OSError):
        if sys.platform == "win32":
            killer = Path(environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "taskkill.exe")
            subprocess.run([str(killer), "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)  # noqa: S603
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_AFTER_KILL_S)

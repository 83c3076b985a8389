"""Start this program again, in a process that outlives this one and its terminal."""

import subprocess
import sys
from collections.abc import Sequence
from typing import IO


def start_detached(words: Sequence[str], stdin: bytes, stdout: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start `overlord-run WORDS…` in a session of its own, where no signal of this terminal reaches it.

    It inherits the environment, where the API key may be, and no open file but `stdout`.

    Args:
        words: The command line.
        stdin: What it finds on its standard input.
        stdout: The open file that it writes to; what it writes to standard error goes nowhere.
    """
    is_windows = sys.platform == "win32"
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "overlord_run", *words],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        creationflags=_WINDOWS_FLAGS if is_windows else 0,
        start_new_session=not is_windows,
    )
    if process.stdin is not None:
        with process.stdin:
            process.stdin.write(stdin)
    return process


# DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP. Source: Microsoft, "Process Creation Flags".
_WINDOWS_FLAGS = 0x00000008 | 0x00000200

"""Write data to standard output and notes to standard error, whoever reads them, and whether anyone still does."""

import errno
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TextIO

from overlord_run.cli.report.visible import visible
from overlord_run.errors import StoreError

# Windows tells a closed pipe as an invalid argument.
_READER_LEFT = frozenset({errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN})


def prepare() -> None:
    """Make both streams take any text: as UTF-8 in a file or pipe, with escapes where a terminal has no sign."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="backslashreplace")
        else:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def write_data(text: str) -> None:
    """Write what the command hands over: exactly in a file or pipe, made visible on a terminal.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    write_out(visible(text) if on_terminal else text)


def write_report(text: str) -> None:
    """Write a report for people to standard output, made visible wherever it goes: a pipe may end at a terminal too.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    write_out(visible(text))


def write_json(value: Mapping[str, Any]) -> None:
    """Write one JSON object on a line of its own, in ASCII.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    write_out(json.dumps(value, separators=(",", ":"), allow_nan=False))


def write_note(text: str) -> None:
    """Write progress, a note or an error for people to standard error; where that cannot be written, to nobody."""
    write_err(visible(text))


def write_out(text: str) -> None:
    """Write a text to standard output as it stands; what is somebody else's in it has been made visible.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    error = attempt(sys.stdout, partial(_write, sys.stdout, text))
    if error is not None and error.errno not in _READER_LEFT:
        message = f"standard output cannot be written: {error.strerror}"
        raise StoreError(message, next="Make room, or send it elsewhere.", code="output") from error


def write_err(text: str) -> None:
    """Write a text to standard error as it stands; what is somebody else's in it has been made visible."""
    attempt(sys.stderr, partial(_write, sys.stderr, text))


def attempt(stream: TextIO | None, write: Callable[[], object]) -> OSError | None:
    """Do something that writes to a stream; one that fails leads nowhere from then on."""
    if stream is None:
        return None
    try:
        write()
    except OSError as error:
        # What is still in the buffer would fail again when Python ends, and take the exit code with it.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return error
    return None


def _write(stream: TextIO, text: str) -> None:
    stream.write(text if text.endswith("\n") else text + "\n")
    stream.flush()

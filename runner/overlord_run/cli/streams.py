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


def is_on_terminal() -> bool:
    """Say whether what goes to standard output is seen on a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def terminal_facts() -> str:
    """Return where standard output goes, how it is encoded, and how wide it is."""
    if sys.stdout is None:
        return "standard output is closed"
    if not sys.stdout.isatty():
        return f"standard output is a file or a pipe, {sys.stdout.encoding}"
    import shutil  # it brings the compressors of archives

    return f"standard output is a terminal, {sys.stdout.encoding}, {shutil.get_terminal_size().columns} columns"


def write_data(text: str) -> None:
    """Write what the command hands over: exactly in a file or pipe, made visible on a terminal.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    write_out(visible(text) if is_on_terminal() else text)


def write_exactly(text: str) -> None:
    """Write what the command hands over without as much as a newline of ours; on a terminal as `write_data` does.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    if is_on_terminal():
        write_data(text)
    else:
        _write_out(text)


def write_report(text: str) -> bool:
    """Write a report for people to standard output, made visible wherever it goes: a pipe may end at a terminal too.

    Returns:
        Whether anybody still reads.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    return write_out(as_logged(visible(text)))


def as_logged(text: str) -> str:
    """Return a text for people as a log takes it; that of a step of GitHub's Actions would obey some lines."""
    if "::" not in text and "##[" not in text:
        return text
    from overlord_run.cli.report.workflow import without_commands
    from overlord_run.settings.environment import environment, is_github_actions

    return without_commands(text) if is_github_actions(environment()) else text


def write_json(value: Mapping[str, Any]) -> bool:
    """Write one JSON object on a line of its own, in ASCII.

    Returns:
        Whether anybody still reads.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    return write_out(_without_commands(json.dumps(value, separators=(",", ":"), allow_nan=False)))


def write_comparable_json(value: Mapping[str, Any]) -> bool:
    """Write one JSON object with an item a line, so that two can be compared line by line.

    Text stands in it as people write it; what cannot be seen is an escape, as everywhere.

    Returns:
        Whether anybody still reads.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return write_out(_without_commands(visible(text)))


def write_note(text: str) -> None:
    """Write progress, a note or an error for people to standard error; where that cannot be written, to nobody."""
    write_err(as_logged(visible(text)))


def write_out(text: str) -> bool:
    """Write a text to standard output as it stands, ended; what is somebody else's in it has been made visible.

    Returns:
        Whether anybody still reads.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    return _write_out(_ended(text))


def write_err(text: str) -> None:
    """Write a text to standard error as it stands, ended; what is somebody else's in it has been made visible."""
    attempt(sys.stderr, partial(_write, sys.stderr, _ended(text)))


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


def _write_out(text: str) -> bool:
    error = attempt(sys.stdout, partial(_write, sys.stdout, text))
    if error is not None and error.errno not in _READER_LEFT:
        message = f"standard output cannot be written: {error.strerror}"
        raise StoreError(message, next="Make room, or send it elsewhere.", code="output") from error
    return error is None


def _without_commands(text: str) -> str:
    if "##[" not in text:
        return text
    from overlord_run.cli.report.workflow import without_older_commands

    return without_older_commands(text)


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        stream.write(text)
        stream.flush()

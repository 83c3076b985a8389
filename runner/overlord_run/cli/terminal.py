"""Know what a stream can show, and how large it is; the terminal's own state is never changed."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from overlord_run.cli.report.size import Size

USUAL = Size(columns=80, lines=24)
_DUMB = frozenset({"dumb", "unknown"})
_OFF = frozenset({"", "0", "false"})


def is_terminal(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Say whether a stream ends at a terminal that understands more than lines."""
    return stream is not None and stream.isatty() and environ.get("TERM", "").lower() not in _DUMB


def takes_paint(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Say whether what is written to a stream may stand out. NO_COLOR is kept where it is painted."""
    wants_colour = bool(environ.get("FORCE_COLOR")) and not environ.get("NO_COLOR")
    return stream is not None and (wants_colour or is_terminal(stream, environ))


def takes_table(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Say whether a table can be drawn again and again: in a build's log it could not, whatever CI calls a terminal."""
    in_build = environ.get("CI", "").lower() not in _OFF
    return stream is not None and is_terminal(stream, environ) and not in_build and _has_signs(stream)


def _has_signs(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().startswith("utf")


def size_of(stream: TextIO) -> Size:
    """Return a terminal's size as it is now; one that tells none has the usual one."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return USUAL
    return Size(columns or USUAL.columns, lines or USUAL.lines)


def is_in_foreground(stream: TextIO) -> bool:
    """Say whether the terminal is this process's now: a job in the background may not draw over the shell's line.

    Windows has no jobs.
    """
    try:
        return sys.platform == "win32" or os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # a terminal that controls no jobs
        return True


@contextmanager
def when_continued(told: Callable[[], object]) -> Iterator[None]:
    """Tell, while this lasts, that a person stopped the process with Ctrl-Z and carries on. Windows has no Ctrl-Z."""
    if sys.platform == "win32":
        yield
    else:
        import signal

        before = signal.signal(signal.SIGCONT, lambda _number, _frame: told())
        try:
            yield
        finally:
            signal.signal(signal.SIGCONT, before)

"""Write lines of ours for people: in colour where there is some, and wrapped where a terminal would tear them."""

import sys
from collections.abc import Sequence
from typing import TextIO

from overlord_run.cli.report.styled import Line, plain
from overlord_run.cli.streams import as_logged, write_err, write_out
from overlord_run.cli.terminal import is_terminal, size_of, takes_paint
from overlord_run.settings.environment import environment


def write_report_lines(lines: Sequence[Line]) -> None:
    """Write a report to standard output.

    Raises:
        StoreError: Standard output cannot be written, and not because its reader left.
    """
    write_out(_as_seen(lines, sys.stdout))


def write_note_lines(lines: Sequence[Line]) -> None:
    """Write progress or a note to standard error; where that cannot be written, to nobody."""
    write_err(_as_seen(lines, sys.stderr))


def _as_seen(lines: Sequence[Line], stream: TextIO | None) -> str:
    environ = environment()
    if stream is None or not takes_paint(stream, environ):
        return as_logged(plain(lines))
    from overlord_run.cli.paint import paint

    return as_logged(paint(lines, columns=size_of(stream).columns if is_terminal(stream, environ) else None))

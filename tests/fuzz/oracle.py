"""Judge how the program takes a file: with a clean answer, or not.

A clean answer is an exit code that the docs tell of, in little time and memory; each problem at a place that the file
has; and on the way to a person no sign that moves a terminal. An exception that is none of our own tree passes through.
"""

import contextlib
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from overlord_run.app.ours import legible
from overlord_run.app.validate import validate
from overlord_run.cli.main import PROGRAM, command_line
from overlord_run.cli.report.formats import FORMATS
from overlord_run.cli.report.problems import error_text
from overlord_run.errors import Exit, InvalidPlaybookError, OverlordError
from overlord_run.problem import Problem
from peak import peak_mib

MOST_SECONDS = 2.0
"""Of CPU, for one file."""

MOST_MIB = 256
"""That one file may make the process grow by."""

EXITS = frozenset({Exit.OK, Exit.USAGE, Exit.INVALID, Exit.NOT_PROVED})
"""What `validate` and a dry run may end with: nothing is sent, kept or waited for."""

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_LINE_END = re.compile("\r\n|[\n\r]")
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_PLACE = re.compile(r"(?:^|; )([^:;\n]+):(\d+):(\d+): ", re.MULTILINE)


class NotCleanError(AssertionError):
    """The program took a file otherwise than it should."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a command ended."""

    exit: int
    out: str
    err: str


@dataclass(slots=True)
class Worst:
    """The most that any file took."""

    seconds: float = 0.0
    mib: int = 0


def judge(attempt: Callable[[bytes], None], content: bytes, worst: Worst, *, slowness: float = 1.0) -> None:
    """Have a file tried.

    Args:
        attempt: Tries it.
        content: What the file holds.
        worst: Is brought up to date.
        slowness: How much slower than usual the program is, since it is watched.

    Raises:
        NotCleanError: It took too much.
    """
    began, before = time.process_time(), peak_mib()
    attempt(content)
    seconds, mib = time.process_time() - began, peak_mib() - before
    worst.seconds, worst.mib = max(worst.seconds, seconds), max(worst.mib, mib)
    if seconds > MOST_SECONDS * slowness:
        message = f"{seconds:.1f} s of CPU, and {MOST_SECONDS * slowness} s are allowed"
        raise NotCleanError(message)
    if mib > MOST_MIB:
        message = f"{mib} MiB, and {MOST_MIB} MiB are allowed"
        raise NotCleanError(message)


def check(path: str) -> bool:
    """Have a file validated and told in every format; return whether it has no error."""
    try:
        found = validate([path])
    except OverlordError as error:
        require_clean(error)
        return False
    require_places(found.problems)
    for form, tell in FORMATS.items():
        told = tell(found)
        if form in ("text", "github"):
            _require_seen(told)
    return found.exit_code == Exit.OK


def run(*words: str) -> Told:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = int(command_line.main(list(words), prog_name=PROGRAM, standalone_mode=False) or 0)
    except OverlordError as error:
        require_clean(error)
        code = error.exit
    except click.UsageError:
        code = Exit.USAGE
    if code not in EXITS:
        message = f"exit {code}: {err.getvalue()}"
        raise NotCleanError(message)
    _require_seen(err.getvalue())
    return Told(code, out.getvalue(), err.getvalue())


def require_clean(error: OverlordError) -> None:
    """Go on where an error of ours says where and what next."""
    if isinstance(error, InvalidPlaybookError):
        if not error.problems:
            message = "no problem is told"
            raise NotCleanError(message)
        require_places(error.problems)
    elif not error.next and not _PLACE.search(error.message):
        message = f"nothing to do next: {error.message}"
        raise NotCleanError(message)
    for file, line, column in _PLACE.findall(error.message):
        if Path(file).is_file():
            require_place(file, int(line), int(column))
    error_text(error).encode("utf-8", "backslashreplace")


def require_places(problems: Sequence[Problem]) -> None:
    """Go on where each problem stands in its file, and says what to do."""
    for problem in problems:
        require_place(problem.file, problem.line, problem.column)
        if not (problem.message and problem.hint) or "\n" in problem.message + problem.hint:
            message = f"not a sentence and a hint on one line: {problem!r}"
            raise NotCleanError(message)


def require_place(file: str, line: int, column: int) -> None:
    """Go on where a file has a place, or its end is there."""
    if not any(1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1 for lines in _lines(file)):
        message = f"{file}:{line}:{column} is no place of the file"
        raise NotCleanError(message)


def _lines(file: str) -> Iterator[list[str]]:
    """Yield a file's lines as YAML and as editors count them; of one that is not there, one that is empty."""
    path = Path(file)
    text = legible(path.read_bytes()) if path.is_file() else ""
    yield _BREAK.split(text)
    yield _LINE_END.split(text)


def _require_seen(told: str) -> None:
    if found := _UNSEEN.search(told):
        message = f"U+{ord(found[0]):04X} is told as it is: {told!r}"
        raise NotCleanError(message)

"""Let a command be carried out by a process of its own, and hear of it what it tells before it can be followed."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from overlord_run.errors import Exit, InvalidPlaybookError, OverlordError, UnfinishedError
from overlord_run.host.detached import start_detached
from overlord_run.problem import Problem
from overlord_run.store.folder import RunFolder, folder_of
from overlord_run.store.following import Following
from overlord_run.store.state import State

LAUNCH_S = 60.0
_LOOK_EVERY_S = 0.05
_MOST_READ = 64 * 1024 * 1024
_LAST_WORDS = 200
# With -P: else Python looks for each module in the current folder first, where anyone's files may be.
PROGRAM = (sys.executable, "-P", "-m", "overlord_run")


class Detached:
    """A command in a process of its own, for as long as this one listens; it goes on when that is over.

    Args:
        words: The command line; it asks for JSON.
        stdin: What the command finds on its standard input.
        program: What to start.

    Raises:
        OverlordError: It cannot be started.
    """

    def __init__(self, words: Sequence[str], stdin: bytes, *, program: Sequence[str] = PROGRAM) -> None:
        try:
            with ExitStack() as opened:
                self._output = opened.enter_context(tempfile.TemporaryFile())
                self._process = start_detached([*program, *words], stdin, self._output)
                opened.pop_all()
        except OSError as error:
            message = f"no process of its own can be started: {error.strerror}"
            raise OverlordError(message, next="run it without --detach and --wait", code="detach") from error

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def raise_its_error(self) -> None:
        """Raise the error that the process, which has ended, told, or that it ended without a word.

        Raises:
            InvalidPlaybookError: It told problems; all are carried.
            OverlordError: As it told it: code, message, what to do next, and exit code.
        """
        self._output.seek(max(0, self._output.seek(0, os.SEEK_END) - _MOST_READ))
        lines = self._output.read().splitlines()
        told = next(filter(None, map(_object, reversed(lines))), None)
        if told is None:
            raise _wordless(self._process.returncode, lines)
        if isinstance(told.get("error"), dict):
            raise _error(told["error"])

    def end(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._output.close()
        if self._process.returncode is None:
            self._process.returncode = 0  # nobody waits for it, and Python need not warn that it goes on


def detach(
    state_dir: Path,
    run_id: str,
    words: Sequence[str],
    stdin: bytes,
    *,
    within_s: float = LAUNCH_S,
    program: Sequence[str] = PROGRAM,
) -> tuple[RunFolder, State]:
    """Start a run in a process of its own, and return its folder and state once it can be addressed.

    A Ctrl-C before that ends the process: nobody would know of the run.

    Args:
        state_dir: The folder of the runs.
        run_id: What the run will be called.
        words: The command line that carries it out under that id.
        stdin: What that command finds on its standard input.
        within_s: How long to wait for it.
        program: What to start.

    Raises:
        UnfinishedError: There is no run in that time; the process goes on.
        OverlordError: There is no run, for the reason that the process told.
    """
    folder = folder_of(state_dir, run_id)
    before = _state(folder).last_seq
    with Detached(words, stdin, program=program) as detached:
        try:
            state = _begun(detached, folder, before, within_s)
        except KeyboardInterrupt:
            detached.end()
            raise
    if state is None:
        message = f"the run has not begun after {within_s:g} s"
        raise UnfinishedError(message, next="overlord-run list shows whether it has meanwhile")
    return folder, state


def _begun(detached: Detached, folder: RunFolder, before: int, within_s: float) -> State | None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        has_ended = detached.has_ended  # asked first: what it did before its end is seen below
        state = _state(folder)
        if state.last_seq > before:
            return state
        if has_ended:
            detached.raise_its_error()
            return state  # the run had ended before, and there was nothing left to do
        time.sleep(_LOOK_EVERY_S)
    return None


def _state(folder: RunFolder) -> State:
    if not folder.path.is_dir():
        return State()
    return Following(folder).catch_up()


def _object(line: bytes) -> dict[str, Any] | None:
    """Return the object that a line holds, or None where it holds none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _error(told: Mapping[str, Any]) -> OverlordError:
    """Return the error that was told as JSON."""
    if "problems" in told:
        return InvalidPlaybookError([Problem(**problem) for problem in told["problems"]])
    error = OverlordError(told["message"], next=told["next"], code=told["code"], retryable=told["retryable"])
    error.exit = Exit(told["exit"])
    return error


def _wordless(code: int, lines: Sequence[bytes]) -> OverlordError:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    words = [line.decode("utf-8", "replace").strip() for line in lines]
    quoted = f"; its last words: {words[-1][:_LAST_WORDS]}" if words else ""
    error = OverlordError(
        f"the process of its own {how}{quoted}", next="run it without --detach and --wait", code="detach"
    )
    error.exit = Exit(code) if code in set(Exit) - {Exit.OK} else Exit.FAILED
    return error

"""Let a command be carried out by a process of its own, and hear of it what it tells before it can be followed."""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from overlord_run.errors import Exit, OverlordError, UnfinishedError
from overlord_run.host.detached import start_detached
from overlord_run.store.folder import RunFolder, folder_of
from overlord_run.store.following import Following
from overlord_run.store.state import State

LAUNCH_S = 60.0
_LOOK_EVERY_S = 0.05
_MOST_READ = 1024 * 1024


class Detached:
    """A command in a process of its own, for as long as this one listens; it goes on when that is over.

    Args:
        words: The command line; it asks for JSON.
        stdin: What the command finds on its standard input.
    """

    def __init__(self, words: Sequence[str], stdin: bytes) -> None:
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process = start_detached(words, stdin, self._told)

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def raise_its_error(self) -> None:
        """Raise the error that the process told before it ended, or that it ended without a word.

        Raises:
            OverlordError: As it told it: code, message, what to do next, and exit code.
        """
        told = self._last_object()
        error = told.get("error") if told is not None else {"message": "a process of our own ended without a word"}
        if isinstance(error, dict):
            raise _error(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._told.close()

    def _last_object(self) -> dict[str, object] | None:
        self._told.seek(0)
        lines = self._told.read(_MOST_READ).splitlines()
        try:
            found = json.loads(lines[-1])
        except (IndexError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def detach(state_dir: Path, run_id: str, words: Sequence[str], stdin: bytes) -> tuple[RunFolder, State]:
    """Start a run in a process of its own, and return its folder and state once it can be addressed.

    Args:
        state_dir: The folder of the runs.
        run_id: What the run will be called.
        words: The command line that carries it out under that id.
        stdin: What that command finds on its standard input.

    Raises:
        UnfinishedError: There is no run after a minute; the process goes on.
        OverlordError: There is no run, for the reason that the process told.
    """
    folder = folder_of(state_dir, run_id)
    before = _state(folder).last_seq
    deadline = time.monotonic() + LAUNCH_S
    with Detached(words, stdin) as detached:
        while time.monotonic() < deadline:
            has_ended = detached.has_ended  # asked first: what it did before its end is seen below
            state = _state(folder)
            if state.last_seq > before:
                return folder, state
            if has_ended:
                detached.raise_its_error()
                return folder, state  # the run had ended before, and there was nothing left to do
            time.sleep(_LOOK_EVERY_S)
    message = f"the run has not begun after {LAUNCH_S:g} s"
    raise UnfinishedError(message, next="overlord-run list shows whether it has meanwhile")


def _state(folder: RunFolder) -> State:
    if not folder.path.is_dir():
        return State()
    return Following(folder).catch_up()


def _error(told: dict[str, object]) -> OverlordError:
    code = told.get("exit")
    error = OverlordError(
        str(told.get("message")), next=str(told.get("next") or ""), code=str(told.get("code") or "bug")
    )
    error.exit = Exit(code) if isinstance(code, int) and code in set(Exit) else Exit.BUG
    return error

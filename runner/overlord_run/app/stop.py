"""Stop the process that carries a run on, and nothing else; give the leases of its servants up."""

import asyncio
import secrets
import time

from msgspec import Struct

from overlord_run.app.history import inspect
from overlord_run.app.own import record_alone
from overlord_run.app.post import LOOK_EVERY_S
from overlord_run.errors import RunBusyError, RunNotFoundError
from overlord_run.host import Ending, end
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.inbox import Inbox, Stop
from overlord_run.store.owner import is_owned
from overlord_run.store.state import State

ASKED_FOR_S = 10.0
"""How long the owner may take to end by itself, in seconds; calls in flight may finish meanwhile."""
GRACE_S = 5.0
"""How long its process may take to end when the system asks it to, before it is killed."""


class Stopped(Struct, frozen=True):
    """What was done to stop a run.

    Attributes:
        state: The run's afterwards.
        how: A sentence without a full stop.
    """

    state: State
    how: str


def stop(folder: RunFolder, *, release: bool) -> Stopped:
    """Stop a run; one that has ended, or that a crash left, is only brought to rest.

    The owner is asked through the inbox first. Only where it does not end is its process ended: the one that the log
    names, by its fingerprint. What its registry says has no part in that, so a forged one hits nobody.

    Args:
        folder: The run's.
        release: Whether the leases of its servants are given up too: nothing more is sent to them.

    Raises:
        RunNotFoundError: The run ended before it began.
        RunBusyError: Its process lives and cannot be ended, or cannot be proved to be the recorded one.
        StoreError: The run folder cannot be read or written.
    """
    state = inspect(folder).state
    if state.created is None:
        message = f"the run {folder.run_id} ended before it began"
        raise RunNotFoundError(message, next="there is nothing to stop")
    how = _stop_owner(folder, state) if is_owned(folder.lock_path) else ""
    state = inspect(folder).state
    had_ended = state.has_ended
    needs: list[ev.Body] = [] if state.has_ended else [ev.RunStopped("stopped on request")]
    needs += [ev.ServantsReleased(list(state.servants))] if release and not state.is_released else []
    if needs:
        state = asyncio.run(record_alone(folder, "stop", *needs))
    return Stopped(state, how or ("it had ended already" if had_ended else "no process carried it on"))


def _stop_owner(folder: RunFolder, state: State) -> str:
    inbox = Inbox(folder.inbox_dir)
    letter = inbox.put(Stop(secrets.token_hex(8)))
    try:
        if _has_let_go(folder, ASKED_FOR_S):
            return "its process was asked to end, and did"
        owner = state.owner
        ending = Ending.UNKNOWN if owner is None else end(owner.pid, owner.fingerprint, grace_s=GRACE_S)
        if _has_let_go(folder, GRACE_S):
            return f"its process did not end when it was asked to; it was {ending}"
        message = f"another process owns the run {folder.run_id}, and it was not ended: {ending}"
        raise RunBusyError(message, next="end it yourself; overlord-run status names it")
    finally:
        inbox.discard(letter)


def _has_let_go(folder: RunFolder, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while is_owned(folder.lock_path):
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_EVERY_S)
    return True

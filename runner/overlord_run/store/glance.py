"""Tell of a run what a list shows, from the first line of its log and the last ones: there may be a thousand runs.

How a run ended stands in one of its last lines, and who it is in its first. Each of these vouches for itself by its
hash. So for a run at rest the lines between are not read, and damage in them is not told here: `status` tells what is
wrong behind the last snapshot, `verify` all of it. Of any other run the log is folded.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

from overlord_run.errors import StoreError
from overlord_run.store import events as ev
from overlord_run.store.disk import open_to_read
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import MAX_LINE_BYTES, Misfit, parse, parse_alone
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.state import CARRIES_ON

_END_BYTES = 32 * 1024
_NEUTRAL = ev.SnapshotTaken | ev.LeaseChecked | ev.ServantsReleased | ev.LogRepaired
"""Events that leave a run at rest as it is."""


class Glance(Struct, frozen=True):
    """What a list shows of a run.

    Attributes:
        created: None for a run that ended before its first event.
        state: As a `State` has it.
    """

    created: ev.RunCreated | None
    state: str
    created_at: str | None
    updated_at: str | None


def glance(folder: RunFolder) -> Glance:
    """Return what a list shows of a run; no lock is taken and nothing is changed.

    Raises:
        StoreError: Its log cannot be read, or a line of it does not fit.
    """
    try:
        with open_to_read(folder.log_path) as file:
            found = _by_its_ends(file)
    except (OSError, StoreError, Misfit):
        found = None  # what is wrong with it is told by the fold
    if found is not None:
        return found
    state = rehydrate(folder).state
    return Glance(state.created, state.state, state.created_at, state.updated_at)


def _by_its_ends(file: BinaryIO) -> Glance | None:
    first = parse(file.readline(MAX_LINE_BYTES + 1), None)
    created = first.body if isinstance(first.body, ev.RunCreated) else None
    last: ev.Event | None = None
    for line in _last_lines(file):
        event = parse_alone(line)
        last = last or event
        state = _rest(event.body)
        if state is not None:
            return Glance(created, state, first.at, last.at)
        if not _is_neutral(event.body):
            return None
    return None


def _last_lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the whole lines of a log's end, the last one first; a torn rest is given too, and fits nothing."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _END_BYTES, 0))
    lines = file.read(_END_BYTES).splitlines(keepends=True)
    yield from reversed(lines[1:])  # the first may have begun earlier, or is the log's own first


def _rest(body: ev.Body | ev.UnknownBody) -> str | None:
    """Return the state in which a run rests after an event; None where that is not known by it alone."""
    if isinstance(body, ev.RunFinished):
        return body.state
    if isinstance(body, ev.RunPaused):
        return "awaiting-human"
    return "stopped" if isinstance(body, ev.RunStopped) else None


def _is_neutral(body: ev.Body | ev.UnknownBody) -> bool:
    return isinstance(body, _NEUTRAL) or (isinstance(body, ev.OwnerChanged) and body.purpose not in CARRIES_ON)

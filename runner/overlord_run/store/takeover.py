"""Open the files of a run that had another owner before, for its writer, in its thread and under the lock.

Nobody else changes what is found here. The log is read from the snapshot on that it vouches for, and from its first
line only where a view is not what that snapshot says; so a long run is taken up as soon as a short one.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from msgspec import Struct

from overlord_run.errors import RunNotFoundError
from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, Disk, open_to_read, unwritable
from overlord_run.store.events import Event, LogRepaired
from overlord_run.store.extents import Extents
from overlord_run.store.folder import RunFolder, torn_name
from overlord_run.store.growth import growth_of
from overlord_run.store.log import Log, Torn, read
from overlord_run.store.mend import UnlikeError, mending
from overlord_run.store.opening import Opened
from overlord_run.store.rehydrate import has_begun, replay
from overlord_run.store.start import Start, start_of
from overlord_run.store.state import State
from overlord_run.store.twin import twin
from overlord_run.store.views import Views


@contextmanager
def again(folder: RunFolder, disk: Disk = SYSTEM_DISK, known: State | None = None) -> Iterator[Opened]:
    """Open the files of a run that was recorded before; what a crash left is moved aside or mended.

    Args:
        folder: The run's.
        disk: What carries the writing out.
        known: What its log came to a moment ago; from now on it is the recorder's.

    Raises:
        RunNotFoundError: The run ended before it began.
        LogDamagedError: A line of the log does not fit.
        StoreError: A file cannot be read or written.
    """
    if not has_begun(folder):
        raise _never_began(folder)
    try:
        found = _recorded(folder, start_of(folder, known), disk)
    except UnlikeError:
        found = _recorded(folder, Start(), disk)
    first = () if found.torn is None else (_move_aside(folder, found.torn, disk),)
    sizes = {"log_size": found.size, "kept_size": found.kept_size}
    with (
        closing(Log(folder.log_path, disk=disk, last=found.last, size=found.size)) as log,
        closing(Views(folder, twin(found.state), found.extents, **sizes, disk=disk)) as views,
    ):
        yield Opened(log, views, found.state, first)


class _Recorded(Struct, frozen=True):
    """What was recorded before.

    Attributes:
        last: The last event.
        size: How many bytes the events take.
        torn: What a crash left behind them, or None.
        extents: How far the views reach, now that they are in step.
        kept_size: The size that the log had at the snapshot that was begun with; 0 without one.
    """

    state: State
    last: Event
    size: int
    torn: Torn | None
    extents: Extents
    kept_size: int


def _recorded(folder: RunFolder, start: Start, disk: Disk) -> _Recorded:
    """Read the log from a place on, or from its first line, and mend the views.

    Raises:
        UnlikeError: A view, or the log, is not what it was; nothing was changed.
        RunNotFoundError: The run ended before it began.
        LogDamagedError: A line of the log does not fit.
        StoreError: A file cannot be read or written.
    """
    state, extents, events = start.state, _extents(start), read(folder.log_path, start.place)
    known_seq, known_hash = state.last_seq, state.last_hash
    last: Event | None = None
    with mending(folder, extents, disk) as follow:  # whatever the registry vouches for: journals are synced at the end
        for last in replay(events, state):
            if last.seq == known_seq and last.hash != known_hash:
                raise UnlikeError
            follow(growth_of(last, state.run_id))
        if last is None:
            raise _never_began(folder)
        if last.seq < known_seq:
            raise UnlikeError
    return _Recorded(state, last, events.size, events.torn, extents, 0 if start.place is None else start.place.size)


def _extents(start: Start) -> Extents:
    if start.place is None:
        return Extents()
    try:
        return Extents.parse(start.views)
    except ValueError as error:
        raise UnlikeError from error


def _move_aside(folder: RunFolder, torn: Torn, disk: Disk) -> LogRepaired:
    """Keep the torn rest in a file of its own, and cut it off; a crash in between leaves it in both places."""
    aside = folder.path / torn_name(torn.line)
    try:
        with open_to_read(folder.log_path) as file:
            file.seek(torn.offset)
            atomic.replace(aside, [file.read()], disk=disk)
        fd = disk.open(folder.log_path, os.O_WRONLY)
        try:
            disk.truncate(fd, torn.offset)
            disk.sync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise unwritable(folder.log_path, error) from error
    return LogRepaired(torn.line, torn.size, aside.name)


def _never_began(folder: RunFolder) -> RunNotFoundError:
    return RunNotFoundError(
        f"the run {folder.run_id} ended before it began: its log is empty",
        next="overlord-run PLAYBOOK starts another",
    )

"""Open the files of a run for its writer: new ones, or those of a run that had another owner before.

Both happen in the writer's thread and under the lock, so nobody else changes what is found here.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from msgspec import Struct

from overlord_run.errors import RunNotFoundError
from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, Disk, open_to_read, unwritable
from overlord_run.store.events import Body, Event, LogRepaired, SnapshotTaken
from overlord_run.store.fold import apply
from overlord_run.store.folder import RunFolder, torn_name
from overlord_run.store.log import Log, Torn, read
from overlord_run.store.rehydrate import has_begun, replay
from overlord_run.store.state import State
from overlord_run.store.views import Views


class Opened(Struct, frozen=True):
    """A run's files, ready to be written.

    Attributes:
        state: What the log says of the run so far, for the recorder; the views have their own.
        first: What the new owner has to record before anything else.
    """

    log: Log
    views: Views
    state: State
    first: tuple[Body, ...] = ()


Opening = Callable[[], AbstractContextManager[Opened]]


@contextmanager
def new(folder: RunFolder, plan: Iterable[bytes], disk: Disk = SYSTEM_DISK) -> Iterator[Opened]:
    """Make the files of a new run; the plan stands before the first event, which names its digest."""
    atomic.replace(folder.plan_path, plan, disk=disk)
    with closing(Log(folder.log_path, disk=disk)) as log, closing(Views(folder, disk=disk)) as views:
        try:
            disk.sync_folder(folder.path)
        except OSError as error:
            raise unwritable(folder.path, error) from error
        yield Opened(log, views, State())


@contextmanager
def again(folder: RunFolder, disk: Disk = SYSTEM_DISK) -> Iterator[Opened]:
    """Open the files of a run that was recorded before; what a crash left is moved aside or mended.

    Raises:
        RunNotFoundError: The run ended before it began.
        LogDamagedError: A line of the log does not fit.
        StoreError: A file cannot be read or written.
    """
    from overlord_run.store.mend import mending  # noqa: PLC0415 - a new run has nothing to mend

    if not has_begun(folder):
        raise _never_began(folder)
    events, ours, theirs = read(folder.log_path), State(), State()
    last: Event | None = None
    kept_size = 0
    with mending(folder, disk) as follow:  # whatever the registry vouches for: journals are synced at the end only
        for last in replay(events, ours):
            apply(theirs, last)
            kept_size = events.size if isinstance(last.body, SnapshotTaken) else kept_size
            follow(last)
        if last is None:
            raise _never_began(folder)
    first = () if events.torn is None else (_move_aside(folder, events.torn, disk),)
    with (
        closing(Log(folder.log_path, disk=disk, last=last, size=events.size)) as log,
        closing(Views(folder, theirs, kept_size=kept_size, disk=disk)) as views,
    ):
        yield Opened(log, views, ours, first)


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

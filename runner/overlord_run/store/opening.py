"""Open the files of a new run for its writer, in its thread; `takeover.py` opens those of an older one."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from msgspec import Struct

from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, Disk, unwritable
from overlord_run.store.events import Body
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import Log
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

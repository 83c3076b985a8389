"""Keep the exchanges of a run in a recording, which `run --record` makes and whoever takes the run up goes on with."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from overlord_run.engine.base import EngineName
from overlord_run.errors import ChangedError, OverlordError, StoreError, UsageError
from overlord_run.files import RECORDING_LIMIT, is_folder, is_there
from overlord_run.playbook.names import LONGEST_PATH, shown
from overlord_run.store.disk import open_to_read, unreadable

if TYPE_CHECKING:
    from overlord_run.store.appending import Appender


class Kept(Struct, frozen=True):
    """Where the exchanges of a run are kept.

    Attributes:
        path: An absolute path.
        header: The first line of the file.
        is_new: Whether the run makes the file; else it goes on with it.
    """

    path: Path
    id: str
    header: bytes
    is_new: bool

    def to_json(self) -> dict[str, str]:
        """Return what the run's settings say of it."""
        return {"path": str(self.path), "id": self.id}


class Keeper:
    """Takes the lines of a recording; after one that cannot be written it takes no more.

    Attributes:
        fault: Why a line could not be written, or None.
    """

    def __init__(self, file: "Appender", on_fault: Callable[[], object]) -> None:
        self.fault: StoreError | None = None
        self._file = file
        self._on_fault = on_fault

    @property
    def is_broken(self) -> bool:
        """Whether a line could not be written."""
        return self.fault is not None

    async def keep(self, line: bytes) -> None:
        """Return when the line is on disk, or cannot be; it raises nothing."""
        try:
            await self._file.append(line)
        except StoreError as error:
            if self.fault is None:
                self.fault = error
                self._on_fault()


def kept_at(path: str, engine: EngineName) -> Kept:
    """Return a recording that a run is to make at a path."""
    from overlord_run.engine.exchange import header_line  # noqa: PLC0415 - few runs are recorded

    id_ = secrets.token_hex(16)
    return Kept(Path(path).absolute(), id_, header_line(id_, engine), is_new=True)


def require_free(kept: Kept) -> None:
    """Refuse to make a recording where something is already, or where there is no folder for it.

    Raises:
        UsageError: It cannot be made there.
    """
    if is_there(kept.path):
        raise _taken(kept.path)
    if not is_folder(kept.path.parent):
        message = f"there is no folder for the recording {_shown(kept.path)}"
        raise UsageError(message, next="Make the folder, or name another file.")


def same_recording(recorded: Mapping[str, Any], engine: EngineName) -> Kept | None:
    """Return the recording that a run goes on with, as its settings have it; None where it is not recorded.

    Raises:
        ChangedError: Another file stands in its place.
        StoreError: It cannot be read.
    """
    file = recorded.get("record")
    if not isinstance(file, Mapping):
        return None
    from overlord_run.engine.exchange import header_line  # noqa: PLC0415 - few runs are recorded

    path, id_ = Path(str(file.get("path"))), str(file.get("id"))
    header = header_line(id_, engine)
    if _first_bytes(path, len(header)) not in (header, None):
        message = f"{path} is not the recording that this run made"
        raise ChangedError(message, "put that one back, or move this file away")
    return Kept(path, id_, header, is_new=False)


def _first_bytes(path: Path, count: int) -> bytes | None:
    """Return how a file begins; None where it was moved away: what is asked from now on goes into a new one."""
    try:
        with open_to_read(path) as file:
            return file.read(count)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def keeping(kept: Kept | None, on_fault: Callable[[], object]) -> Iterator[Keeper | None]:
    """Open what takes the lines; at its end raise why one of them could not be written, if so.

    Args:
        kept: Where they go; None where the run is not recorded.
        on_fault: Is called once, when a line could not be written.

    Raises:
        UsageError: There is something of that name already.
        StoreError: It cannot be made; or at the end, a line could not be written.
    """
    if kept is None:
        yield None
        return
    from overlord_run.store.appending import Appender  # noqa: PLC0415 - the event loop; few runs are recorded

    file = Appender(kept.path, kept.header, limit=RECORDING_LIMIT)
    keeper = Keeper(file, on_fault)
    with closing(file):
        if kept.is_new:
            _make(file, kept)
        try:
            yield keeper
        except OverlordError as error:
            if keeper.fault is None or isinstance(error, StoreError):
                raise  # where the run's own files failed too, that is the worse of the two
            raise _broken_off(keeper.fault) from error
        if keeper.fault is not None:
            raise _broken_off(keeper.fault)


def _make(file: "Appender", kept: Kept) -> None:
    require_free(kept)
    try:
        file.make()
    except FileExistsError as error:
        raise _taken(kept.path) from error


def _taken(path: Path) -> UsageError:
    message = f"{_shown(path)} exists already, and a recording is never written over"
    return UsageError(message, next="Name another file, or move this one away.")


def _shown(path: Path) -> str:
    return shown(str(path), longest=LONGEST_PATH)


def _broken_off(fault: StoreError) -> StoreError:
    message = f"the recording misses an exchange, so nothing more was sent: {fault.message}"
    remedy = "what was answered is kept in the run's folder: overlord-run resume goes on"
    return StoreError(message, next=f"{fault.next}; {remedy}" if fault.next else remedy, code="recording")

"""Read a recorded run back: fold its log into a state."""

from collections.abc import Iterator

from msgspec import Struct

from overlord_run.store.disk import unreadable
from overlord_run.store.events import Event
from overlord_run.store.fold import apply
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import LogReading, Torn, damaged, read
from overlord_run.store.start import start_of
from overlord_run.store.state import State

_EMPTY = "the log is empty: the run ended before it began"


class Rehydrated(Struct, frozen=True):
    """A run as its log tells it.

    Attributes:
        state: Of a run that ended before its first event an empty one.
        torn: What a crash left at the log's end, or None.
        notes: What a person should know of the log, in sentences.
    """

    state: State
    torn: Torn | None
    notes: tuple[str, ...]


def rehydrate(folder: RunFolder) -> Rehydrated:
    """Return a run's state, folded from its log; no lock is taken and nothing is changed.

    A snapshot that the log vouches for stands for the lines before it.

    Raises:
        LogDamagedError: A line does not fit the ones before it.
        StoreError: The log cannot be read, or a newer version wrote it.
    """
    if not has_begun(folder):
        return Rehydrated(State(), None, (_EMPTY,))
    start = start_of(folder)
    state, events = start.state, read(folder.log_path, start.place)
    for _ in replay(events, state):
        pass
    notes = []
    if events.torn is not None:
        notes.append(f"{folder.log_path.name}: {events.torn}")
    if state.created is None:
        notes.append(_EMPTY)
    return Rehydrated(state, events.torn, tuple(notes))


def replay(events: LogReading, state: State) -> Iterator[Event]:
    """Apply each event of a log to `state`, unless that knows it, and give it.

    Raises:
        LogDamagedError: A line does not fit the ones before it.
        StoreError: The log cannot be read, or a newer version wrote it.
    """
    for event in events:
        try:
            if event.seq > state.last_seq:
                apply(state, event)
        except KeyError as error:
            raise damaged(events.path, event.seq, f"no line before it names {error}") from error
        yield event


def has_begun(folder: RunFolder) -> bool:
    """Say whether there was a log: it is made after the plan and before the registry, and a crash can come between."""
    try:
        names = {path.name for path in folder.path.iterdir()}
    except OSError as error:
        raise unreadable(folder.path, error) from error
    return not names.isdisjoint({folder.log_path.name, folder.registry_path.name})

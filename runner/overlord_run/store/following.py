"""Follow a run: its state, kept up to date from its log while that grows."""

from collections.abc import Iterator

from overlord_run.store.fold import apply
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import damaged
from overlord_run.store.start import Start, start_of
from overlord_run.store.state import State
from overlord_run.store.tail import Line, Tail


class Following:
    """The state of one run, as far as its log has been looked at.

    Args:
        folder: The run's.
        is_whole: Whether every line of the log is given; else what a snapshot stands for is in the state already.

    Attributes:
        state: What the lines given so far fold into.
        tail: The log's growing end.
    """

    def __init__(self, folder: RunFolder, *, is_whole: bool = False) -> None:
        start = Start() if is_whole else start_of(folder)
        self._path = folder.log_path
        self.tail = Tail(folder.log_path, start.place)
        self.state = start.state

    def look(self) -> Iterator[Line]:
        """Give the lines that were appended since the last look, each once it is in the state.

        Raises:
            LogDamagedError: A line does not follow what was read before.
            StoreError: The log cannot be read, was deleted, or a newer version wrote it.
        """
        for line in self.tail.look():
            try:
                apply(self.state, line.event)
            except KeyError as error:
                raise damaged(self._path, line.event.seq, f"no line before it names {error}") from error
            yield line

    def catch_up(self) -> State:
        """Return the state with all that was appended.

        Raises:
            LogDamagedError: A line does not follow what was read before.
            StoreError: The log cannot be read, was deleted, or a newer version wrote it.
        """
        for _ in self.look():
            pass
        return self.state

"""Write while a run goes on: a reader who is slow, or a terminal that is stopped, delays no call."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Self

from overlord_run.errors import StoreError


class Background:
    """Writes in a thread of its own what it is handed, in that order."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread = Thread(target=self._write_all, name="overlord-run-notes", daemon=True)
        self._error: StoreError | None = None

    def hand(self, write: Callable[[], object]) -> None:
        """Take something to write; it returns at once and raises nothing."""
        self._work.put(write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until everything is written.

        Raises:
            StoreError: Something could not be written, and nothing else went wrong.
        """
        self._work.put(None)
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def _write_all(self) -> None:
        while (write := self._work.get()) is not None:
            try:
                write()
            except StoreError as error:
                self._error = self._error or error

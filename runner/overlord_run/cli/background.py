"""Write while a run goes on: a reader who is slow, or a terminal that is stopped, delays no call."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, Self, TypeVar

from overlord_run.errors import StoreError

T = TypeVar("T")
REST_S = 0.05
"""How long it rests behind what it wrote, so that a busy run does not wake it for each line; no eye sees it."""


class Background(Generic[T]):
    """Writes in a thread of its own what it is handed, in that order; what waits goes out together.

    Args:
        write: Writes some of it; it may raise `StoreError`, and is asked for the rest all the same.
    """

    def __init__(self, write: Callable[[Sequence[T]], object]) -> None:
        self._write = write
        self._work: SimpleQueue[T | None] = SimpleQueue()
        self._thread = Thread(target=self._write_all, name="overlord-run-notes", daemon=True)
        self._error: StoreError | None = None
        self._is_closing = Event()

    def hand(self, thing: T) -> None:
        """Take something to write; it returns at once and raises nothing."""
        self._work.put(thing)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until everything is written.

        Raises:
            StoreError: Something could not be written, and nothing else went wrong.
        """
        self._work.put(None)
        self._is_closing.set()
        self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def _write_all(self) -> None:
        is_over = False
        while not is_over:
            waiting = [self._work.get(), *(self._work.get() for _ in range(self._work.qsize()))]
            is_over = waiting[-1] is None
            handed = [thing for thing in waiting if thing is not None]
            try:
                if handed:
                    self._write(handed)
            except StoreError as error:
                self._error = self._error or error
            self._is_closing.wait(REST_S)

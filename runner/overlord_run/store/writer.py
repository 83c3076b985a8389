"""Run the one thread that writes: it owns the lock, the log and the views, and is handed events in their order.

While a batch is being synced, what is handed in waits; all of it is the next batch. Where nothing comes for a moment,
the views are brought up to date, and the log vouches for a snapshot that was just taken. After a failure nothing more
is written; the lock is kept until the writer is closed, since calls of this process may still be in flight.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from msgspec import Struct

from overlord_run.store.events import Body, Event
from overlord_run.store.lines import Entry
from overlord_run.store.opening import Opened, Opening
from overlord_run.store.owner import owned
from overlord_run.store.state import State

Handed = tuple[Entry, ...]
REST_S = 1.0


class Listener(Struct, frozen=True):
    """Who hears of what the thread did. All of these are called in the writer's thread.

    Attributes:
        opened: The lock is held and the files are open: the run's state so far, and what is to be recorded first.
        synced: How many of the tuples handed in, the oldest, are on disk now, and their events.
        failed: Nothing is written any more, and why.
        ended: The thread is done; every file is closed and the lock is free.
    """

    opened: Callable[[State, tuple[Body, ...]], object]
    synced: Callable[[int, Sequence[Event]], object]
    failed: Callable[[BaseException], object]
    ended: Callable[[], object]


class Writer:
    """The writing thread of one owner of a run.

    Args:
        lock_path: The file whose lock it holds while it lives.
        opening: Opens the run's files, once the lock is held.
        listener: Hears of what the thread did.
        rest_s: When nothing has been handed in for so long, the views wait for no more of it.
    """

    def __init__(self, lock_path: Path, opening: Opening, listener: Listener, *, rest_s: float = REST_S) -> None:
        self._lock_path = lock_path
        self._opening = opening
        self._listener = listener
        self._rest_s = rest_s
        self._queue: SimpleQueue[Handed | None] = SimpleQueue()
        self._is_closing = False
        # A daemon: a program that forgets to close it must not hang; what is not acknowledged may be lost then.
        self._thread = threading.Thread(target=self._run, name="overlord-run writer", daemon=True)

    def start(self) -> None:
        """Start the thread: it takes the lock, opens the files, and waits for events."""
        self._thread.start()

    def hand(self, entries: Handed) -> None:
        """Hand in events to be written together, after all that was handed in before."""
        self._queue.put(entries)

    def close(self) -> None:
        """Let the thread write what it has been handed, bring the views up to date, and end."""
        self._queue.put(None)

    def join(self) -> None:
        """Return when the thread is gone."""
        self._thread.join()

    def _run(self) -> None:
        try:
            with owned(self._lock_path):
                self._write()
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must reach those who wait
            self._listener.failed(error)
        self._listener.ended()

    def _write(self) -> None:
        try:
            with self._opening() as opened:
                log, views = opened.log, opened.views
                self._listener.opened(opened.state, opened.first)
                kept: Handed = ()
                while (batch := self._take(is_waiting=views.is_waiting or bool(kept))) is not None:
                    if kept or batch:
                        self._append(opened, [kept, *batch], len(batch))
                    if not batch:
                        views.rest()
                    kept = views.keep(log.size)  # what vouches for a snapshot shares the sync of the next batch
                kept = kept or views.keep(log.size, is_last=True)
                if kept:
                    self._append(opened, [kept], 0)
                views.finish(log.size)
        except BaseException as error:  # noqa: BLE001 - as above; the lock is kept until the writer is closed
            self._listener.failed(error)
            self._wait_for_close()

    def _append(self, opened: Opened, batch: Sequence[Handed], count: int) -> None:
        """Write a batch, whose last `count` tuples were handed in, and bring the views up to it."""
        events = opened.log.append([entry for entries in batch for entry in entries])
        self._listener.synced(count, events)
        opened.views.follow(events, opened.log.size)

    def _take(self, *, is_waiting: bool) -> list[Handed] | None:
        """Return all that has been handed in, waiting for the first; None once the writer is closed.

        Args:
            is_waiting: Whether something waits for what comes next: it waits a moment only, then nothing is returned.
        """
        if self._is_closing:
            return None
        batch: list[Handed] = []
        while not self._is_closing:
            try:
                handed = self._queue.get(block=not batch, timeout=self._rest_s if is_waiting else None)
            except Empty:
                break
            if handed is None:
                self._is_closing = True
            else:
                batch.append(handed)
        return batch

    def _wait_for_close(self) -> None:
        while not self._is_closing:
            self._is_closing = self._queue.get() is None

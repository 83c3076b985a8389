"""Show a run on a terminal while it goes on: a live table, and above it for good what a person should not miss.

A thread of its own draws, a few times a second, what has changed; so a terminal that is slow or stopped delays no call.
Nothing of the terminal's own state is changed, not even its cursor: a run that is killed leaves nothing to restore.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Self, TextIO

from overlord_run.cli.frame import Frame
from overlord_run.cli.report.board import board
from overlord_run.cli.report.progress import INTERRUPTED, Progress
from overlord_run.cli.report.rows import Rows
from overlord_run.cli.report.styled import Line
from overlord_run.cli.streams import attempt
from overlord_run.cli.terminal import is_in_foreground, size_of, when_continued
from overlord_run.store import events as ev
from overlord_run.store.state import State

REDRAW_S = 0.2
"""How often it is looked whether something has changed."""
LATE_S = REDRAW_S * 1.1
_TO_THE_SECOND = len("2026-07-01T12:30:05")


class Screen:
    """A terminal that shows one run.

    Args:
        stream: Leads to the terminal.
        progress: Makes the lines that stay.
        clock: Gives the time as events have it.
    """

    def __init__(self, stream: TextIO, progress: Progress, clock: Callable[[], str]) -> None:
        self._stream = stream
        self._progress = progress
        self._clock = clock
        self._frame = Frame(stream)
        self._drawn: object = None
        # What the thread that hears events hands to the one that draws: lines in order, and rows that are each frozen.
        self._lines: SimpleQueue[Line] = SimpleQueue()
        self._rows = Rows()
        self._continued = Event()
        self._over = Event()
        self._thread = Thread(target=self._draw_until_over, name="overlord-run-screen", daemon=True)
        self._signals: AbstractContextManager[None] = when_continued(self._continued.set)

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event that is on disk; it returns at once."""
        self._rows.hear(event, state)
        for line in self._progress.lines(event, state):
            self._lines.put(line)

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""
        self._lines.put(INTERRUPTED)

    def __enter__(self) -> Self:
        self._signals.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Draw what is left to draw, and take the table away."""
        self._over.set()
        self._thread.join()
        self._signals.__exit__(None, None, None)

    def _draw_until_over(self) -> None:
        was_late = False
        while True:
            began = monotonic()
            if self._over.wait(REDRAW_S):
                break
            # Late may mean stopped, and what tells so may come a moment later than this thread wakes.
            is_late = monotonic() - began > LATE_S
            if was_late or not is_late:
                self._draw()
            was_late = is_late and not was_late
        self._draw(is_last=True)

    def _draw(self, *, is_last: bool = False) -> None:
        is_ours = is_in_foreground(self._stream)
        if self._continued.is_set() or not is_ours:
            self._continued.clear()
            self._frame.leave()
        stay = [self._lines.get() for _ in range(self._lines.qsize())]
        size, now = size_of(self._stream), f"{self._clock()[:_TO_THE_SECOND]}Z"  # so that no second is passed over
        is_shown = self._rows.heard > 0 and is_ours and not is_last
        to_draw = (is_shown, size, now, self._rows.heard)
        if stay or to_draw != self._drawn:
            below = board(self._rows, size, now) if is_shown else []
            attempt(self._stream, partial(self._frame.draw, stay, below, columns=size.columns))
            self._drawn = to_draw

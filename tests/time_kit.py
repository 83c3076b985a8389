"""An event loop whose time passes only while nobody has anything to do: an hour is over at once, and to the second."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Returned = TypeVar("Returned")


MOST_TURNS = 10_000


class StuckError(Exception):
    """Nobody will ever have anything to do again, or somebody is busy without end."""


class _Timeless(selectors.SelectSelector):
    """Waits for no file at all, and lets the loop's clock pass instead."""

    now_s = 0.0
    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("everybody waits for somebody else")  # noqa: EM101 - it fails a test
        self.turns = 0 if timeout > 0 else self.turns + 1
        if self.turns > MOST_TURNS:
            raise StuckError("the loop turns and turns, and no time passes")  # noqa: EM101 - as above
        self.now_s += max(timeout, 0.0)
        return []


class TimelessLoop(asyncio.SelectorEventLoop):
    """The loop. It begins at 0 s; there are no sockets and no threads in it."""

    def __init__(self) -> None:
        self._timeless = _Timeless()
        super().__init__(self._timeless)

    def time(self) -> float:
        return self._timeless.now_s


def clock() -> float:
    """Return the running loop's time in seconds."""
    return asyncio.get_running_loop().time()


def run(main: Coroutine[Any, Any, Returned]) -> Returned:
    """Run a coroutine outside of time."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(main)

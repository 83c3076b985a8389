"""Hand Ctrl-C and SIGTERM to an event loop, from before it is made until after its end.

While these are taken, no signal is an exception that comes at any line: neither Python's own nor the one that
`asyncio.run` makes of a Ctrl-C, which leaves a loop half made where it comes early.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Signals:
    """Signals and what they do; each does it in the loop, those that come before there is one as soon as there is."""

    def __init__(self, actions: Mapping[signal.Signals, Callable[[], object]]) -> None:
        self._actions = actions
        self._early: list[Callable[[], object]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take the signals while the block lasts."""
        # signal.signal and not loop.add_signal_handler: the latter does not exist on Windows.
        before: dict[signal.Signals, Any] = {number: signal.signal(number, self._take) for number in self._actions}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hand them to the running loop while the block lasts; what comes after it is too late to do anything."""
        loop = self._loop = asyncio.get_running_loop()
        for act in self._early:
            loop.call_soon(act)
        try:
            yield
        finally:
            self._loop = None

    def _take(self, number: int, _frame: object) -> None:
        act = self._actions[signal.Signals(number)]
        if self._loop is None:
            self._early.append(act)
        else:
            self._loop.call_soon_threadsafe(act)

"""Let calls out one after another: as many at once as may be, within the rate, and not while the API wants quiet.

Whoever wants to call stands in one line, first come first served. Only the head of the line looks at what holds it up:
is there a place among the calls under way, and do the limits let it leave now. Each says how long the head must wait if
nothing changes; it sleeps for that long, or until a call comes back. So nobody overtakes and nobody starves. One who
gives up while he waits leaves nothing behind, since nothing is counted before he goes.

The price is that a large request at the head holds up small ones behind it that would fit. In a council everybody is
waited for, so that costs little.

A wait for time ends when a person stops the run; a wait for a place ends with the calls that are under way.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from msgspec import Struct

from overlord_run.engine.base import Held, Narrowed, PastCall, Slowing, Stop
from overlord_run.engine.limits import NOTHING, Amounts, Kind, Limits
from overlord_run.engine.width import Width
from overlord_run.engine.window import Entry
from overlord_run.playbook.model import Rate

LEAST_TOLD_S: Final = 1.0
"""How long a wait is that somebody may want to hear of."""

SHORTEST_SLEEP_S: Final = 0.02
"""A timer may go off a tick of the system's clock too early (16 ms on Windows), and is not set again for less."""


class Pass(Struct, eq=False):
    """What one call is let out by.

    Attributes:
        entries: What it is counted as.
        left_s: When it left; None as long as it has not. What never leaves is not counted in the end.
    """

    entries: Mapping[Kind, Entry]
    left_s: float | None = None


class Gate:
    """Where calls wait until they may leave.

    Args:
        size: How many may be under way at once.
        rate: How many requests and tokens may leave within any minute.
        clock: Gives the seconds of a clock that never goes back.
    """

    def __init__(self, size: int, rate: Rate, clock: Callable[[], float]) -> None:
        self._width = Width(size)
        self._limits = Limits(rate)
        self._clock = clock
        self._line = asyncio.Lock()
        self._out = 0
        self._sleeper: asyncio.Future[None] | None = None
        self._told_until_s = -math.inf
        self._stop: Stop = asyncio.Event()
        self._tell: Callable[[Slowing], None] = lambda _slowing: None

    def heed(self, stop: Stop, tell: Callable[[Slowing], None]) -> None:
        """Say what ends waits for time, and who is told of them."""
        self._stop, self._tell = stop, tell

    def recall(self, calls: Iterable[PastCall]) -> None:
        """Count calls that left before, the oldest first; nothing has been let out yet."""
        now_s = self._clock()
        for call in calls:
            entries = self._limits.let_out({"requests": call.requests, "tokens": call.tokens})
            self._limits.leave(entries, now_s - call.ago_s)

    @property
    def counts_tokens(self) -> bool:
        """Whether it matters how many tokens a call takes."""
        return self._limits.counts_tokens

    async def enter(self, amounts: Amounts) -> Pass:
        """Return once a call that counts as so much may leave. It comes back by `take_back`."""
        async with self._line:
            while True:
                now_s = self._clock()
                if self._out >= self._width.size(now_s):
                    await self._sleep(self._width.grows_in_s(now_s))
                    continue
                wait_s, why = self._limits.wait(amounts, now_s)
                if wait_s <= 0 or self._stop.is_set():
                    self._out += 1
                    return Pass(self._limits.let_out(amounts))
                self._tell_wait(wait_s, why, now_s)
                await self._sleep_unless_stopped(wait_s)

    def sent(self, passed: Pass) -> None:
        """Let a call leave for good: its minute begins."""
        passed.left_s = self._clock()
        self._limits.leave(passed.entries, passed.left_s)
        _wake(self._sleeper)

    def take_back(self, passed: Pass) -> None:
        """Take a call back, so that another can have its place."""
        self._out -= 1
        if passed.left_s is None:
            self._limits.correct(passed.entries, NOTHING, self._clock())
        _wake(self._sleeper)

    def correct(self, passed: Pass, tokens: int) -> None:
        """Count a call as the tokens that it turned out to take."""
        self._limits.correct(passed.entries, {"tokens": tokens}, self._clock())

    def hush(self, wait_s: float, why: str) -> None:
        """Let nobody out for so many seconds."""
        self._limits.hush(wait_s, why, self._clock())

    def narrow(self, passed: Pass, why: str) -> None:
        """Let fewer calls be under way at once: the API would not take this one for the number of them."""
        now_s = self._clock()
        if passed.left_s is not None and self._width.complain(passed.left_s, now_s):
            self._tell(Narrowed(self._width.size(now_s), why))

    def _tell_wait(self, wait_s: float, why: str, now_s: float) -> None:
        if LEAST_TOLD_S < wait_s < math.inf and now_s + wait_s > self._told_until_s + LEAST_TOLD_S:
            self._told_until_s = now_s + wait_s
            self._tell(Held(wait_s, why))

    async def _sleep_unless_stopped(self, wait_s: float) -> None:
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await self._sleep(wait_s, stopped)
        finally:
            stopped.cancel()

    async def _sleep(self, wait_s: float, stopped: asyncio.Future[Any] | None = None) -> None:
        """Sleep for so long, or until a call comes back, or a stop; only the head of the line sleeps."""
        loop = asyncio.get_running_loop()
        self._sleeper = sleeper = loop.create_future()
        timer = None if wait_s == math.inf else loop.call_later(max(wait_s, SHORTEST_SLEEP_S), _wake, sleeper)
        if stopped is not None:
            stopped.add_done_callback(partial(_wake, sleeper))
        try:
            await sleeper
        finally:
            self._sleeper = None
            if timer is not None:
                timer.cancel()


def _wake(sleeper: asyncio.Future[None] | None, _stopped: object = None) -> None:
    if sleeper is not None and not sleeper.done():
        sleeper.set_result(None)

"""Count what leaves within any minute, and say how long the next must wait for a limit to hold."""

import math
from collections import deque
from typing import Final

from msgspec import Struct

PERIOD_S: Final = 60.0


class Entry(Struct, eq=False):
    """What leaves, and when: never, as long as it has not. `Window.correct` sets the amount right."""

    amount: int
    at_s: float = math.inf


class Window:
    """A limit on the sum of amounts in any span of a minute.

    An amount counts from when it was let out, and then for a minute from when it left, however long that took. One
    above the limit would never fit, so it goes alone: when nothing else counts. Time is handed in: seconds of a clock
    that never goes back.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._left: deque[Entry] = deque()
        self._sum = 0

    def wait_s(self, amount: int, now_s: float) -> float:
        """Return how long until an amount may be let out, in seconds: 0 where it may now, else a minute at most.

        It is infinite where that depends on what was let out and has not left.
        """
        self._forget(now_s)
        if amount == 0:
            return 0.0
        excess = self._sum + min(amount, self.limit) - self.limit
        free_at_s = now_s
        for entry in self._left:
            if excess <= 0:
                break
            excess -= entry.amount
            free_at_s = entry.at_s + PERIOD_S
        return free_at_s - now_s if excess <= 0 else math.inf

    def let_out(self, amount: int) -> Entry:
        """Count an amount that may leave."""
        self._sum += amount
        return Entry(amount)

    def leave(self, entry: Entry, now_s: float) -> None:
        """Let what was let out leave now; from now on it counts for a minute."""
        entry.at_s = now_s
        self._left.append(entry)

    def correct(self, entry: Entry, amount: int, now_s: float) -> None:
        """Count an amount as another one than was thought."""
        self._forget(now_s)
        if now_s < entry.at_s + PERIOD_S:
            self._sum += amount - entry.amount
        entry.amount = amount

    def _forget(self, now_s: float) -> None:
        while self._left and now_s >= self._left[0].at_s + PERIOD_S:
            self._sum -= self._left.popleft().amount

"""Say how many calls may be under way at once: fewer when the API has too many of them, more again when it is quiet."""

import math
from typing import Final

QUIET_S: Final = 10.0
"""How long the API must not have complained before one more call may be under way."""


class Width:
    """How many calls may be under way at once.

    A complaint halves it, to no less than one. Calls that were under way together fail together: what left before the
    last halving was sent at the old width and says nothing of the new one, so it halves nothing again. Each stretch
    of quiet then gives one place back. Source: additive increase, multiplicative decrease, RFC 5681, section 3.

    Args:
        most: What it is at first, and never above; at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = most
        self._quiet_since_s = 0.0
        self._halved_at_s = -math.inf

    def size(self, now_s: float) -> int:
        """Return how many calls may be under way now."""
        if self._size == self._most:
            return self._most
        return min(self._size + int((now_s - self._quiet_since_s) // QUIET_S), self._most)

    def grows_in_s(self, now_s: float) -> float:
        """Return how long until one more may be under way, if it stays quiet; infinite where all may be."""
        size = self.size(now_s)
        if size == self._most:
            return math.inf
        return self._quiet_since_s + (size - self._size + 1) * QUIET_S - now_s

    def complain(self, left_s: float, now_s: float) -> bool:
        """Take a complaint about a call that left at `left_s`; return whether fewer calls may be under way for it."""
        before = self.size(now_s)
        is_news = left_s > self._halved_at_s
        self._size, self._quiet_since_s = before, now_s
        if is_news:
            self._size, self._halved_at_s = max(before // 2, 1), now_s
        return self._size < before

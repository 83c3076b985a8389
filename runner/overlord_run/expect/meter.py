"""Count what checking an answer takes, and end it at a limit that is the same on every machine.

A schema comes with a playbook that nobody may have read, and an answer from a model that somebody may have talked into
anything. Together they can ask for 2^50 steps: a schema that refers to itself twice meets an answer that is nested 50
deep. A clock would refuse on one machine what it takes on another, so work is counted, as it is for templates.
"""

from typing import Any

MAX_WORK = 50_000_000

# Prices in work: a byte of a value that a keyword may look at, or quote, costs 1. The others were measured to take
# about as much time.
CALL = 300
ERROR = 1000
SCALAR = 8


class TooMuchWorkError(Exception):
    """An answer takes more work to check than is allowed."""


class Meter:
    """What has been done so far to check one answer."""

    __slots__ = ("_sizes", "work")

    def __init__(self) -> None:
        self.work = 0
        self._sizes: dict[int, int] = {}

    def charge(self, cost: int) -> None:
        """Count work, before it is done.

        Raises:
            TooMuchWorkError: The limit is passed.
        """
        self.work += cost
        if self.work > MAX_WORK:
            raise TooMuchWorkError

    def measure(self, value: Any) -> int:
        """Return about how many bytes a value takes. It must live as long as the meter, which remembers it."""
        if isinstance(value, str):
            return SCALAR + (len(value) if value.isascii() else 4 * len(value))
        if not isinstance(value, dict | list):
            return SCALAR
        known = self._sizes.get(id(value))
        if known is None:
            inside = [*value, *value.values()] if isinstance(value, dict) else value
            known = self._sizes[id(value)] = SCALAR + sum(map(self.measure, inside))
        return known

"""Name the events that tell why requests leave later than they could."""

from typing import ClassVar

from msgspec import Struct


class RequestsHeld(Struct, frozen=True):
    """No request leaves for `wait_s` seconds from now, and one would: the rate is used up, or the API asks for it."""

    type: ClassVar[str] = "requests_held"
    wait_s: float
    reason: str


class ConcurrencyFell(Struct, frozen=True):
    """At most `concurrency` calls are under way at once from now on; quiet time raises it again."""

    type: ClassVar[str] = "concurrency_fell"
    concurrency: int
    reason: str

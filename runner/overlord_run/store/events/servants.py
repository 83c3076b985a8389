"""Name what becomes of a servant."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct


class ServantReady(Struct, frozen=True):
    """A servant gave useful text: its first, or the first since it was blocked."""

    type: ClassVar[str] = "servant_ready"
    slot: str


class ServantBlocked(Struct, frozen=True):
    """A call of this servant failed; it is left out of later messages."""

    type: ClassVar[str] = "servant_blocked"
    slot: str
    reason: str


class ServantRecovered(Struct, frozen=True):
    """A blocked servant is asked the question that failed, `message_id`, again."""

    type: ClassVar[str] = "servant_recovered"
    slot: str
    message_id: str
    request_id: str | None = None


class ServantReplaced(Struct, frozen=True):
    """A new servant takes a slot, and the question `message_id` that the old one failed to answer, if there is one.

    `handoff` is what the new one is told of the old one, before its first question. `generation` counts from 1.
    """

    type: ClassVar[str] = "servant_replaced"
    slot: str
    generation: int
    scope_token: str
    handoff: str
    message_id: str | None
    request_id: str | None = None


class ServantsReleased(Struct, frozen=True):
    """The leases of these servants are given up: nothing more is sent to them."""

    type: ClassVar[str] = "servants_released"
    slots: Sequence[str]

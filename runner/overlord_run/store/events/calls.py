"""Name what happens between a message and a servant: it is accepted, queued, sent, and answered or not."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct, field


class MessageAccepted(Struct, frozen=True):
    """A message that a person sends is the run's from now on. The text is no template; `request_id` is taken once."""

    type: ClassVar[str] = "message_accepted"
    message_id: str
    target: str
    slots: Sequence[str]
    text: str
    request_id: str


class MessageQueued(Struct, frozen=True):
    """A message has been rendered for one servant. `system` stands in a servant's first one."""

    type: ClassVar[str] = "message_queued"
    message_id: str
    target: str
    slot: str
    text: str
    system: str | None = None


class RequestSent(Struct, frozen=True):
    """The bytes of a call leave now; until its end is known, its outcome is not.

    `reserved_*` is what it may cost at most, where a budget needs to know.
    """

    type: ClassVar[str] = "request_sent"
    message_id: str
    slot: str
    attempt: int
    model: str
    digest: str
    reserved_tokens: int = 0
    reserved_nano_usd: int = 0


class ReplyReceived(Struct, frozen=True):
    """A call ended with an answer. `cost_nano_usd` is None where nobody knows: no price, or no usage.

    Where the message expects JSON, `misfits` says what about it does not fit, and `repair` is the message that answers
    it; None where none does: then the servant has failed to answer, and is not blocked for it.
    """

    type: ClassVar[str] = "reply_received"
    message_id: str
    slot: str
    attempt: int
    model: str
    request_id: str | None
    text: str
    finish_reason: str | None
    cut: bool
    usage: Mapping[str, Any]
    note: str = ""
    misfits: Sequence[str] = field(default_factory=list)
    repair: str | None = None
    cost_nano_usd: int | None = None


class RequestFailed(Struct, frozen=True):
    """A call ended without an answer. `retry_in_s` is None where no other attempt follows.

    `unbilled` says that nothing can have been billed; else what was reserved for the call counts as possibly spent.
    """

    type: ClassVar[str] = "request_failed"
    message_id: str
    slot: str
    attempt: int
    model: str
    kind: str
    status: int | None
    request_id: str | None
    reason: str
    retry_in_s: float | None
    unbilled: bool = False

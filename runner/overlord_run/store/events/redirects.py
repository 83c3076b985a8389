"""Name what a redirect comes to: a message, a check, a pause, a block."""

from typing import ClassVar

from msgspec import Struct


class MessageSettled(Struct, frozen=True):
    """Every target of a message has ended. `state` is `completed`, `partial` or `failed`."""

    type: ClassVar[str] = "message_settled"
    message_id: str
    state: str
    reason: str | None


class RedirectSkipped(Struct, frozen=True):
    """A message is not sent to a servant, or (`slot` is None) the redirect is not carried out.

    `by_design` says that the playbook wants it so (`when`, `only`); else something went wrong, or a person left it out.
    """

    type: ClassVar[str] = "redirect_skipped"
    message_id: str
    target: str
    slot: str | None
    reason: str
    by_design: bool = False


class RedirectFailed(Struct, frozen=True):
    """A message could not be rendered for a servant, or (`slot` is None) the redirect has a template without a value.

    No call was made, and no servant is blamed.
    """

    type: ClassVar[str] = "redirect_failed"
    message_id: str
    target: str
    slot: str | None
    reason: str


class CheckAnswered(Struct, frozen=True):
    """A check was looked at. `reason` says why the run ends where it does not hold."""

    type: ClassVar[str] = "check_answered"
    message_id: str
    holds: bool
    reason: str | None


class PauseReached(Struct, frozen=True):
    """A question to a person was reached, and waits for an answer."""

    type: ClassVar[str] = "pause_reached"
    message_id: str
    text: str


class PauseAnswered(Struct, frozen=True):
    """A person answered a question; `by` is who that was to the machine."""

    type: ClassVar[str] = "pause_answered"
    message_id: str
    approved: bool
    by: str
    note: str
    request_id: str


class RoundEnded(Struct, frozen=True):
    """A block has been gone through for the `round`th time.

    `outcome` is None where another round follows, else what the block came to: `completed`, or `failed` for `reason`.
    """

    type: ClassVar[str] = "round_ended"
    message_id: str
    round: int
    outcome: str | None
    reason: str | None

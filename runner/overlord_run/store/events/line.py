"""Hold a line of the log, and name every type of event that can stand in it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from overlord_run.store.events import calls, pace, redirects, run, servants

VERSION = 1
NO_HASH = "0" * 64

Body = (
    run.RunCreated
    | run.OwnerChanged
    | run.LogRepaired
    | run.SnapshotTaken
    | run.ProbeSent
    | run.PreflightPassed
    | run.PreflightFailed
    | run.StartupBegan
    | calls.MessageAccepted
    | calls.MessageQueued
    | calls.RequestSent
    | calls.ReplyReceived
    | calls.RequestFailed
    | pace.RequestsHeld
    | pace.ConcurrencyFell
    | redirects.MessageSettled
    | redirects.RedirectSkipped
    | redirects.RedirectFailed
    | redirects.CheckAnswered
    | redirects.PauseReached
    | redirects.PauseAnswered
    | redirects.RoundEnded
    | servants.ServantReady
    | servants.ServantBlocked
    | servants.ServantRecovered
    | servants.ServantReplaced
    | servants.ServantsReleased
    | run.LeaseChecked
    | run.BudgetReached
    | run.BudgetRaised
    | run.RunPaused
    | run.RunFinished
    | run.RunStopped
)

BODIES: Mapping[str, type[Body]] = {body.type: body for body in Body.__args__}
ENVELOPE = frozenset({"v", "seq", "epoch", "batch", "at", "type", "prev", "hash"})


class UnknownBody(Struct, frozen=True):
    """An event of a newer version, kept as it was read."""

    type: str
    data: Mapping[str, Any]


class Event(Struct, frozen=True):
    """One line of the log.

    Attributes:
        seq: From 1, without gaps.
        epoch: Which owner wrote it, from 1.
        batch: Which sync made it durable, from 1.
        at: UTC, RFC 3339 with milliseconds and `Z`.
        prev: The hash of the line before; 64 zeros for the first.
        hash: The SHA-256 of this line without its `hash`, hex.
        extra: Keys that this version does not know.
    """

    seq: int
    epoch: int
    batch: int
    at: str
    body: Body | UnknownBody
    prev: str
    hash: str
    extra: Mapping[str, Any] = field(default_factory=dict)


def camel(name: str) -> str:
    """Return a snake_case name in camelCase."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)

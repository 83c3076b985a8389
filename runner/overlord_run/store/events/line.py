"""Hold a line of the log, and name every type of event that can stand in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from overlord_run.store.events.calls import MessageAccepted, MessageQueued, ReplyReceived, RequestFailed, RequestSent
from overlord_run.store.events.pace import ConcurrencyFell, RequestsHeld
from overlord_run.store.events.redirects import (
    CheckAnswered,
    MessageSettled,
    PauseAnswered,
    PauseReached,
    RedirectFailed,
    RedirectSkipped,
    RoundEnded,
)
from overlord_run.store.events.run import (
    BudgetRaised,
    BudgetReached,
    LeaseChecked,
    LogRepaired,
    OwnerChanged,
    PreflightFailed,
    PreflightPassed,
    ProbeSent,
    RunCreated,
    RunFinished,
    RunPaused,
    RunStopped,
    StartupBegan,
)
from overlord_run.store.events.servants import (
    ServantBlocked,
    ServantReady,
    ServantRecovered,
    ServantReplaced,
    ServantsReleased,
)

VERSION = 1
NO_HASH = "0" * 64

Body = (
    RunCreated
    | OwnerChanged
    | LogRepaired
    | ProbeSent
    | PreflightPassed
    | PreflightFailed
    | StartupBegan
    | MessageAccepted
    | MessageQueued
    | RequestSent
    | ReplyReceived
    | RequestFailed
    | RequestsHeld
    | ConcurrencyFell
    | MessageSettled
    | RedirectSkipped
    | RedirectFailed
    | CheckAnswered
    | PauseReached
    | PauseAnswered
    | RoundEnded
    | ServantReady
    | ServantBlocked
    | ServantRecovered
    | ServantReplaced
    | ServantsReleased
    | LeaseChecked
    | BudgetReached
    | BudgetRaised
    | RunPaused
    | RunFinished
    | RunStopped
)

BODIES: Mapping[str, type[Body]] = {body.type: body for body in Body.__args__}
ENVELOPE = frozenset({"v", "seq", "epoch", "batch", "at", "type", "prev", "hash"})


@dataclass(frozen=True, slots=True)
class UnknownBody:
    """An event of a newer version, kept as it was read."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
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

"""Name every event of a run: one frozen class a type.

A class's field `message_id` is the key `messageId` of a line of the log (`lines.py` turns one into the other). Values
inside a field (`usage`, `settings`) are JSON already, in camelCase. A type or key that this version does not know is
kept as it is and changes no state.
"""

from overlord_run.store.events.calls import MessageAccepted, MessageQueued, ReplyReceived, RequestFailed, RequestSent
from overlord_run.store.events.line import BODIES, ENVELOPE, NO_HASH, VERSION, Body, Event, UnknownBody, camel
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
    SnapshotTaken,
    StartupBegan,
)
from overlord_run.store.events.servants import (
    ServantBlocked,
    ServantReady,
    ServantRecovered,
    ServantReplaced,
    ServantsReleased,
)

__all__ = [
    "BODIES",
    "ENVELOPE",
    "NO_HASH",
    "VERSION",
    "Body",
    "BudgetRaised",
    "BudgetReached",
    "CheckAnswered",
    "ConcurrencyFell",
    "Event",
    "LeaseChecked",
    "LogRepaired",
    "MessageAccepted",
    "MessageQueued",
    "MessageSettled",
    "OwnerChanged",
    "PauseAnswered",
    "PauseReached",
    "PreflightFailed",
    "PreflightPassed",
    "ProbeSent",
    "RedirectFailed",
    "RedirectSkipped",
    "ReplyReceived",
    "RequestFailed",
    "RequestSent",
    "RequestsHeld",
    "RoundEnded",
    "RunCreated",
    "RunFinished",
    "RunPaused",
    "RunStopped",
    "ServantBlocked",
    "ServantReady",
    "ServantRecovered",
    "ServantReplaced",
    "ServantsReleased",
    "SnapshotTaken",
    "StartupBegan",
    "UnknownBody",
    "camel",
]

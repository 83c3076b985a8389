"""Name every event of a run: one frozen class a type; those of its pace are in `slowing.py`.

A class's field `message_id` is the key `messageId` of a line of the log (`lines.py` turns one into the other). Values
inside a field (`usage`, `settings`) are JSON already, in camelCase. A type or key that this version does not know is
kept as it is and changes no state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from overlord_run.store.slowing import ConcurrencyFell, RequestsHeld

VERSION = 1
NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class RunCreated:
    """A run exists. Paths are absolute and native; `worktree` is the git worktree or folder that it is bound to."""

    type: ClassVar[str] = "run_created"
    run_id: str
    run_token: str
    engine: str
    provider: str
    worktree: str
    run_dir: str
    playbook: Mapping[str, Any]
    plan_digest: str
    settings: Mapping[str, Any]
    host: Mapping[str, Any]
    cwd: str
    branch: str | None
    commit: str | None
    servants: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """A process took the run's lock: to `run` or `resume` the plan, or for one deed like `send`."""

    type: ClassVar[str] = "owner_changed"
    pid: int
    fingerprint: Mapping[str, Any]
    purpose: str


@dataclass(frozen=True, slots=True)
class LogRepaired:
    """What a crash had torn at the log's end, from `line` on, was moved aside into the file `path`."""

    type: ClassVar[str] = "log_repaired"
    line: int
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class ProbeSent:
    """A tiny chat call that proves a model leaves now; it may be billed. Only under `preflight: probe`.

    What is reserved for it stays so: nobody tells what it cost.
    """

    type: ClassVar[str] = "probe_sent"
    model: str
    reserved_tokens: int = 0
    reserved_nano_usd: int = 0


@dataclass(frozen=True, slots=True)
class PreflightPassed:
    """The API was proved for these models: by a list of them, or (`method` is `probe`) by asking each one word."""

    type: ClassVar[str] = "preflight_passed"
    models: Sequence[str]
    method: str = "models"


@dataclass(frozen=True, slots=True)
class PreflightFailed:
    """The API was not proved; nothing was sent to a model."""

    type: ClassVar[str] = "preflight_failed"
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class StartupBegan:
    """The servants with a task are about to be asked."""

    type: ClassVar[str] = "startup_began"
    slots: Sequence[str]


@dataclass(frozen=True, slots=True)
class MessageAccepted:
    """A message that a person sends is the run's from now on. The text is no template; `request_id` is taken once."""

    type: ClassVar[str] = "message_accepted"
    message_id: str
    target: str
    slots: Sequence[str]
    text: str
    request_id: str


@dataclass(frozen=True, slots=True)
class MessageQueued:
    """A message has been rendered for one servant. `system` stands in a servant's first one."""

    type: ClassVar[str] = "message_queued"
    message_id: str
    target: str
    slot: str
    text: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class RequestSent:
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


@dataclass(frozen=True, slots=True)
class ReplyReceived:
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


@dataclass(frozen=True, slots=True)
class RequestFailed:
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


@dataclass(frozen=True, slots=True)
class MessageSettled:
    """Every target of a message has ended. `state` is `completed`, `partial` or `failed`."""

    type: ClassVar[str] = "message_settled"
    message_id: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RedirectSkipped:
    """A message is not sent to a servant, or (`slot` is None) the redirect is not carried out.

    `by_design` says that the playbook wants it so (`when`, `only`); else something went wrong, or a person left it out.
    """

    type: ClassVar[str] = "redirect_skipped"
    message_id: str
    target: str
    slot: str | None
    reason: str
    by_design: bool = False


@dataclass(frozen=True, slots=True)
class RedirectFailed:
    """A message could not be rendered for a servant, or (`slot` is None) the redirect has a template without a value.

    No call was made, and no servant is blamed.
    """

    type: ClassVar[str] = "redirect_failed"
    message_id: str
    target: str
    slot: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class CheckAnswered:
    """A check was looked at. `reason` says why the run ends where it does not hold."""

    type: ClassVar[str] = "check_answered"
    message_id: str
    holds: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class PauseReached:
    """A question to a person was reached, and waits for an answer."""

    type: ClassVar[str] = "pause_reached"
    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class PauseAnswered:
    """A person answered a question; `by` is who that was to the machine."""

    type: ClassVar[str] = "pause_answered"
    message_id: str
    approved: bool
    by: str
    note: str
    request_id: str


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """A block has been gone through for the `round`th time.

    `outcome` is None where another round follows, else what the block came to: `completed`, or `failed` for `reason`.
    """

    type: ClassVar[str] = "round_ended"
    message_id: str
    round: int
    outcome: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ServantReady:
    """A servant gave useful text: its first, or the first since it was blocked."""

    type: ClassVar[str] = "servant_ready"
    slot: str


@dataclass(frozen=True, slots=True)
class ServantBlocked:
    """A call of this servant failed; it is left out of later messages."""

    type: ClassVar[str] = "servant_blocked"
    slot: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServantRecovered:
    """A blocked servant is asked the question that failed, `message_id`, again."""

    type: ClassVar[str] = "servant_recovered"
    slot: str
    message_id: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class ServantReplaced:
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


@dataclass(frozen=True, slots=True)
class ServantsReleased:
    """The leases of these servants are given up: nothing more is sent to them."""

    type: ClassVar[str] = "servants_released"
    slots: Sequence[str]


@dataclass(frozen=True, slots=True)
class LeaseChecked:
    """The API, and the conversations of these servants, were proved just now, which renews their leases.

    `failure` says why nothing was proved, of a check that somebody asked for.
    """

    type: ClassVar[str] = "lease_checked"
    slots: Sequence[str]
    method: str
    request_id: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """Nothing more is sent: a call does not fit into what is left of a limit, `usd tokens requests` or `time`.

    `needed` is the least that it would fit into: nano-dollars, tokens, requests, or milliseconds.
    """

    type: ClassVar[str] = "budget_reached"
    limit: str
    reason: str
    needed: int


@dataclass(frozen=True, slots=True)
class BudgetRaised:
    """A person raised the run's budget; these are all its limits from now on: `usd tokens requests timeS`."""

    type: ClassVar[str] = "budget_raised"
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunPaused:
    """Nothing can move until a person has answered one of these pauses."""

    type: ClassVar[str] = "run_paused"
    message_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended. `state` is `completed partial failed` or `rejected`; `failures` names outputs without a value."""

    type: ClassVar[str] = "run_finished"
    state: str
    reason: str | None
    outputs: Mapping[str, Any]
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunStopped:
    """The run was interrupted, terminated or stopped before its end; what was answered is kept.

    Where its budget stopped it, `outputs` and `failures` are what the answers so far come to.
    """

    type: ClassVar[str] = "run_stopped"
    reason: str
    request_id: str | None = None
    outputs: Mapping[str, Any] | None = None
    failures: Mapping[str, str] = field(default_factory=dict)


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

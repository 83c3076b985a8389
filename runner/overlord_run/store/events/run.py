"""Name what happens to a run as a whole: it begins, is owned, proved and limited, rests and ends."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct, field


class RunCreated(Struct, frozen=True):
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


class OwnerChanged(Struct, frozen=True):
    """A process took the run's lock: to `run` or `resume` the plan, or for one deed like `send`."""

    type: ClassVar[str] = "owner_changed"
    pid: int
    fingerprint: Mapping[str, Any]
    purpose: str


class LogRepaired(Struct, frozen=True):
    """What a crash had torn at the log's end, from `line` on, was moved aside into the file `path`."""

    type: ClassVar[str] = "log_repaired"
    line: int
    size: int
    path: str


class SnapshotTaken(Struct, frozen=True):
    """The state after the event before this one stands in the snapshot, whose bytes these are the size and SHA-256 of.

    A reader may begin here. It changes no state.
    """

    type: ClassVar[str] = "snapshot_taken"
    size: int
    sha256: str


class ProbeSent(Struct, frozen=True):
    """A tiny chat call that proves a model leaves now; it may be billed. Only under `preflight: probe`.

    What is reserved for it stays so: nobody tells what it cost.
    """

    type: ClassVar[str] = "probe_sent"
    model: str
    reserved_tokens: int = 0
    reserved_nano_usd: int = 0


class PreflightPassed(Struct, frozen=True):
    """The API was proved for these models: by a list of them, or (`method` is `probe`) by asking each one word."""

    type: ClassVar[str] = "preflight_passed"
    models: Sequence[str]
    method: str = "models"


class PreflightFailed(Struct, frozen=True):
    """The API was not proved; nothing was sent to a model."""

    type: ClassVar[str] = "preflight_failed"
    code: str
    reason: str


class StartupBegan(Struct, frozen=True):
    """The servants with a task are about to be asked."""

    type: ClassVar[str] = "startup_began"
    slots: Sequence[str]


class LeaseChecked(Struct, frozen=True):
    """The API, and the conversations of these servants, were proved just now, which renews their leases.

    `failure` says why nothing was proved, of a check that somebody asked for.
    """

    type: ClassVar[str] = "lease_checked"
    slots: Sequence[str]
    method: str
    request_id: str | None = None
    failure: str | None = None


class BudgetReached(Struct, frozen=True):
    """Nothing more is sent: a call does not fit into what is left of a limit, `usd tokens requests` or `time`.

    `needed` is the least that it would fit into: nano-dollars, tokens, requests, or milliseconds.
    """

    type: ClassVar[str] = "budget_reached"
    limit: str
    reason: str
    needed: int


class BudgetRaised(Struct, frozen=True):
    """A person raised the run's budget; these are all its limits from now on: `usd tokens requests timeS`."""

    type: ClassVar[str] = "budget_raised"
    limits: Mapping[str, Any]


class RunPaused(Struct, frozen=True):
    """Nothing can move until a person has answered one of these pauses."""

    type: ClassVar[str] = "run_paused"
    message_ids: Sequence[str]


class RunFinished(Struct, frozen=True):
    """The run ended. `state` is `completed partial failed` or `rejected`; `failures` names outputs without a value."""

    type: ClassVar[str] = "run_finished"
    state: str
    reason: str | None
    outputs: Mapping[str, Any]
    failures: Mapping[str, str]


class RunStopped(Struct, frozen=True):
    """The run was interrupted, terminated or stopped before its end; what was answered is kept.

    Where its budget stopped it, `outputs` and `failures` are what the answers so far come to.
    """

    type: ClassVar[str] = "run_stopped"
    reason: str
    request_id: str | None = None
    outputs: Mapping[str, Any] | None = None
    failures: Mapping[str, str] = field(default_factory=dict)

"""Hold the state of a run: its servants, its messages, and what each made of the other."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from overlord_run.plan.account import Account
from overlord_run.plan.pricing import NO_COST, Cost
from overlord_run.store import events as ev

CARRIES_ON = frozenset({"run", "resume", "approve", "reject"})
"""The purposes of an owner that carries the plan on; any other leaves a run that has ended as it is."""


class Servant(Struct):
    """One slot's servant: who it is, its conversation, and when it last gave a sign.

    Attributes:
        conversation: Its texts, as `plan.conversation` reads them.
    """

    slot: str
    name: str
    role: str
    model: str
    llm_model: str
    profile: str
    assignment: str | None
    scope_token: str
    generation: int = 1
    recoveries: int = 0
    handoff: str | None = None
    handoff_seq: int = 0
    state: str = "pending"
    conversation: list[str] = field(default_factory=list)
    request_id: str | None = None
    last_event_at: str | None = None
    last_ack_at: str | None = None
    last_useful_signal_at: str | None = None
    last_check_at: str | None = None


class Result(Struct, gc=False):
    """What one servant made of one message. `text_seq` and `ended_seq` are the events that hold the texts in full.

    Attributes:
        failure_kind: Why its last call failed, as the event has it; None where none has.
        by_design: Whether it was left out since the playbook wants it so; then it is no target of the message.
        repairs: How many of its answers were answered by what does not fit.
        repair: The last such message, while it waits for its answer.
        usage: Of all its answers together; None where there is none.
        cost: Of all its calls together.
    """

    slot: str
    text: str | None
    text_seq: int = 0
    state: str = "queued"
    system: str | None = None
    llm_model: str | None = None
    request_id: str | None = None
    reply: str | None = None
    failure: str | None = None
    failure_kind: str | None = None
    finish_reason: str | None = None
    cut: bool = False
    note: str = ""
    by_design: bool = False
    usage: Mapping[str, Any] | None = None
    cost: Cost = NO_COST
    attempts: int = 0
    repairs: int = 0
    repair: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    ended_seq: int = 0


class Message(Struct):
    """A startup, a redirect of any kind, or what a person sent. `ended_seq` is the event that settled or skipped it.

    Attributes:
        target: As declared; empty for what goes to no servant: a check, a pause, a block.
        accepted: What a person sent and to which slots; None for what the plan holds.
        by_design: Whether it was skipped since the playbook wants it so.
        question: What a pause asks a person; None for anything else. `question_seq` is the event that holds it in full.
        answer: What a person said to a pause; None before.
        rounds: How often a block has been gone through.
    """

    id: str
    target: str
    created_at: str
    state: str = "queued"
    started_at: str | None = None
    ended_at: str | None = None
    ended_seq: int = 0
    failure: str | None = None
    results: dict[str, Result] = field(default_factory=dict)
    accepted: ev.MessageAccepted | None = None
    by_design: bool = False
    question: str | None = None
    question_seq: int = 0
    answer: ev.PauseAnswered | None = None
    rounds: int = 0

    @property
    def has_succeeded(self) -> bool:
        """Whether it came to what those that need it want."""
        return self.state in {"completed", "partial"}


class Rest(Struct, frozen=True):
    """How a run had ended when something was asked of it again; it rests so again when that is done."""

    state: str
    reason: str | None
    ended_seq: int


class State(Struct):
    """All that the log says of a run so far.

    Attributes:
        created: The first event, None for an empty log.
        state: `loading preflight starting ready working awaiting-human completed partial failed rejected stopped`.
        servants: By slot; `replaced` are those that stood in a slot before.
        latest: The message of the latest round that has ended, by its redirect's id.
        requests: What each request of a person, by its id, became: a message's id, or nothing.
        open_calls: The calls that were sent and whose end is not known, by message id and slot.
        rest: How the run had ended before what is asked of it now; None where nothing is.
        awaited: The ids of the messages that are asked of it now, after it had ended.
        account: What is spent, and what may be.
        ended_seq: The event that ended the run and holds its reason and outputs; 0 before.
    """

    created: ev.RunCreated | None = None
    state: str = "loading"
    reason: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    owner: ev.OwnerChanged | None = None
    owned_at: str | None = None
    servants: dict[str, Servant] = field(default_factory=dict)
    replaced: list[Servant] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    open_calls: dict[tuple[str, str], ev.RequestSent] = field(default_factory=dict)
    outputs: Mapping[str, Any] | None = None
    output_failures: Mapping[str, str] = field(default_factory=dict)
    ended_seq: int = 0
    rest: Rest | None = None
    awaited: set[str] = field(default_factory=set)
    account: Account = field(default_factory=Account)
    last_epoch: int = 0
    last_seq: int = 0
    last_hash: str = ev.NO_HASH

    @property
    def run_id(self) -> str:
        """The run's id; empty before its first event."""
        return "" if self.created is None else self.created.run_id

    @property
    def has_ended(self) -> bool:
        """Whether it came to its end."""
        return self.state in {"completed", "partial", "failed", "rejected", "stopped"}

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more will happen without a new command: it has ended, or waits for a person."""
        return self.has_ended or self.state == "awaiting-human"

    def message_of(self, named: str) -> Message | None:
        """Return the message of an id; of a redirect in a block the latest round that has ended."""
        return self.messages.get(named) or self.messages.get(self.latest.get(named, ""))

    @property
    def open_pauses(self) -> list[Message]:
        """The questions that wait for a person's answer."""
        return [one for one in self.messages.values() if one.question is not None and one.ended_at is None]

    @property
    def is_released(self) -> bool:
        """Whether the leases were given up."""
        return any(servant.state == "released" for servant in self.servants.values())

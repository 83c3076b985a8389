"""Fold events into the state of a run: the same function for a live run, `status`, and `verify`.

An event that it does not know changes nothing but the last sequence number; one that speaks of a servant or message
that no event before it named is a `KeyError`, which the reader tells as damage. A conversation takes the question and
its answer together, when the answer is there; so a question that failed is never part of the next request.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from overlord_run.plan.model import STARTUP
from overlord_run.store import events as ev


@dataclass(slots=True)
class Servant:
    """One slot's servant: who it is, its conversation, and when it last gave a sign."""

    slot: str
    name: str
    role: str
    model: str
    llm_model: str
    profile: str
    assignment: str | None
    scope_token: str
    state: str = "pending"
    conversation: list[dict[str, str]] = field(default_factory=list)
    request_id: str | None = None
    last_event_at: str | None = None
    last_ack_at: str | None = None
    last_useful_signal_at: str | None = None


@dataclass(slots=True)
class Result:
    """What one servant made of one message. `text_seq` and `ended_seq` are the events that hold the texts in full."""

    slot: str
    text: str | None
    text_seq: int = 0
    state: str = "queued"
    system: str | None = None
    llm_model: str | None = None
    request_id: str | None = None
    reply: str | None = None
    failure: str | None = None
    finish_reason: str | None = None
    cut: bool = False
    note: str = ""
    usage: Mapping[str, Any] | None = None
    attempts: int = 0
    started_at: str | None = None
    ended_at: str | None = None
    ended_seq: int = 0


@dataclass(slots=True)
class Message:
    """A startup or redirect as sent. `ended_seq` is the event that settled or skipped it."""

    id: str
    target: str
    created_at: str
    state: str = "queued"
    started_at: str | None = None
    ended_at: str | None = None
    ended_seq: int = 0
    failure: str | None = None
    results: dict[str, Result] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """All that the log says of a run so far.

    Attributes:
        created: The first event, None for an empty log.
        state: `loading preflight starting ready working completed partial failed stopped`.
        open_calls: The calls that were sent and whose end is not known, by message id and slot.
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
    messages: dict[str, Message] = field(default_factory=dict)
    open_calls: dict[tuple[str, str], ev.RequestSent] = field(default_factory=dict)
    outputs: Mapping[str, Any] | None = None
    output_failures: Mapping[str, str] = field(default_factory=dict)
    ended_seq: int = 0
    last_seq: int = 0
    last_hash: str = ev.NO_HASH

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen without a new command."""
        return self.state in {"completed", "partial", "failed", "stopped"}


def fold(events: Iterable[ev.Event], state: State | None = None) -> State:
    """Return the state after `events`, starting from `state` (changed in place) or from nothing."""
    state = State() if state is None else state
    for event in events:
        apply(state, event)
    return state


def apply(state: State, event: ev.Event) -> None:
    """Change `state` by one event."""
    state.last_seq, state.last_hash, state.updated_at = event.seq, event.hash, event.at
    change = _CHANGES.get(type(event.body))
    if change is not None:
        change(state, event.body, event.at)


def _run_created(state: State, body: ev.RunCreated, at: str) -> None:
    state.created, state.created_at = body, at
    for facts in body.servants:
        state.servants[facts["slot"]] = Servant(
            slot=facts["slot"],
            name=facts["name"],
            role=facts["role"],
            model=facts["model"],
            llm_model=facts["llmModel"],
            profile=facts["profile"],
            assignment=facts["assignment"],
            scope_token=facts["scopeToken"],
        )


def _owner_changed(state: State, body: ev.OwnerChanged, at: str) -> None:
    state.owner, state.owned_at = body, at
    state.state = "preflight"


def _preflight_failed(state: State, body: ev.PreflightFailed, _at: str) -> None:
    _ended(state, "failed", body.reason)


def _startup_began(state: State, body: ev.StartupBegan, at: str) -> None:
    state.state = "starting"
    for slot in body.slots:
        _servant(state, slot, at)


def _message_queued(state: State, body: ev.MessageQueued, at: str) -> None:
    message = _message(state, body.message_id, body.target, at)
    message.results[body.slot] = Result(body.slot, body.text, state.last_seq, system=body.system)
    _servant(state, body.slot, at)


def _request_sent(state: State, body: ev.RequestSent, at: str) -> None:
    state.open_calls[body.message_id, body.slot] = body
    message = state.messages[body.message_id]
    message.state = "started"
    message.started_at = message.started_at or at
    result = message.results[body.slot]
    result.state, result.attempts, result.llm_model = "started", body.attempt, body.model
    result.started_at = result.started_at or at
    servant = _servant(state, body.slot, at)
    if servant.state == "pending":
        servant.state = "starting"


def _reply_received(state: State, body: ev.ReplyReceived, at: str) -> None:
    state.open_calls.pop((body.message_id, body.slot), None)
    result = state.messages[body.message_id].results[body.slot]
    result.state, result.reply = "completed", body.text
    result.ended_at, result.ended_seq = at, state.last_seq
    result.llm_model, result.request_id, result.usage = body.model, body.request_id, body.usage
    result.finish_reason, result.cut, result.note = body.finish_reason, body.cut, body.note
    servant = _servant(state, body.slot, at)
    servant.request_id, servant.last_useful_signal_at = body.request_id, at
    if result.system is not None:
        servant.conversation.append({"role": "system", "content": result.system})
    servant.conversation.append({"role": "user", "content": result.text or ""})
    servant.conversation.append({"role": "assistant", "content": body.text})


def _request_failed(state: State, body: ev.RequestFailed, at: str) -> None:
    state.open_calls.pop((body.message_id, body.slot), None)
    _servant(state, body.slot, at)
    if body.retry_in_s is not None:
        return
    result = state.messages[body.message_id].results[body.slot]
    result.state, result.failure = "failed", body.reason
    result.ended_at, result.ended_seq = at, state.last_seq
    result.request_id = body.request_id


def _message_settled(state: State, body: ev.MessageSettled, at: str) -> None:
    message = state.messages[body.message_id]
    message.state, message.failure = body.state, body.reason
    message.ended_at, message.ended_seq = at, state.last_seq
    if state.state == "starting" and body.state == "completed":
        state.state = "ready"


def _redirect_skipped(state: State, body: ev.RedirectSkipped, at: str) -> None:
    message = _message(state, body.message_id, body.target, at)
    if body.slot is None:
        message.state, message.failure = "skipped", body.reason
        message.ended_at, message.ended_seq = at, state.last_seq
    else:
        _servant(state, body.slot, at)
        message.results[body.slot] = _unsent(state, body.slot, "skipped", body.reason)


def _redirect_failed(state: State, body: ev.RedirectFailed, at: str) -> None:
    message = _message(state, body.message_id, body.target, at)
    _servant(state, body.slot, at)
    message.results[body.slot] = _unsent(state, body.slot, "failed", body.reason)


def _unsent(state: State, slot: str, outcome: str, reason: str) -> Result:
    ended_at, ended_seq = state.updated_at, state.last_seq
    return Result(slot, None, state=outcome, failure=reason, ended_at=ended_at, ended_seq=ended_seq)


def _servant_ready(state: State, body: ev.ServantReady, at: str) -> None:
    servant = _servant(state, body.slot, at)
    servant.state, servant.last_ack_at = "ready", at


def _servant_blocked(state: State, body: ev.ServantBlocked, at: str) -> None:
    _servant(state, body.slot, at).state = "blocked"


def _run_finished(state: State, body: ev.RunFinished, _at: str) -> None:
    _ended(state, body.state, body.reason)
    state.outputs, state.output_failures = body.outputs, body.failures


def _run_stopped(state: State, body: ev.RunStopped, _at: str) -> None:
    _ended(state, "stopped", body.reason)


def _ended(state: State, how: str, reason: str | None) -> None:
    state.state, state.reason, state.ended_seq = how, reason, state.last_seq


def _servant(state: State, slot: str, at: str) -> Servant:
    servant = state.servants[slot]
    servant.last_event_at = at
    return servant


def _message(state: State, message_id: str, target: str, at: str) -> Message:
    if message_id != STARTUP and state.state in {"starting", "ready"}:
        state.state = "working"
    return state.messages.setdefault(message_id, Message(id=message_id, target=target, created_at=at))


_CHANGES: Mapping[type, Callable[[State, Any, str], None]] = {
    ev.RunCreated: _run_created,
    ev.OwnerChanged: _owner_changed,
    ev.PreflightFailed: _preflight_failed,
    ev.StartupBegan: _startup_began,
    ev.MessageQueued: _message_queued,
    ev.RequestSent: _request_sent,
    ev.ReplyReceived: _reply_received,
    ev.RequestFailed: _request_failed,
    ev.MessageSettled: _message_settled,
    ev.RedirectSkipped: _redirect_skipped,
    ev.RedirectFailed: _redirect_failed,
    ev.ServantReady: _servant_ready,
    ev.ServantBlocked: _servant_blocked,
    ev.RunFinished: _run_finished,
    ev.RunStopped: _run_stopped,
}

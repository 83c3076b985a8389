"""Change where a run, a message and a servant stand: what the events of `fold.py` have in common."""

from overlord_run.plan.ids import STARTUP, redirect_id, round_of
from overlord_run.store.state import Message, Rest, Result, Servant, State


def servant_of(state: State, slot: str, at: str) -> Servant:
    """Return the servant in a slot, of which an event tells at this time."""
    servant = state.servants[slot]
    servant.last_event_at = at
    return servant


def message_of(state: State, message_id: str, target: str, at: str) -> Message:
    """Return a message; one that no event before named begins here, and so does the work of the run."""
    if message_id != STARTUP and state.state in {"starting", "ready"}:
        state.state = "working"
    return state.messages.setdefault(message_id, Message(id=message_id, target=target, created_at=at))


def unsent(state: State, slot: str, outcome: str, reason: str) -> Result:
    """Return what became of a message that was not sent to a servant."""
    ended_at, ended_seq = state.updated_at, state.last_seq
    return Result(slot, None, state=outcome, failure=reason, ended_at=ended_at, ended_seq=ended_seq)


def end(state: State, message: Message, how: str, reason: str | None) -> None:
    """Note how a message ended; a message that a person sent belongs to no redirect."""
    message.state, message.failure = how, reason
    message.ended_at, message.ended_seq = state.updated_at, state.last_seq
    if message.accepted is None:
        redirect = redirect_id(message.id)
        latest = state.latest.get(redirect, message.id)
        state.latest[redirect] = max(latest, message.id, key=lambda one: round_of(one) or 0)


def reopen(message: Message) -> None:
    """Take back how a message ended, since one of its servants is asked again."""
    message.state, message.failure, message.ended_at, message.ended_seq = "queued", None, None, 0


def ask_again(message: Message, slot: str) -> None:
    """Take back how a question to a servant ended, so that it is asked once more; what it was asked stays."""
    reopen(message)
    before = message.results[slot]
    if before.text is None:
        del message.results[slot]
    else:
        again = Result(slot, before.text, before.text_seq, system=before.system, attempts=before.attempts)
        again.usage, again.cost, again.repair = before.usage, before.cost, before.repair
        again.repairs = 0 if before.repair is None else before.repairs
        message.results[slot] = again


def requested(state: State, request_id: str | None, message_id: str) -> None:
    """Note which message a request became, so that it is not taken again; `""` where it became none."""
    if request_id is not None:
        state.requests[request_id] = message_id


def wake(state: State, message_id: str) -> None:
    """Note that a message is asked of a run, which may be at rest."""
    if state.is_at_rest:
        state.rest = Rest(state.state, state.reason, state.ended_seq)
        state.state, state.reason = "working", None
    if state.rest is not None:
        state.awaited.add(message_id)


def rest_after(state: State, message_id: str) -> None:
    """Let a run that was at rest before rest as it did, once all that was asked of it since has ended."""
    state.awaited.discard(message_id)
    if state.rest is not None and not state.awaited:
        state.state, state.reason, state.ended_seq = state.rest.state, state.rest.reason, state.rest.ended_seq
        state.rest = None


def end_run(state: State, how: str, reason: str | None) -> None:
    """Note how a run ended, or that it waits for a person."""
    state.state, state.reason, state.ended_seq = how, reason, state.last_seq
    state.rest, state.awaited = None, set()

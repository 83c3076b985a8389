"""Fold events into the state of a run: the same function for a live run, `status`, `resume` and `verify`.

An event that it does not know changes nothing but the last sequence number; one that speaks of a servant or message
that no event before it named is a `KeyError`, which the reader tells as damage. A conversation takes the question and
its answer together, when the answer is there; so a question that failed is never part of the next request.

A run that has ended can be asked again (`send`, `recover`). It is `working` then, remembers how it had ended, and rests
like that again when all of it is over; so what a run came to is never changed by a message that came later.

What is spent is folded too: a call that left reserves, its end settles, and one that never ended keeps its reservation.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.pricing import NO_COST
from overlord_run.store import book
from overlord_run.store import events as ev
from overlord_run.store.standing import (
    ask_again,
    end,
    end_run,
    message_of,
    reopen,
    requested,
    rest_after,
    servant_of,
    unsent,
    wake,
)
from overlord_run.store.state import CARRIES_ON, Result, Servant, State


def fold(events: Iterable[ev.Event], state: State | None = None) -> State:
    """Return the state after `events`, starting from `state` (changed in place) or from nothing."""
    state = State() if state is None else state
    for event in events:
        apply(state, event)
    return state


def apply(state: State, event: ev.Event) -> None:
    """Change `state` by one event."""
    book.pass_time(state, event)
    state.last_epoch, state.last_seq, state.last_hash, state.updated_at = event.epoch, event.seq, event.hash, event.at
    change = _CHANGES.get(type(event.body))
    if change is not None:
        change(state, event.body, event.at)


def _run_created(state: State, body: ev.RunCreated, at: str) -> None:
    state.created, state.created_at = body, at
    book.opened(state, body)
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
    if body.purpose in CARRIES_ON:
        state.state, state.reason, state.ended_seq, state.rest = "preflight", None, 0, None
        state.outputs, state.output_failures, state.awaited = None, {}, set()


def _preflight_failed(state: State, body: ev.PreflightFailed, _at: str) -> None:
    if state.state == "preflight":
        end_run(state, "failed", body.reason)


def _startup_began(state: State, body: ev.StartupBegan, at: str) -> None:
    state.state = "starting" if body.slots else "ready"
    message = state.messages.get(STARTUP)
    for slot in body.slots:
        servant = servant_of(state, slot, at)
        if servant.state == "blocked":
            servant.state = "pending"
        if message is not None and slot in message.results:
            ask_again(message, slot)


def _message_accepted(state: State, body: ev.MessageAccepted, at: str) -> None:
    wake(state, body.message_id)
    message = message_of(state, body.message_id, body.target, at)
    message.accepted = body
    state.requests[body.request_id] = body.message_id


def _message_queued(state: State, body: ev.MessageQueued, at: str) -> None:
    message = message_of(state, body.message_id, body.target, at)
    before = message.results.get(body.slot) or Result(body.slot, None)
    result = Result(body.slot, body.text, state.last_seq, system=body.system, usage=before.usage, cost=before.cost)
    message.results[body.slot] = result
    servant_of(state, body.slot, at)


def _request_sent(state: State, body: ev.RequestSent, at: str) -> None:
    book.sent(state, body)
    state.open_calls[body.message_id, body.slot] = body
    message = state.messages[body.message_id]
    message.state = "started"
    message.started_at = message.started_at or at
    result = message.results[body.slot]
    result.state, result.attempts, result.llm_model = "started", body.attempt, body.model
    result.started_at = result.started_at or at
    servant = servant_of(state, body.slot, at)
    if servant.state == "pending":
        servant.state = "starting"


def _reply_received(state: State, body: ev.ReplyReceived, at: str) -> None:
    book.answered(state, body)
    state.open_calls.pop((body.message_id, body.slot), None)
    result = state.messages[body.message_id].results[body.slot]
    result.llm_model, result.request_id, result.usage = body.model, body.request_id, _added(result.usage, body.usage)
    result.finish_reason, result.cut, result.note = body.finish_reason, body.cut, body.note
    servant = servant_of(state, body.slot, at)
    servant.request_id, servant.last_useful_signal_at = body.request_id, at
    if servant.state != "ready":  # said here too: a power cut may tear this event from the one that follows it
        servant.state, servant.last_ack_at = "ready", at
    if result.system is not None and not servant.conversation:
        servant.conversation.append(result.system)
    servant.conversation += (result.repair or result.text or "", body.text)
    _judge(result, body)
    if result.repair is None:
        result.ended_at, result.ended_seq = at, state.last_seq


def _judge(result: Result, body: ev.ReplyReceived) -> None:
    """Take an answer as the reply, or as one that does not fit: then it is answered, or the servant has failed."""
    result.repair = body.repair if body.misfits else None
    if not body.misfits:
        result.state, result.reply = "completed", body.text
    elif result.repair is not None:
        result.repairs += 1
    else:
        result.state, result.failure = "failed", f"the answer does not fit its schema: {'; '.join(body.misfits)}"


def _added(usage: Mapping[str, Any] | None, more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the counts of two usages together; one that only one of them tells is that."""
    if usage is None:
        return more
    return {key: _sum(usage.get(key), more.get(key)) for key in {**usage, **more}}


def _sum(*counts: Any) -> int | None:
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known else None


def _request_failed(state: State, body: ev.RequestFailed, at: str) -> None:
    book.failed(state, body)
    state.open_calls.pop((body.message_id, body.slot), None)
    servant = servant_of(state, body.slot, at)
    if body.retry_in_s is not None:
        return
    servant.state = "blocked"  # as with a reply: the event that says so may be torn off
    result = state.messages[body.message_id].results[body.slot]
    result.state, result.failure, result.failure_kind = "failed", body.reason, body.kind
    result.ended_at, result.ended_seq = at, state.last_seq
    result.request_id = body.request_id


def _message_settled(state: State, body: ev.MessageSettled, _at: str) -> None:
    message = state.messages[body.message_id]
    end(state, message, body.state, body.reason)
    if state.state == "starting" and body.message_id == STARTUP and body.state != "failed":
        state.state = "ready"
    rest_after(state, body.message_id)


def _redirect_skipped(state: State, body: ev.RedirectSkipped, at: str) -> None:
    message = message_of(state, body.message_id, body.target, at)
    if body.slot is None:
        message.by_design = body.by_design
        end(state, message, "skipped", body.reason)
        rest_after(state, body.message_id)
    else:
        servant_of(state, body.slot, at)
        result = unsent(state, body.slot, "skipped", body.reason)
        result.by_design = body.by_design
        before = message.results.get(body.slot)
        if before is not None:  # a person said no while an answer that did not fit waited for its repair
            result.usage, result.cost = before.usage, before.cost
        message.results[body.slot] = result


def _redirect_failed(state: State, body: ev.RedirectFailed, at: str) -> None:
    message = message_of(state, body.message_id, body.target, at)
    if body.slot is None:
        end(state, message, "failed", body.reason)
    else:
        servant_of(state, body.slot, at)
        message.results[body.slot] = unsent(state, body.slot, "failed", body.reason)


def _check_answered(state: State, body: ev.CheckAnswered, at: str) -> None:
    end(state, message_of(state, body.message_id, "", at), "completed" if body.holds else "failed", body.reason)


def _pause_reached(state: State, body: ev.PauseReached, at: str) -> None:
    message = message_of(state, body.message_id, "", at)
    message.state, message.started_at, message.question = "started", at, body.text
    message.question_seq = state.last_seq


def _pause_answered(state: State, body: ev.PauseAnswered, _at: str) -> None:
    message = state.messages[body.message_id]
    message.answer = body
    end(state, message, "completed" if body.approved else "failed", None if body.approved else _refusal(body))
    requested(state, body.request_id, body.message_id)


def _refusal(body: ev.PauseAnswered) -> str:
    return f"rejected by {body.by}: {body.note}" if body.note else f"rejected by {body.by}"


def _round_ended(state: State, body: ev.RoundEnded, at: str) -> None:
    message = message_of(state, body.message_id, "", at)
    message.state, message.started_at = "started", message.started_at or at
    message.rounds = body.round
    if body.outcome is not None:
        end(state, message, body.outcome, body.reason)


def _servant_ready(state: State, body: ev.ServantReady, at: str) -> None:
    servant = servant_of(state, body.slot, at)
    servant.state, servant.last_ack_at = "ready", at


def _servant_blocked(state: State, body: ev.ServantBlocked, at: str) -> None:
    servant_of(state, body.slot, at).state = "blocked"


def _servant_recovered(state: State, body: ev.ServantRecovered, at: str) -> None:
    wake(state, body.message_id)
    servant = servant_of(state, body.slot, at)
    servant.state = "starting" if servant.conversation else "pending"
    servant.recoveries += 1
    ask_again(state.messages[body.message_id], body.slot)
    requested(state, body.request_id, body.message_id)


def _servant_replaced(state: State, body: ev.ServantReplaced, at: str) -> None:
    old = servant_of(state, body.slot, at)
    state.servants[body.slot] = replace(
        old,
        scope_token=body.scope_token,
        generation=body.generation,
        recoveries=0,
        handoff=body.handoff,
        handoff_seq=state.last_seq,
        state="pending",
        conversation=[],
        request_id=None,
        last_ack_at=None,
        last_useful_signal_at=None,
        last_check_at=None,
    )
    old.state = "replaced"
    state.replaced.append(old)
    if body.message_id is not None:
        wake(state, body.message_id)
        message = state.messages[body.message_id]
        reopen(message)
        # What it is asked begins with the handoff, so it is rendered anew; what the old one's answers cost stays.
        before = message.results.pop(body.slot, None)
        if before is not None and before.cost != NO_COST:
            message.results[body.slot] = Result(body.slot, None, usage=before.usage, cost=before.cost)
    requested(state, body.request_id, body.message_id or "")


def _servants_released(state: State, body: ev.ServantsReleased, at: str) -> None:
    for slot in body.slots:
        servant_of(state, slot, at).state = "released"


def _lease_checked(state: State, body: ev.LeaseChecked, at: str) -> None:
    for slot in body.slots:
        servant_of(state, slot, at).last_check_at = at
    requested(state, body.request_id, "")


def _run_paused(state: State, body: ev.RunPaused, _at: str) -> None:
    end_run(state, "awaiting-human", f"a person's word is wanted on {', '.join(body.message_ids)}")


def _run_finished(state: State, body: ev.RunFinished, _at: str) -> None:
    end_run(state, body.state, body.reason)
    state.outputs, state.output_failures = body.outputs, body.failures


def _run_stopped(state: State, body: ev.RunStopped, _at: str) -> None:
    end_run(state, "stopped", body.reason)
    state.outputs, state.output_failures = body.outputs, body.failures
    requested(state, body.request_id, "")


_CHANGES: Mapping[type, Callable[[State, Any, str], None]] = {
    ev.RunCreated: _run_created,
    ev.OwnerChanged: _owner_changed,
    ev.PreflightFailed: _preflight_failed,
    ev.StartupBegan: _startup_began,
    ev.MessageAccepted: _message_accepted,
    ev.MessageQueued: _message_queued,
    ev.ProbeSent: book.probed,
    ev.RequestSent: _request_sent,
    ev.ReplyReceived: _reply_received,
    ev.RequestFailed: _request_failed,
    ev.MessageSettled: _message_settled,
    ev.RedirectSkipped: _redirect_skipped,
    ev.RedirectFailed: _redirect_failed,
    ev.CheckAnswered: _check_answered,
    ev.PauseReached: _pause_reached,
    ev.PauseAnswered: _pause_answered,
    ev.RoundEnded: _round_ended,
    ev.ServantReady: _servant_ready,
    ev.ServantBlocked: _servant_blocked,
    ev.ServantRecovered: _servant_recovered,
    ev.ServantReplaced: _servant_replaced,
    ev.ServantsReleased: _servants_released,
    ev.LeaseChecked: _lease_checked,
    ev.BudgetReached: book.reached,
    ev.BudgetRaised: book.raised,
    ev.RunPaused: _run_paused,
    ev.RunFinished: _run_finished,
    ev.RunStopped: _run_stopped,
}

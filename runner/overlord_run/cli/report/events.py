"""Tell each event of a log on a line: when, which, what, who, and in short words the rest."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from overlord_run.cli.report.words import counted, joined, moment, seconds
from overlord_run.engine.base import ANSWERING
from overlord_run.plan.pricing import tokens_of
from overlord_run.playbook.money import LimitName, in_limit, limits_from_json
from overlord_run.store import events as ev

_LONGEST = 100
_SEQ_WIDTH = 5
_TYPE_WIDTH = max(len(name) for name in ev.BODIES)


def event_text(event: ev.Event) -> str:
    """Return an event on one line, however long and whatever its texts are."""
    who, words = _TELL.get(type(event.body), _unknown)(event.body)
    line = f"{moment(event.at)}  {event.seq:{_SEQ_WIDTH}}  {event.body.type:{_TYPE_WIDTH}}  {who}"
    return f"{line}: {_short(words)}" if words and who else f"{line}{_short(words)}"


def _short(text: str) -> str:
    line = " ".join(text[: _LONGEST * 2].split())
    return line if len(line) <= _LONGEST and len(text) <= _LONGEST * 2 else f"{line[:_LONGEST]}…"


def _run_created(body: ev.RunCreated) -> tuple[str, str]:
    answers = f"{body.provider if body.engine == 'chat' else ANSWERING.get(body.engine, body.engine)} answers"
    return str(body.playbook["name"]), f"{counted(len(body.servants), 'servant')}, {answers}"


def _owner_changed(body: ev.OwnerChanged) -> tuple[str, str]:
    return "", f"process {body.pid}, to {body.purpose}"


def _log_repaired(body: ev.LogRepaired) -> tuple[str, str]:
    return "", f"line {body.line} on was torn, {body.size:,} bytes; they are in {body.path}"


def _snapshot_taken(body: ev.SnapshotTaken) -> tuple[str, str]:
    return "", f"{body.size:,} bytes, from which a reader may go on"


def _probe_sent(body: ev.ProbeSent) -> tuple[str, str]:
    return "", body.model


def _preflight_passed(body: ev.PreflightPassed) -> tuple[str, str]:
    return "", f"{joined(body.models)}, by {'a probe' if body.method == 'probe' else '/models'}"


def _preflight_failed(body: ev.PreflightFailed) -> tuple[str, str]:
    return "", body.reason


def _startup_began(body: ev.StartupBegan) -> tuple[str, str]:
    return "", joined(body.slots)


def _message_accepted(body: ev.MessageAccepted) -> tuple[str, str]:
    return f"{body.message_id} {body.target}", body.text


def _message_queued(body: ev.MessageQueued) -> tuple[str, str]:
    return _at(body.message_id, body.slot), body.text


def _request_sent(body: ev.RequestSent) -> tuple[str, str]:
    return _at(body.message_id, body.slot), f"attempt {body.attempt} on {body.model}"


def _reply_received(body: ev.ReplyReceived) -> tuple[str, str]:
    tokens = tokens_of(body.usage)
    facts = ["" if tokens is None else counted(tokens, "token"), "cut at the token limit" if body.cut else ""]
    told = ", ".join(filter(None, facts))
    return _at(body.message_id, body.slot), f"{told}: {body.text}" if told else body.text


def _request_failed(body: ev.RequestFailed) -> tuple[str, str]:
    again = "" if body.retry_in_s is None else f"; attempt {body.attempt + 1} in {seconds(body.retry_in_s)}"
    return _at(body.message_id, body.slot), body.reason + again


def _requests_held(body: ev.RequestsHeld) -> tuple[str, str]:
    return "", f"none leaves for {seconds(body.wait_s)}: {body.reason}"


def _concurrency_fell(body: ev.ConcurrencyFell) -> tuple[str, str]:
    return "", f"at most {counted(body.concurrency, 'call')} at once: {body.reason}"


def _message_settled(body: ev.MessageSettled) -> tuple[str, str]:
    return body.message_id, _with_reason(body.state, body.reason)


def _redirect_skipped(body: ev.RedirectSkipped) -> tuple[str, str]:
    return _at(body.message_id, body.slot), body.reason


def _redirect_failed(body: ev.RedirectFailed) -> tuple[str, str]:
    return _at(body.message_id, body.slot), body.reason


def _check_answered(body: ev.CheckAnswered) -> tuple[str, str]:
    return body.message_id, _with_reason("holds" if body.holds else "does not hold", body.reason)


def _pause_reached(body: ev.PauseReached) -> tuple[str, str]:
    return body.message_id, body.text


def _pause_answered(body: ev.PauseAnswered) -> tuple[str, str]:
    return body.message_id, _with_reason(f"{'approved' if body.approved else 'rejected'} by {body.by}", body.note)


def _round_ended(body: ev.RoundEnded) -> tuple[str, str]:
    return body.message_id, _with_reason(f"round {body.round}, {body.outcome or 'another follows'}", body.reason)


def _servant_ready(body: ev.ServantReady) -> tuple[str, str]:
    return body.slot, ""


def _servant_blocked(body: ev.ServantBlocked) -> tuple[str, str]:
    return body.slot, body.reason


def _servant_recovered(body: ev.ServantRecovered) -> tuple[str, str]:
    return body.slot, f"is asked {body.message_id} again"


def _servant_replaced(body: ev.ServantReplaced) -> tuple[str, str]:
    return body.slot, f"number {body.generation} in this slot"


def _servants_released(body: ev.ServantsReleased) -> tuple[str, str]:
    return "", joined(body.slots)


def _lease_checked(body: ev.LeaseChecked) -> tuple[str, str]:
    return "", body.failure or joined(body.slots)


def _budget_reached(body: ev.BudgetReached) -> tuple[str, str]:
    return "", body.reason


def _budget_raised(body: ev.BudgetRaised) -> tuple[str, str]:
    limits = limits_from_json(body.limits)
    names: tuple[LimitName, ...] = get_args(LimitName)
    return "", f"to {joined([in_limit(name, value) for name in names if (value := limits.of(name)) is not None])}"


def _run_paused(body: ev.RunPaused) -> tuple[str, str]:
    return "", f"a person's word is wanted on {joined(body.message_ids)}"


def _run_finished(body: ev.RunFinished) -> tuple[str, str]:
    return "", _with_reason(body.state, body.reason)


def _run_stopped(body: ev.RunStopped) -> tuple[str, str]:
    return "", body.reason


def _unknown(_body: object) -> tuple[str, str]:
    return "", "an event of a newer version"


def _at(message_id: str, slot: str | None) -> str:
    return message_id if slot is None else f"{message_id} {slot}"


def _with_reason(state: str, reason: str | None) -> str:
    return f"{state}: {reason}" if reason else state


_TELL: Mapping[type, Callable[[Any], tuple[str, str]]] = {
    ev.RunCreated: _run_created,
    ev.OwnerChanged: _owner_changed,
    ev.LogRepaired: _log_repaired,
    ev.SnapshotTaken: _snapshot_taken,
    ev.ProbeSent: _probe_sent,
    ev.PreflightPassed: _preflight_passed,
    ev.PreflightFailed: _preflight_failed,
    ev.StartupBegan: _startup_began,
    ev.MessageAccepted: _message_accepted,
    ev.MessageQueued: _message_queued,
    ev.RequestSent: _request_sent,
    ev.ReplyReceived: _reply_received,
    ev.RequestFailed: _request_failed,
    ev.RequestsHeld: _requests_held,
    ev.ConcurrencyFell: _concurrency_fell,
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
    ev.BudgetReached: _budget_reached,
    ev.BudgetRaised: _budget_raised,
    ev.RunPaused: _run_paused,
    ev.RunFinished: _run_finished,
    ev.RunStopped: _run_stopped,
}

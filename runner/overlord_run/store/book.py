"""Fold what a run spends: a call that left reserves, and its end settles; one that never ended stays reserved."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from overlord_run.plan.pricing import Amount, Cost, cost_of
from overlord_run.playbook.money import LimitName, limits_from_json
from overlord_run.store import events as ev
from overlord_run.store.state import State

_LIMITS: Mapping[str, LimitName] = {name: name for name in get_args(LimitName)}
_STANDS_STILL = frozenset({"awaiting-human", "completed", "partial", "failed", "rejected", "stopped"})
"""The states in which a run does not work, whoever owns it."""


def pass_time(state: State, event: ev.Event) -> None:
    """Count the time since the last event as worked, where that is limited, and one owner wrote both."""
    if state.account.limits.time_ms is not None and event.epoch == state.last_epoch:
        state.account.elapsed_ms = worked_ms(state, event.at)


def worked_ms(state: State, at: str) -> int:
    """Return how long a run will have worked at a time, if its owner goes on until then and nothing else happens."""
    if state.state in _STANDS_STILL or state.updated_at is None:
        return state.account.elapsed_ms
    passed = datetime.fromisoformat(at) - datetime.fromisoformat(state.updated_at)
    return state.account.elapsed_ms + max(round(passed.total_seconds() * 1000), 0)  # a clock can be set back


def opened(state: State, body: ev.RunCreated) -> None:
    """Take the limits that a run begins with."""
    state.account.limits = limits_from_json(body.settings.get("budget"))


def probed(state: State, body: ev.ProbeSent, _at: str) -> None:
    """Take a probe, of which nobody tells what it cost."""
    state.account.hold(Amount(body.reserved_tokens, body.reserved_nano_usd))


def sent(state: State, body: ev.RequestSent) -> None:
    """Take a call that leaves now."""
    state.account.reserve((body.message_id, body.slot), Amount(body.reserved_tokens, body.reserved_nano_usd))


def answered(state: State, body: ev.ReplyReceived) -> None:
    """Take what an answer cost; it is asked before the call counts as ended."""
    call = (body.message_id, body.slot)
    asked = state.open_calls.get(call)
    state.account.answer(call, body.model if asked is None else asked.model, body.usage, body.cost_nano_usd)
    state.messages[body.message_id].results[body.slot].cost += cost_of(body.cost_nano_usd)


def failed(state: State, body: ev.RequestFailed) -> None:
    """Take a call that ended without an answer: what it cost is nothing, or not known."""
    call = (body.message_id, body.slot)
    if body.unbilled:
        state.account.release(call)
        return
    state.account.settle(call, None)
    state.messages[body.message_id].results[body.slot].cost += Cost(unpriced=1)


def reached(state: State, body: ev.BudgetReached, _at: str) -> None:
    """Take that a limit stops the run."""
    state.account.reached, state.account.needed = _LIMITS[body.limit], body.needed


def raised(state: State, body: ev.BudgetRaised, _at: str) -> None:
    """Take other limits."""
    state.account.raise_to(limits_from_json(body.limits))

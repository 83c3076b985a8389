"""Say what each servant of a run is doing, event by event: the rows of the live table.

A row is made anew from the row before it and one event, so that an event costs the same however long the run is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from overlord_run.cli.report.answerer import answerer
from overlord_run.cli.report.tally import tallies
from overlord_run.plan.pricing import NO_COST, Cost, cost_of, tokens_of
from overlord_run.store import events as ev
from overlord_run.store.state import State

# `waiting` is for another attempt; a `queued` message is rendered and waits for its turn.
Doing = Literal["pending", "queued", "asking", "waiting", "ready", "blocked"]


class Row(Struct, frozen=True):
    """What one servant is doing.

    Attributes:
        message: The id of the message that it is busy with, or was last.
        attempt: Which attempt at that message is under way or comes next, from 1.
        began_at: When the first attempt left, as events tell times; None while none has.
        ended_at: When the message ended for this servant.
        tokens: What its replies are known to have taken.
        told: How many replies told their tokens.
        untold: How many did not.
        cost: Of all its calls.
    """

    slot: str
    doing: Doing = "pending"
    message: str = ""
    attempt: int = 1
    began_at: str | None = None
    ended_at: str | None = None
    tokens: int = 0
    told: int = 0
    untold: int = 0
    cost: Cost = NO_COST


class Rows(Struct):
    """What has been seen of one run.

    Attributes:
        by_slot: The row of each servant, in the order of the assignments.
        began_at: The time of the first event that was heard.
        mark: Says what answers, where that is not the API.
        heard: How many events there were.
    """

    by_slot: dict[str, Row] = field(default_factory=dict)
    began_at: str = ""
    mark: str = ""
    heard: int = 0

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event; `state` is the run's after it."""
        if not self.heard:
            self.by_slot, self.began_at, self.mark = _standing(state), event.at, answerer(state).mark
        change = _CHANGES.get(type(event.body))
        if change is not None:
            for slot in _slots(event.body):
                self.by_slot[slot] = change(self.by_slot[slot], event.body, event.at)
        self.heard += 1


def _standing(state: State) -> dict[str, Row]:
    """Return the rows of a run that is carried on, or has just begun."""
    doing: Mapping[str, Doing] = {"ready": "ready", "blocked": "blocked"}
    return {
        one.servant.slot: Row(
            one.servant.slot,
            doing.get(one.servant.state, "pending"),
            tokens=one.spent.tokens,
            told=one.spent.told,
            untold=one.spent.untold,
            cost=one.spent.cost,
        )
        for one in tallies(state)
    }


def _slots(body: Any) -> Sequence[str]:
    """Return the slots that an event speaks of."""
    slot: str | None = getattr(body, "slot", None)
    return getattr(body, "slots", ()) if slot is None else (slot,)


def _begun(row: Row, _body: ev.StartupBegan, _at: str) -> Row:
    return replace(row, doing="pending") if row.doing == "blocked" else row


def _queued(row: Row, body: ev.MessageQueued, _at: str) -> Row:
    return replace(row, doing="queued", message=body.message_id, attempt=1, began_at=None, ended_at=None)


def _sent(row: Row, body: ev.RequestSent, at: str) -> Row:
    began_at = at if body.attempt == 1 else row.began_at or at
    return replace(row, doing="asking", message=body.message_id, attempt=body.attempt, began_at=began_at, ended_at=None)


def _received(row: Row, body: ev.ReplyReceived, at: str) -> Row:
    tokens = tokens_of(body.usage)
    return replace(
        row,
        doing="ready",
        ended_at=at,
        tokens=row.tokens + (tokens or 0),
        told=row.told + (tokens is not None),
        untold=row.untold + (tokens is None),
        cost=row.cost + cost_of(body.cost_nano_usd),
    )


def _failed(row: Row, body: ev.RequestFailed, at: str) -> Row:
    cost = row.cost if body.unbilled else row.cost + Cost(unpriced=1)
    if body.retry_in_s is not None:
        return replace(row, doing="waiting", attempt=body.attempt + 1, cost=cost)
    return replace(row, doing="blocked", ended_at=at, cost=cost)


def _asked_again(row: Row, body: ev.ServantRecovered | ev.ServantReplaced, _at: str) -> Row:
    doing: Doing = "pending" if body.message_id is None else "queued"
    return replace(row, doing=doing, message=body.message_id or "", attempt=1, began_at=None, ended_at=None)


def _blocked(row: Row, _body: ev.ServantBlocked, _at: str) -> Row:
    return replace(row, doing="blocked")


def _skipped(row: Row, _body: ev.RedirectSkipped, _at: str) -> Row:
    return replace(row, doing="pending") if row.doing == "queued" else row


_CHANGES: Mapping[type, Callable[[Row, Any, str], Row]] = {
    ev.StartupBegan: _begun,
    ev.MessageQueued: _queued,
    ev.RequestSent: _sent,
    ev.ReplyReceived: _received,
    ev.RequestFailed: _failed,
    ev.ServantBlocked: _blocked,
    ev.RedirectSkipped: _skipped,
    ev.ServantRecovered: _asked_again,
    ev.ServantReplaced: _asked_again,
}

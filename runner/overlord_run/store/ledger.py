"""Make the ledger, `ledger.jsonl`: one line for a servant's startup and one for each redirect response."""

from collections.abc import Callable, Mapping
from typing import Any

from overlord_run.plan.ids import STARTUP
from overlord_run.playbook.money import usd
from overlord_run.store import events as ev
from overlord_run.store.notation import encode


def ledger_line(event: ev.Event, run_id: str) -> dict[str, Any] | None:
    """Return the ledger's line for an event, or None where it has none.

    A reply has one, and so has a failure after which no other attempt follows, and a message that could not be rendered
    for a servant. A servant that is left out has none: it was asked nothing, and the registry says so.
    """
    make = _LINES.get(type(event.body))
    facts = None if make is None else make(event.body)
    if facts is None:
        return None
    return {"seq": event.seq, "at": event.at, "type": _type(facts), "runId": run_id, **facts}


def ledger_bytes(line: Mapping[str, Any]) -> bytes:
    """Return a line as it stands on disk, its newline included."""
    return encode(line).encode("ascii") + b"\n"


def _type(facts: Mapping[str, Any]) -> str:
    return "startup" if facts["messageId"] == STARTUP else "redirect"


def _of_reply(body: ev.ReplyReceived) -> dict[str, Any]:
    return {
        "messageId": body.message_id,
        "slot": body.slot,
        "model": body.model,
        "requestId": body.request_id,
        "responseText": body.text,
        "errorText": "; ".join(body.misfits) or None,
        "usage": body.usage,
        "costUsd": None if body.cost_nano_usd is None else usd(body.cost_nano_usd),
        "attempts": body.attempt,
    }


def _of_failure(body: ev.RequestFailed) -> dict[str, Any] | None:
    if body.retry_in_s is not None:
        return None
    return {
        "messageId": body.message_id,
        "slot": body.slot,
        "model": body.model,
        "requestId": body.request_id,
        "responseText": None,
        "errorText": body.reason,
        "usage": None,
        "costUsd": None,
        "attempts": body.attempt,
    }


def _of_unrendered(body: ev.RedirectFailed) -> dict[str, Any] | None:
    if body.slot is None:
        return None
    return {
        "messageId": body.message_id,
        "slot": body.slot,
        "model": None,
        "requestId": None,
        "responseText": None,
        "errorText": body.reason,
        "usage": None,
        "costUsd": None,
        "attempts": 0,
    }


_LINES: Mapping[type, Callable[[Any], dict[str, Any] | None]] = {
    ev.ReplyReceived: _of_reply,
    ev.RequestFailed: _of_failure,
    ev.RedirectFailed: _of_unrendered,
}

"""Put a person's word about calls whose outcome is not known, and about what is left out, on the record."""

from typing import Literal

from overlord_run.executor.council import Council
from overlord_run.plan.ids import STARTUP, redirect_id
from overlord_run.plan.redirects import PlannedBlock, PlannedRedirect, target_of
from overlord_run.store import events as ev

Decision = Literal["resend", "skip"]
"""`resend`: ask again, which may be billed again. `skip`: it counts as failed, and the servant is blocked."""

_REASONS = {
    "resend": "how this attempt ended is not known; it is made again on the Overlord's word",
    "skip": "how the call ended is not known; it was skipped on the Overlord's word",
}


async def decide(council: Council, decision: Decision) -> frozenset[str]:
    """Close every call whose outcome is not known, and return the servants whose startup counts as failed by that."""
    calls = list(council.state.open_calls.items())
    reason = _REASONS[decision]
    for (message_id, slot), sent in calls:
        failed = ev.RequestFailed(
            message_id=message_id,
            slot=slot,
            attempt=sent.attempt,
            model=sent.model,
            kind="unknown",
            status=None,
            request_id=None,
            reason=reason,
            retry_in_s=0.0 if decision == "resend" else None,
        )
        await council.recorder.record(
            *([failed] if decision == "resend" else [failed, ev.ServantBlocked(slot, reason)])
        )
    return frozenset(slot for (message_id, slot), _ in calls if message_id == STARTUP and decision == "skip")


async def leave_out_before(council: Council, first: str) -> None:
    """Skip every redirect that stands before `first` in the plan and has not ended."""
    for redirect in council.plan.redirects:
        if redirect.id == first:
            return
        message = council.state.messages.get(redirect.id)
        if message is None or message.ended_at is None:
            left_out = [*_begun_in(council, redirect), (redirect.id, target_of(redirect))]
            why = f"the run was carried on from '{first}'"
            await council.recorder.record(*[ev.RedirectSkipped(id_, to, None, why) for id_, to in left_out])


def _begun_in(council: Council, redirect: PlannedRedirect) -> list[tuple[str, str]]:
    """Return the id and the target of each message that a block's round has begun and not ended."""
    if not isinstance(redirect, PlannedBlock):
        return []
    inside = {one.id: one for one in redirect.redirects}
    return [
        (message.id, target_of(inside[redirect_id(message.id)]))
        for message in council.state.messages.values()
        if message.ended_at is None and redirect_id(message.id) in inside
    ]

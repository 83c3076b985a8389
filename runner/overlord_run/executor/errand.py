"""Bring one message to its servants, and settle what came of it, whoever thought of the message."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from overlord_run.executor.council import Council
from overlord_run.executor.recovery import ask, remedy
from overlord_run.executor.replies import seen_by
from overlord_run.executor.turn import Ask, always
from overlord_run.plan.ids import STARTUP, redirect_id, round_id, round_of
from overlord_run.plan.redirects import PlannedMessage
from overlord_run.plan.render import RenderError, holds, render_message
from overlord_run.plan.targets import required
from overlord_run.store import events as ev
from overlord_run.store.state import Message, Result

_LEFT_OUT = {"blocked": "the servant is blocked", "released": "the servant is released"}


class Errand(Struct, frozen=True):
    """A message on its way: the startup, a redirect, or what a person sent.

    Attributes:
        to: The targets as declared, or as a person named them.
        require: How many of the targets must answer, as a redirect declares it.
        render: Gives the text for a slot; it may raise `RenderError`.
        is_chosen: Says whether a slot is asked at all; it may raise `RenderError`.
    """

    id: str
    to: str
    targets: tuple[str, ...]
    require: str | int
    render: Callable[[str], str]
    timeout_s: float | None = None
    is_chosen: Callable[[str], bool] = lambda _slot: True


def of_startup(council: Council) -> Errand:
    """Return the errand of the startup: each servant's task."""
    tasks = {servant.slot: servant.task for servant in council.plan.servants if servant.task is not None}
    return Errand(STARTUP, "all", tuple(tasks), council.plan.startup_require, tasks.__getitem__)


def of_redirect(council: Council, redirect: PlannedMessage, number: int | None) -> Errand:
    """Return the errand of a redirect, of one round of its block; it reads the replies that are there now."""
    seen = seen_by(council, redirect, number)

    def render(slot: str) -> str:
        return render_message(council.plan, redirect, slot, seen)

    def is_chosen(slot: str) -> bool:
        return redirect.only is None or holds(council.plan, redirect, redirect.only, seen, slot=slot)

    message_id = redirect.id if number is None else round_id(redirect.id, number)
    return Errand(
        id=message_id,
        to=redirect.to,
        targets=redirect.targets,
        require=redirect.require,
        render=render,
        timeout_s=redirect.timeout_s,
        is_chosen=is_chosen,
    )


def of_accepted(body: ev.MessageAccepted) -> Errand:
    """Return the errand of what a person sent."""
    return Errand(body.message_id, body.target, tuple(body.slots), 1, lambda _slot: body.text)


def of_message(council: Council, message: Message) -> Errand:
    """Return the errand that a message was."""
    if message.accepted is not None:
        return of_accepted(message.accepted)
    if message.id == STARTUP:
        return of_startup(council)
    redirect = council.plan.by_id[redirect_id(message.id)]
    if not isinstance(redirect, PlannedMessage):
        raise TypeError(redirect)
    return of_redirect(council, redirect, round_of(message.id))


async def run_errand(council: Council, errand: Errand) -> None:
    """Ask every target that was not asked yet, side by side, and settle the message once all have ended."""
    async with asyncio.TaskGroup() as group:
        for slot in errand.targets:
            group.create_task(deliver(council, errand, slot))
    await settle(council, errand)


async def leave_out(council: Council, errand: Errand, reason: str) -> None:
    """Skip every target whose part has not ended, and settle the message."""
    results = {slot: _result(council, errand, slot) for slot in errand.targets}
    left = [slot for slot, result in results.items() if result is None or result.ended_at is None]
    await council.recorder.record(*[ev.RedirectSkipped(errand.id, errand.to, slot, reason) for slot in left])
    await settle(council, errand)


async def deliver(council: Council, errand: Errand, slot: str, *, may_begin: Callable[[], bool] = always) -> None:
    """Ask one target, unless that has ended already or a person stopped the run; how it ended is in the state."""
    async with council.floor[slot]:
        before = _result(council, errand, slot)
        if council.halt.wanted.is_set() or (before is not None and before.ended_at is not None):
            return
        text = await _text_for(council, errand, slot, before)
        if text is None:
            return
        await ask(council, _question(council, errand, slot, text), may_begin=may_begin)


async def remedy_late(council: Council, errand: Errand, slot: str) -> None:
    """Help a servant whose call failed in a process that is gone, before anybody else speaks with it."""
    async with council.floor[slot]:
        before = _result(council, errand, slot)
        if before is not None and before.text is not None and not council.halt.wanted.is_set():
            await remedy(council, _question(council, errand, slot, before.text))


def _question(council: Council, errand: Errand, slot: str, text: str) -> Ask:
    return Ask(errand.id, errand.to, slot, text, council.timeout_s(slot, errand.timeout_s))


async def _text_for(council: Council, errand: Errand, slot: str, before: Result | None) -> str | None:
    """Return what a target is asked, or None: then it is on record why it is asked nothing.

    What was asked already, where a crash came between, is on record; nothing is rendered twice.
    """
    record = council.recorder.record
    text = None if before is None else before.text
    why_not = _LEFT_OUT.get(council.state.servants[slot].state)
    try:
        if text is None and not errand.is_chosen(slot):
            await record(ev.RedirectSkipped(errand.id, errand.to, slot, "its 'only' is false", by_design=True))
        elif why_not is not None:
            await record(ev.RedirectSkipped(errand.id, errand.to, slot, why_not))
        else:
            return errand.render(slot) if text is None else text
    except RenderError as error:
        await record(ev.RedirectFailed(errand.id, errand.to, slot, str(error)))
    return None


async def settle(council: Council, errand: Errand) -> None:
    """Record what a message came to, once every target has ended; else leave it as it is, for a resume."""
    results = [_result(council, errand, slot) for slot in errand.targets]
    if any(result is None or result.ended_at is None for result in results):
        return
    chosen = [result for result in results if result is not None and not result.by_design]
    answered = sum(result.reply is not None for result in chosen)
    await council.recorder.record(_settled(errand, answered, len(chosen)))


def _settled(errand: Errand, answered: int, chosen: int) -> ev.Body:
    if not chosen:
        why = "its 'only' leaves nobody" if errand.targets else f"nobody in this run is called '{errand.to}'"
        return ev.RedirectSkipped(errand.id, errand.to, None, why, by_design=True)
    if answered == chosen:
        return ev.MessageSettled(errand.id, "completed", None)
    wanted = required(errand.require, chosen)
    reason = f"{answered} of {chosen} servants answered"
    if answered >= wanted:
        return ev.MessageSettled(errand.id, "partial", reason)
    return ev.MessageSettled(errand.id, "failed", f"{reason}, {wanted} are required" if wanted > 1 else reason)


def _result(council: Council, errand: Errand, slot: str) -> Result | None:
    message = council.state.messages.get(errand.id)
    return None if message is None else message.results.get(slot)

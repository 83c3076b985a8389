"""Bring one message to its servants, and settle what came of it, whoever thought of the message."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from overlord_run.executor.council import Council
from overlord_run.executor.recovery import ask
from overlord_run.executor.replies import replies_of, states_of
from overlord_run.executor.turn import Ask, always
from overlord_run.plan.model import STARTUP, PlannedRedirect
from overlord_run.plan.render import RenderError, render_message
from overlord_run.playbook.model import OnFailure
from overlord_run.store import events as ev
from overlord_run.store.state import Message, Result

_LEFT_OUT = {"blocked": "the servant is blocked", "released": "the servant is released"}


@dataclass(frozen=True, slots=True)
class Errand:
    """A message on its way: the startup, a redirect, or what a person sent.

    Attributes:
        to: The targets as declared, or as a person named them.
        require: How many of the targets must answer.
        render: Gives the text for a slot; it may raise `RenderError`.
    """

    id: str
    to: str
    targets: tuple[str, ...]
    require: int
    render: Callable[[str], str]
    timeout_s: float | None = None
    on_failure: OnFailure = "continue"


def of_startup(council: Council) -> Errand:
    """Return the errand of the startup: each servant's task."""
    tasks = {servant.slot: servant.task for servant in council.plan.servants if servant.task is not None}
    return Errand(STARTUP, "all", tuple(tasks), council.plan.startup_require, tasks.__getitem__)


def of_redirect(council: Council, redirect: PlannedRedirect) -> Errand:
    """Return the errand of a redirect; it reads the replies that are there now."""
    replies = replies_of(council.plan, council.state, redirect.reads)

    def render(slot: str) -> str:
        return render_message(council.plan, redirect, slot, replies, states_of(council.state))

    return Errand(
        redirect.id, redirect.to, redirect.targets, redirect.require, render, redirect.timeout_s, redirect.on_failure
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
    return of_redirect(council, council.redirects[message.id])


async def run_errand(council: Council, errand: Errand) -> None:
    """Ask every target that was not asked yet, side by side, and settle the message once all have ended."""
    async with asyncio.TaskGroup() as group:
        for slot in errand.targets:
            group.create_task(deliver(council, errand, slot))
    await settle(council, errand)


async def deliver(council: Council, errand: Errand, slot: str, *, may_begin: Callable[[], bool] = always) -> None:
    """Ask one target, unless that has ended already or a person stopped the run; how it ended is in the state."""
    async with council.floor[slot]:
        before = _result(council, errand, slot)
        if council.halt.wanted.is_set() or (before is not None and before.ended_at is not None):
            return
        why_not = _LEFT_OUT.get(council.state.servants[slot].state)
        if why_not is not None:
            await council.recorder.record(ev.RedirectSkipped(errand.id, errand.to, slot, why_not))
            return
        try:
            # What was asked is on record where a crash came between; nothing is rendered twice.
            text = errand.render(slot) if before is None or before.text is None else before.text
        except RenderError as error:
            await council.recorder.record(ev.RedirectFailed(errand.id, errand.to, slot, str(error)))
            return
        question = Ask(errand.id, errand.to, slot, text, council.timeout_s(slot, errand.timeout_s))
        await ask(council, question, may_begin=may_begin)


async def settle(council: Council, errand: Errand) -> None:
    """Record what a message came to, once every target has ended; else leave it as it is, for a resume."""
    results = [_result(council, errand, slot) for slot in errand.targets]
    if any(result is None or result.ended_at is None for result in results):
        return
    answered = sum(result is not None and result.reply is not None for result in results)
    if answered == len(results):
        await council.recorder.record(ev.MessageSettled(errand.id, "completed", None))
        return
    reason = f"{answered} of {len(results)} servants answered"
    if answered >= errand.require:
        await council.recorder.record(ev.MessageSettled(errand.id, "partial", reason))
        return
    if errand.require > 1:
        reason += f", {errand.require} are required"
    await council.recorder.record(ev.MessageSettled(errand.id, "failed", reason))


def _result(council: Council, errand: Errand, slot: str) -> Result | None:
    message = council.state.messages.get(errand.id)
    return None if message is None else message.results.get(slot)

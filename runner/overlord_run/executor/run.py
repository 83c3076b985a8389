"""Carry a plan out from preflight to the outputs, from wherever the log says that it stands."""

import asyncio
from typing import Any

from overlord_run.executor.council import Council
from overlord_run.executor.desk import Desk, Mailbox
from overlord_run.executor.errand import Errand, leave_out, of_message, remedy_late, run_errand
from overlord_run.executor.proof import prove
from overlord_run.executor.recovery import left_without_remedy
from overlord_run.executor.redirects import send_redirects
from overlord_run.executor.replies import seen_by_outputs
from overlord_run.executor.spending import timed
from overlord_run.executor.startup import start
from overlord_run.plan.ids import STARTUP, redirect_id, round_of
from overlord_run.plan.render import evaluate_outputs
from overlord_run.store import events as ev
from overlord_run.store.state import Message

_FINISHED = frozenset({"completed", "partial"})


async def execute(
    council: Council, mailbox: Mailbox, left_out: frozenset[str] = frozenset(), *, is_proved: bool = False
) -> None:
    """Carry the plan out; return when the run has ended, or when a person stopped it and no call is in flight.

    Args:
        council: The run.
        mailbox: What others ask of it.
        left_out: Servants that are not started, since a person has just said that their startup counts as failed.
        is_proved: Whether the API was proved just now.

    Raises:
        PreflightError: The API was not proved; the failure is recorded and no model was asked.
        StoreError: The log cannot be written any more; calls in flight were cancelled.
    """
    try:
        await _execute(council, mailbox, left_out, is_proved=is_proved)
    except BaseExceptionGroup as group:
        raise _first(group) from group


async def conclude(council: Council, _mailbox: Mailbox) -> None:
    """End a run that a person has rejected: what is left is skipped, and nothing is asked of the API.

    Raises:
        StoreError: The log cannot be written any more.
    """
    try:
        await send_redirects(council)
        for errand in _left_by_persons(council):
            await leave_out(council, errand, council.halt.reason or "the run was rejected")
        await _finish(council)
    except BaseExceptionGroup as group:
        raise _first(group) from group


async def serve(council: Council, mailbox: Mailbox) -> None:
    """Do what the inbox asks of a run that has ended, until it is empty; the plan is not carried on.

    Raises:
        PreflightError: The API was not proved; the failure is recorded and no model was asked.
        StoreError: The log cannot be written any more; calls in flight were cancelled.
    """
    try:
        await _serve(council, mailbox)
    except BaseExceptionGroup as group:
        raise _first(group) from group


async def _execute(council: Council, mailbox: Mailbox, left_out: frozenset[str], *, is_proved: bool) -> None:
    async with timed(council), asyncio.TaskGroup() as group:
        desk = Desk(council, mailbox, group)
        attending = group.create_task(desk.attend())
        is_started = (is_proved or await prove(council)) and await start(council, left_out)
        has_ended = False
        if is_started:
            desk.is_open = True
            for message, slot in left_without_remedy(council.state):
                group.create_task(remedy_late(council, of_message(council, message), slot))
            for errand in _left_by_persons(council):
                group.create_task(run_errand(council, errand))
            has_ended = await send_redirects(council)
        desk.close()
        await attending
    if council.halt.wanted.is_set() and not (is_started and _has_settled(council)):
        await _stop_at_limit(council)
    elif not is_started:
        await council.recorder.record(ev.RunFinished("failed", "startup was not proved", {}, {}))
    elif has_ended:
        await _finish(council)
    elif any(council.state.messages[pause].ended_at is not None for pause in council.answers):
        # The desk took an answer while what waited for it was going home already: what follows from it comes now.
        await _execute(council, mailbox, left_out, is_proved=True)
    else:
        await council.recorder.record(ev.RunPaused([pause.id for pause in council.state.open_pauses]))


def _left_by_persons(council: Council) -> list[Errand]:
    """Return what persons asked for before a crash or a stop came, where the redirects do not come by it."""
    return [
        of_message(council, message)
        for message in council.state.messages.values()
        if message.ended_at is None and (message.accepted is not None or _is_past(council, message))
    ]


def _is_past(council: Council, message: Message) -> bool:
    """Say whether a message is of a round that has ended: then one of its servants is asked again."""
    number, block = round_of(message.id), council.plan.block_of.get(redirect_id(message.id))
    around = None if block is None else council.state.messages.get(block.id)
    return number is not None and around is not None and (around.ended_at is not None or number <= around.rounds)


async def _serve(council: Council, mailbox: Mailbox) -> None:
    had_ended = council.state.state
    if not await prove(council):
        return
    taken, has_asked_again = 1, False
    while taken and not council.halt.wanted.is_set():
        async with timed(council), asyncio.TaskGroup() as group:
            desk = Desk(council, mailbox, group, is_proved=True)
            taken = await desk.take()
        has_asked_again = has_asked_again or desk.has_asked_again
    if not _has_settled(council):
        await _stop_at_limit(council)
    elif has_asked_again and had_ended in _FINISHED and council.state.state == had_ended:
        await _finish(council)  # what the council came to may be another thing now


def _has_settled(council: Council) -> bool:
    messages = council.state.messages
    starts = [STARTUP] if any(servant.task is not None for servant in council.plan.servants) else []
    declared = all(name in messages for name in [*starts, *(redirect.id for redirect in council.plan.redirects)])
    return declared and all(message.ended_at is not None for message in messages.values())


async def _stop_at_limit(council: Council) -> None:
    """Record that the budget stopped the run, where it did, and what the answers so far come to."""
    if council.halt.limit is not None:
        values, failures = _outputs(council)
        await council.recorder.record(ev.RunStopped(council.halt.limit, None, values, failures))


def _outputs(council: Council) -> tuple[dict[str, Any], dict[str, str]]:
    return evaluate_outputs(council.plan, seen_by_outputs(council))


async def _finish(council: Council) -> None:
    values, failures = _outputs(council)
    state, reasons = "completed", []
    fell_short = [message.id for message in council.state.messages.values() if _fell_short(message)]
    if fell_short:
        reasons.append(f"not all servants answered: {', '.join(fell_short)}")
    if failures:
        reasons.append(f"outputs without a value: {', '.join(failures)}")
    if reasons:
        state = "partial"
    if council.halt.is_rejection and council.halt.reason is not None:
        state, reasons = "rejected", [council.halt.reason]
    await council.recorder.record(ev.RunFinished(state, "; ".join(reasons) or None, values, failures))


def _fell_short(message: Message) -> bool:
    """Say whether a message came to less than the playbook wants."""
    return message.state != "completed" and not message.by_design


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error that a task group carries; the others followed from it."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error

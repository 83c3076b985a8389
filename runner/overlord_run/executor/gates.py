"""Decide whether a redirect is carried out, and answer what decides over others: checks, pauses, a block's rounds."""

import asyncio

from overlord_run.executor.council import Council
from overlord_run.executor.replies import seen_by
from overlord_run.executor.standstill import Standstill
from overlord_run.plan.ids import round_id
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedPause, PlannedRedirect, target_of
from overlord_run.plan.render import RenderError, holds, render_text
from overlord_run.store import events as ev
from overlord_run.store.state import Message


async def admit(council: Council, redirect: PlannedRedirect, number: int | None) -> bool:
    """Say whether a redirect is carried out now; where it never is, that is on record.

    One that has begun, before a crash, goes on: what let it begin is not looked at again.

    Args:
        council: The run.
        redirect: What has not ended, and waits for nothing any more.
        number: The round of its block, from 1.
    """
    if council.halt.wanted.is_set():
        return False
    if _has_begun(council, redirect, number):
        return True
    message_id, target = _id(redirect.id, number), target_of(redirect)
    try:
        why_not = _why_not(council, redirect, number)
    except RenderError as error:
        reason = f"its 'when' cannot be evaluated: {error}"
        await council.recorder.record(ev.RedirectFailed(message_id, target, None, reason))
        return False
    if why_not is not None:
        reason, is_by_design = why_not
        await council.recorder.record(ev.RedirectSkipped(message_id, target, None, reason, by_design=is_by_design))
    return why_not is None


def heed(council: Council, redirect: PlannedRedirect, message_id: str) -> None:
    """Let nothing new begin where what a redirect came to ends the run."""
    message = council.state.messages.get(message_id)
    if message is None or message.state != "failed" or council.halt.is_rejection:
        return
    match redirect:
        case PlannedCheck():
            _halt(council, f"the check '{message_id}' did not pass: {message.failure}")
        case PlannedPause():
            how = "could not be asked" if message.answer is None else "was not approved"
            _halt(council, f"'{message_id}' {how}: {message.failure}")
        case _ if redirect.on_failure == "stop" and council.halt.reason is None:
            council.halt.reason = f"redirect '{message_id}' failed, and its on_failure is stop"


async def check(council: Council, redirect: PlannedCheck, number: int | None) -> None:
    """Look at a condition that must hold; one that cannot be evaluated does not."""
    message_id, seen = _id(redirect.id, number), seen_by(council, redirect, number)
    try:
        is_met = holds(council.plan, redirect, redirect.check, seen)
        reason = None
        if not is_met:
            told = "" if redirect.message is None else render_text(council.plan, redirect, redirect.message, seen)
            reason = told.strip() or "it is false"
        await council.recorder.record(ev.CheckAnswered(message_id, is_met, reason))
    except RenderError as error:
        await council.recorder.record(ev.RedirectFailed(message_id, "", None, str(error)))


async def ask_person(council: Council, standstill: Standstill, redirect: PlannedPause, number: int | None) -> None:
    """Ask a person, and wait for the answer as long as anything else moves; `answers` keeps what nobody heeded."""
    message_id = _id(redirect.id, number)
    answer = council.answers[message_id] = asyncio.get_running_loop().create_future()
    if not _is_asked(council.state.messages.get(message_id)):
        try:
            text = render_text(council.plan, redirect, redirect.pause, seen_by(council, redirect, number))
        except RenderError as error:
            del council.answers[message_id]
            await council.recorder.record(ev.RedirectFailed(message_id, "", None, str(error)))
            return
        await council.recorder.record(ev.PauseReached(message_id, text.strip()))
    standstill.look()
    is_answered = await standstill.unless(answer)
    if is_answered:
        del council.answers[message_id]
    elif council.halt.reason is not None:
        await council.recorder.record(ev.RedirectSkipped(message_id, "", None, council.halt.reason))


def judge_round(council: Council, block: PlannedBlock, number: int) -> tuple[str | None, str | None]:
    """Return what a block comes to behind a round, and why; nothing where another round follows."""
    repeat = block.repeat
    if council.halt.reason is not None:
        return "failed", council.halt.reason
    try:
        if repeat.until is not None and holds(council.plan, block, repeat.until, seen_by(council, block, number)):
            return "completed", None
    except RenderError as error:
        return "failed", f"its 'until' cannot be evaluated: {error}"
    if number < repeat.max:
        return None, None
    if repeat.until is None or repeat.at_max == "continue":
        return "completed", None
    return "failed", f"its 'until' does not hold after {number} {'round' if number == 1 else 'rounds'}"


def _halt(council: Council, reason: str) -> None:
    """End the run: what waits for a person waits no longer."""
    council.halt.reason, council.halt.is_rejection = reason, True
    for answer in council.answers.values():
        if not answer.done():
            answer.set_result(False)


def _why_not(council: Council, redirect: PlannedRedirect, number: int | None) -> tuple[str, bool] | None:
    """Return why a redirect is skipped, and whether the playbook wants it so; None where it is not.

    Raises:
        RenderError: Its own condition cannot be evaluated.
    """
    if council.halt.reason is not None:
        return council.halt.reason, False
    for needed in redirect.needs:
        message = council.state.messages[_id(needed, number)]
        if not message.has_succeeded:
            what = "was skipped" if message.state == "skipped" else "failed"
            return f"it needs '{needed}', which {what}", message.by_design
    if redirect.when is None or holds(council.plan, redirect, redirect.when, seen_by(council, redirect, number)):
        return None
    return "its 'when' is false", True


def _has_begun(council: Council, redirect: PlannedRedirect, number: int | None) -> bool:
    messages = council.state.messages
    inside = redirect.redirects if isinstance(redirect, PlannedBlock) else ()
    return _id(redirect.id, number) in messages or any(round_id(each.id, 1) in messages for each in inside)


def _is_asked(message: Message | None) -> bool:
    return message is not None and message.question is not None


def _id(redirect_id: str, number: int | None) -> str:
    return redirect_id if number is None else round_id(redirect_id, number)

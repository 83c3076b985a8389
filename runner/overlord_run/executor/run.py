"""Carry a plan out from preflight to the outputs."""

import asyncio

from overlord_run.errors import PreflightError
from overlord_run.executor.council import Council
from overlord_run.executor.redirects import send_redirects
from overlord_run.executor.replies import replies_of, states_of
from overlord_run.executor.startup import start
from overlord_run.plan.render import evaluate_outputs
from overlord_run.store import events as ev


async def execute(council: Council) -> None:
    """Carry the plan out; return when the run has ended, or when a person stopped it and no call is in flight.

    Raises:
        PreflightError: The API was not proved; the failure is recorded and no model was asked.
        StoreError: The log cannot be written any more; calls in flight were cancelled.
    """
    try:
        await _execute(council)
    except BaseExceptionGroup as group:
        raise _first(group) from group


async def _execute(council: Council) -> None:
    if not await _prove(council):
        return
    if not await start(council):
        if not council.halt.wanted.is_set():
            await council.recorder.record(ev.RunFinished("failed", "startup was not proved", {}, {}))
        return
    await send_redirects(council)
    if _has_settled(council):
        await _finish(council)


async def _prove(council: Council) -> bool:
    """Do the preflight; return False where a person stopped it.

    It is cancelled at once, since nothing of it is waited for; a probe that was out stays on record as sent.
    """

    async def before_probe(model: str) -> None:
        await council.recorder.record(ev.ProbeSent(model))

    proof = asyncio.create_task(council.engine.preflight(before_probe))
    wanted = asyncio.create_task(council.halt.wanted.wait())
    try:
        await asyncio.wait({proof, wanted}, return_when=asyncio.FIRST_COMPLETED)
        if not proof.done():
            return False
        await council.recorder.record(ev.PreflightPassed(proof.result(), council.engine.proves_by))
    except PreflightError as error:
        await council.recorder.record(ev.PreflightFailed(error.code, error.message))
        raise
    finally:
        proof.cancel()
        wanted.cancel()
    return True


def _has_settled(council: Council) -> bool:
    messages = council.state.messages
    return all(
        redirect.id in messages and messages[redirect.id].ended_at is not None for redirect in council.plan.redirects
    )


async def _finish(council: Council) -> None:
    state = council.state
    values, failures = evaluate_outputs(council.plan, replies_of(state, state.messages), states_of(state))
    fell_short = [message.id for message in state.messages.values() if message.state != "completed"]
    if not fell_short and not failures:
        await council.recorder.record(ev.RunFinished("completed", None, values, {}))
        return
    reasons = []
    if fell_short:
        reasons.append(f"not all servants answered: {', '.join(fell_short)}")
    if failures:
        reasons.append(f"outputs without a value: {', '.join(failures)}")
    await council.recorder.record(ev.RunFinished("partial", "; ".join(reasons), values, failures))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error that a task group carries; the others followed from it."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error

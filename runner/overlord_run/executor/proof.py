"""Prove the API, before anything is sent and whenever a lease is to be renewed."""

import asyncio

from overlord_run.errors import PreflightError
from overlord_run.executor.council import Council
from overlord_run.store import events as ev
from overlord_run.store.state import State


async def prove(council: Council) -> bool:
    """Prove the API on the record, and with it the leases of the servants; return False where a person stopped it.

    It is cancelled at once then, since nothing of it is waited for; a probe that was out stays on record as sent.

    Raises:
        PreflightError: The API is not proved; that is on the record, and no model was asked.
    """
    proof = asyncio.create_task(_preflight(council))
    wanted = asyncio.create_task(council.halt.wanted.wait())
    try:
        await asyncio.wait({proof, wanted}, return_when=asyncio.FIRST_COMPLETED)
        if not proof.done():
            return False
        await council.recorder.record(*_proved(council, proof.result()))
    except PreflightError as error:
        await council.recorder.record(ev.PreflightFailed(error.code, error.message))
        raise
    finally:
        proof.cancel()
        wanted.cancel()
    return True


async def is_proved(council: Council) -> bool:
    """Prove the API on the record and return whether it was proved, and nobody stopped it."""
    try:
        return await prove(council)
    except PreflightError:
        return False


def with_conversation(state: State) -> list[str]:
    """Return the slots whose servants are ready as far as the log can tell."""
    unknown = {slot for _, slot in state.open_calls}
    return [slot for slot, servant in state.servants.items() if servant.state == "ready" and slot not in unknown]


async def _preflight(council: Council) -> tuple[str, ...]:
    async def before_probe(model: str) -> None:
        await council.recorder.record(ev.ProbeSent(model))

    return await council.engine.preflight(before_probe)


def _proved(council: Council, models: tuple[str, ...]) -> tuple[ev.Body, ...]:
    method = council.engine.proves_by
    passed = ev.PreflightPassed(models, method)
    slots = with_conversation(council.state)
    return (passed, ev.LeaseChecked(slots, method)) if slots else (passed,)

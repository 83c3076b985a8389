"""Prove the API, before anything is sent and whenever a lease is to be renewed."""

import asyncio

from overlord_run.engine.base import ProofMethod
from overlord_run.engine.preflight import PROBE
from overlord_run.errors import BudgetError, PreflightError
from overlord_run.executor.council import Council
from overlord_run.executor.spending import book_probe
from overlord_run.store import events as ev
from overlord_run.store.state import State


async def prove(council: Council, method: ProofMethod | None = None, *, renews_leases: bool = True) -> bool:
    """Prove the API on the record, and with it the leases of the servants, unless these are not in question.

    It returns False where a person stopped it, or the budget does not cover a probe.

    Raises:
        PreflightError: The API is not proved; that is on the record, and no model was asked.
    """
    method = method or council.engine.proves_by
    proof = asyncio.create_task(_preflight(council, method))
    wanted = asyncio.create_task(council.halt.wanted.wait())
    try:
        await asyncio.wait({proof, wanted}, return_when=asyncio.FIRST_COMPLETED)
        if not proof.done():
            return False
        slots = with_conversation(council.state) if renews_leases else []
        passed = ev.PreflightPassed(proof.result(), method)
        await council.recorder.record(passed, *([ev.LeaseChecked(slots, method)] if slots else []))
    except BudgetError:
        return False
    except PreflightError as error:
        await council.recorder.record(ev.PreflightFailed(error.code, error.message))
        raise
    finally:
        proof.cancel()
        wanted.cancel()
    return True


async def fault_of(council: Council, method: ProofMethod | None = None, *, renews_leases: bool = True) -> str | None:
    """Prove the API on the record, and return None; or why it was not proved."""
    try:
        is_proved = await prove(council, method, renews_leases=renews_leases)
    except PreflightError as error:
        return error.message
    return None if is_proved else council.halt.limit or "the run was stopped meanwhile"


def with_conversation(state: State) -> list[str]:
    """Return the slots whose servants are ready as far as the log can tell."""
    unknown = {slot for _, slot in state.open_calls}
    return [slot for slot, servant in state.servants.items() if servant.state == "ready" and slot not in unknown]


async def _preflight(council: Council, method: ProofMethod) -> tuple[str, ...]:
    async def before_probe(model: str) -> None:
        await book_probe(council, model, PROBE)

    return await council.engine.preflight(before_probe, method)

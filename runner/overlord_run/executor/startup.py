"""Ask every servant that has a task, side by side, until as many have answered as the plan requires."""

import asyncio

from overlord_run.executor.council import Council
from overlord_run.executor.errand import Errand, deliver, of_startup, settle
from overlord_run.plan.model import STARTUP
from overlord_run.store import events as ev
from overlord_run.store.state import Result


async def start(council: Council) -> bool:
    """Start the servants that have not answered yet, and return whether as many as required have answered.

    Where all must answer, nothing new is started after the first failure, and what was not sent is recorded as skipped;
    unless a person stopped the run: then it waits as it is.
    """
    errand = of_startup(council)
    missing = [] if _is_proved(council) else [slot for slot in errand.targets if not _has_answered(council, slot)]
    await council.recorder.record(ev.StartupBegan(missing))
    if not missing:
        return True
    await _ask_all(council, errand, missing)
    unsent = [slot for slot in missing if _is_open(council, slot)]
    if unsent and not council.halt.wanted.is_set():
        why = "another servant's startup failed"
        await council.recorder.record(*[ev.RedirectSkipped(STARTUP, "all", slot, why) for slot in unsent])
    await settle(council, errand)
    return _is_proved(council)


async def _ask_all(council: Council, errand: Errand, missing: list[str]) -> None:
    def may_begin() -> bool:
        return errand.require < len(errand.targets) or not any(_has_failed(council, slot) for slot in missing)

    async with asyncio.TaskGroup() as group:
        for slot in missing:
            group.create_task(deliver(council, errand, slot, may_begin=may_begin))


def _is_proved(council: Council) -> bool:
    message = council.state.messages.get(STARTUP)
    return message is not None and message.state in {"completed", "partial"}


def _result(council: Council, slot: str) -> Result | None:
    message = council.state.messages.get(STARTUP)
    return None if message is None else message.results.get(slot)


def _has_answered(council: Council, slot: str) -> bool:
    result = _result(council, slot)
    return result is not None and result.reply is not None


def _has_failed(council: Council, slot: str) -> bool:
    result = _result(council, slot)
    return result is not None and result.state == "failed"


def _is_open(council: Council, slot: str) -> bool:
    result = _result(council, slot)
    return result is None or result.ended_at is None

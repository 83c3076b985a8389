"""Ask every servant that has a task, side by side, until as many have answered as the plan requires."""

import asyncio
from functools import partial

from overlord_run.executor.council import Council
from overlord_run.executor.errand import Errand, deliver, of_startup, settle
from overlord_run.plan.ids import STARTUP
from overlord_run.store import events as ev
from overlord_run.store.state import Result


async def start(council: Council, left_out: frozenset[str] = frozenset()) -> bool:
    """Start the servants that have not answered yet, and return whether as many as required have answered.

    Where all must answer, nothing new is started after the first failure, and what was not sent is recorded as skipped;
    unless a person stopped the run: then it waits as it is. The servants in `left_out` are not asked: a person has just
    said that their startup counts as failed.
    """
    errand = of_startup(council)
    if not errand.targets or _is_proved(council):
        await council.recorder.record(ev.StartupBegan([]))
        return True
    missing = [slot for slot in errand.targets if not _has_answered(council, slot) and slot not in left_out]
    if missing:
        await council.recorder.record(ev.StartupBegan(missing))
        await _ask_all(council, errand, missing)
    unsent = [slot for slot in missing if _is_open(council, slot)]
    if unsent and not council.halt.wanted.is_set():
        why = "another servant's startup failed"
        await council.recorder.record(*[ev.RedirectSkipped(STARTUP, "all", slot, why) for slot in unsent])
    await settle(council, errand)  # also where all had ended, and a crash came before this
    return _is_proved(council)


async def _ask_all(council: Council, errand: Errand, missing: list[str]) -> None:
    """Ask servants side by side; where all must answer, none begins after the first failure."""
    # Those who did not answer so far: at most as many as there are lanes, so each of 10,000 can look at them; and only
    # where anything was recorded since the one before did.
    under_way = set(errand.targets).difference(missing)
    looked_at_seq = 0

    def may_begin(slot: str) -> bool:
        nonlocal looked_at_seq
        if council.plan.startup_require >= len(errand.targets) and looked_at_seq != council.state.last_seq:
            message = council.state.messages.get(STARTUP)
            results = {} if message is None else message.results
            ended = [(one, results[one]) for one in under_way if one in results and _is_told(results[one])]
            under_way.difference_update([one for one, result in ended if result.reply is not None])
            if any(result.reply is None for _, result in ended):
                return False
            looked_at_seq = council.state.last_seq
        under_way.add(slot)
        return True

    async with asyncio.TaskGroup() as group:
        for slot in missing:
            group.create_task(deliver(council, errand, slot, may_begin=partial(may_begin, slot)))


def _is_proved(council: Council) -> bool:
    message = council.state.messages.get(STARTUP)
    return message is not None and message.state in {"completed", "partial"}


def _result(council: Council, slot: str) -> Result | None:
    message = council.state.messages.get(STARTUP)
    return None if message is None else message.results.get(slot)


def _has_answered(council: Council, slot: str) -> bool:
    result = _result(council, slot)
    return result is not None and result.reply is not None


def _is_told(result: Result) -> bool:
    return result.reply is not None or result.state == "failed"


def _is_open(council: Council, slot: str) -> bool:
    result = _result(council, slot)
    return result is None or result.ended_at is None

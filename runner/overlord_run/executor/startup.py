"""Ask every servant that has a task, side by side; all must answer."""

import asyncio

from overlord_run.executor.council import Council
from overlord_run.executor.turn import Ask, Outcome, take_turn
from overlord_run.plan.model import STARTUP
from overlord_run.store import events as ev


async def start(council: Council) -> bool:
    """Start the servants and return whether each one that was asked gave text.

    Nothing new is started after the first failure; what was not sent is recorded as skipped, unless a person stopped
    the run: then it waits as it is.
    """
    asks = [
        Ask(STARTUP, "all", servant.slot, servant.task, council.timeout_s(servant.slot))
        for servant in council.plan.servants
        if servant.task is not None
    ]
    await council.recorder.record(ev.StartupBegan([ask.slot for ask in asks]))
    if not asks:
        return True
    outcomes = await _ask_all(council, asks)
    if council.halt.wanted.is_set() and "unsent" in outcomes.values():
        return False
    answered = sum(outcome == "answered" for outcome in outcomes.values())
    await council.recorder.record(
        *[
            ev.RedirectSkipped(STARTUP, "all", slot, "another servant's startup failed")
            for slot, outcome in outcomes.items()
            if outcome == "unsent"
        ],
        _settled(answered, len(asks)),
    )
    return answered == len(asks)


async def _ask_all(council: Council, asks: list[Ask]) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}

    def may_begin() -> bool:
        return "failed" not in outcomes.values()

    async def ask_one(ask: Ask) -> None:
        outcomes[ask.slot] = await take_turn(council, ask, may_begin=may_begin)

    async with asyncio.TaskGroup() as group:
        for ask in asks:
            group.create_task(ask_one(ask))
    return outcomes


def _settled(answered: int, asked: int) -> ev.MessageSettled:
    if answered == asked:
        return ev.MessageSettled(STARTUP, "completed", None)
    state = "partial" if answered else "failed"
    return ev.MessageSettled(STARTUP, state, f"{answered} of {asked} servants answered")

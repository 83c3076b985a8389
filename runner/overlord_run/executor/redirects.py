"""Send the redirects: each when the ones it comes after have ended, its targets side by side."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overlord_run.executor.council import Council
from overlord_run.executor.errand import deliver, of_redirect, settle
from overlord_run.plan.model import PlannedRedirect
from overlord_run.store import events as ev
from overlord_run.store.state import Message

Turn = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who waits for whom.

    Attributes:
        ended: Set when a redirect has ended, by its id.
        over: Set when a servant's turn at a redirect is over.
        previous: The turn that the same servant must have had before, where there is one.
    """

    ended: Mapping[str, asyncio.Event]
    over: Mapping[Turn, asyncio.Event]
    previous: Mapping[Turn, Turn]


async def send_redirects(council: Council) -> None:
    """Send every redirect that has not ended; return when each has, or a person stopped it and no call is out."""
    redirects = council.plan.redirects
    schedule = Schedule(
        ended={redirect.id: asyncio.Event() for redirect in redirects},
        over={(redirect.id, slot): asyncio.Event() for redirect in redirects for slot in redirect.targets},
        previous=previous_turns(redirects),
    )
    async with asyncio.TaskGroup() as group:
        for redirect in redirects:
            group.create_task(_send(council, schedule, redirect))


def previous_turns(redirects: Iterable[PlannedRedirect]) -> dict[Turn, Turn]:
    """Return for each turn, a redirect's id and a slot, the same slot's turn before it.

    The redirects come in an order that keeps every `after`, so a turn only ever waits for one further up: no deadlock.
    """
    latest: dict[str, Turn] = {}
    previous: dict[Turn, Turn] = {}
    for redirect in redirects:
        for slot in redirect.targets:
            turn = (redirect.id, slot)
            if slot in latest:
                previous[turn] = latest[slot]
            latest[slot] = turn
    return previous


async def _send(council: Council, schedule: Schedule, redirect: PlannedRedirect) -> None:
    for earlier in redirect.after:
        await schedule.ended[earlier].wait()
    message = council.state.messages.get(redirect.id)
    if message is None or message.ended_at is None:
        why_not = council.halt.reason or _why_nobody(redirect)
        if why_not is None:
            await _send_to_all(council, schedule, redirect)
        else:
            await council.recorder.record(ev.RedirectSkipped(redirect.id, redirect.to, None, why_not))
        message = council.state.messages.get(redirect.id)
    if redirect.on_failure == "stop" and _has_failed(message):
        council.halt.reason = f"redirect '{redirect.id}' failed, and its on_failure is stop"
    for slot in redirect.targets:
        schedule.over[redirect.id, slot].set()
    schedule.ended[redirect.id].set()


async def _send_to_all(council: Council, schedule: Schedule, redirect: PlannedRedirect) -> None:
    errand = of_redirect(council, redirect)

    async def send_to(slot: str) -> None:
        turn = (redirect.id, slot)
        if turn in schedule.previous:
            await schedule.over[schedule.previous[turn]].wait()
        await deliver(council, errand, slot)
        schedule.over[turn].set()

    async with asyncio.TaskGroup() as group:
        for slot in redirect.targets:
            group.create_task(send_to(slot))
    await settle(council, errand)


def _why_nobody(redirect: PlannedRedirect) -> str | None:
    """Return why a redirect goes to nobody: `for_each` had an empty list, or a limit left its targets out."""
    return None if redirect.targets else f"nobody in this run is called '{redirect.to}'"


def _has_failed(message: Message | None) -> bool:
    return message is not None and message.state == "failed"

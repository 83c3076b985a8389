"""Send the redirects: each when the ones it comes after have ended, its targets side by side."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from overlord_run.executor.council import Council
from overlord_run.executor.replies import Replies, replies_of, states_of
from overlord_run.executor.turn import Ask, Outcome, take_turn
from overlord_run.plan.model import PlannedRedirect
from overlord_run.plan.render import RenderError, render_message
from overlord_run.store import events as ev

Turn = tuple[str, str]
Delivery = Outcome | Literal["skipped"]


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
    """Send every redirect of the plan; return when each has ended, or when a person stopped it and no call is out."""
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
    if council.halt.reason is not None:
        await council.recorder.record(ev.RedirectSkipped(redirect.id, redirect.to, None, council.halt.reason))
        for slot in redirect.targets:
            schedule.over[redirect.id, slot].set()
    else:
        await _send_to_all(council, schedule, redirect)
    schedule.ended[redirect.id].set()


async def _send_to_all(council: Council, schedule: Schedule, redirect: PlannedRedirect) -> None:
    replies = replies_of(council.state, redirect.reads)
    deliveries: dict[str, Delivery] = {}

    async def send_to(slot: str) -> None:
        turn = (redirect.id, slot)
        if turn in schedule.previous:
            await schedule.over[schedule.previous[turn]].wait()
        deliveries[slot] = await _deliver(council, redirect, slot, replies)
        schedule.over[turn].set()

    async with asyncio.TaskGroup() as group:
        for slot in redirect.targets:
            group.create_task(send_to(slot))
    if "unsent" not in deliveries.values():
        await _settle(council, redirect, sum(delivery == "answered" for delivery in deliveries.values()))


async def _deliver(council: Council, redirect: PlannedRedirect, slot: str, replies: Replies) -> Delivery:
    if council.halt.wanted.is_set():
        return "unsent"
    if council.state.servants[slot].state == "blocked":
        await council.recorder.record(ev.RedirectSkipped(redirect.id, redirect.to, slot, "the servant is blocked"))
        return "skipped"
    try:
        text = render_message(council.plan, redirect, slot, replies, states_of(council.state))
    except RenderError as error:
        await council.recorder.record(ev.RedirectFailed(redirect.id, redirect.to, slot, str(error)))
        return "failed"
    ask = Ask(redirect.id, redirect.to, slot, text, council.timeout_s(slot, redirect.timeout_s))
    return await take_turn(council, ask)


async def _settle(council: Council, redirect: PlannedRedirect, answered: int) -> None:
    count = len(redirect.targets)
    if answered == count:
        await council.recorder.record(ev.MessageSettled(redirect.id, "completed", None))
        return
    reason = f"{answered} of {count} servants answered"
    if answered >= redirect.require:
        await council.recorder.record(ev.MessageSettled(redirect.id, "partial", reason))
        return
    if redirect.require > 1:
        reason += f", {redirect.require} are required"
    if redirect.on_failure == "stop":
        council.halt.reason = f"redirect '{redirect.id}' failed, and its on_failure is stop"
    await council.recorder.record(ev.MessageSettled(redirect.id, "failed", reason))

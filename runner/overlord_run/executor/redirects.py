"""Carry the redirects out: each when the ones it waits for have ended, those of a block round by round.

`graphlib` says what is ready. What does not follow from the order alone is told here: a servant's own messages keep the
plan's order, by a chain of turns a slot; and a standstill is noticed, when nothing can move but a person.
"""

import asyncio
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from overlord_run.executor.council import Council
from overlord_run.executor.errand import Errand, deliver, of_redirect, settle
from overlord_run.executor.gates import admit, ask_person, check, heed, judge_round
from overlord_run.executor.standstill import Standstill, is_done
from overlord_run.plan.ids import round_id
from overlord_run.plan.redirects import (
    PlannedBlock,
    PlannedCheck,
    PlannedMessage,
    PlannedPause,
    PlannedRedirect,
    slots_of,
)
from overlord_run.store import events as ev

Over = asyncio.Future[bool]
"""Of a servant's turn at a redirect: done when that is over."""


async def send_redirects(council: Council) -> bool:
    """Carry out every redirect that has not ended, and say whether each has; or nothing can move without a person."""
    council.answers.clear()
    for redirect in council.plan.every_redirect():
        heed(council, redirect, council.state.latest.get(redirect.id, redirect.id))
    standstill = Standstill()
    course = Course(council, standstill, council.plan.redirects)
    standstill.watch(course)
    return await course.go()


class Course:
    """The way through the redirects of a plan, or of one round of a block.

    Args:
        council: The run.
        standstill: Notices when nothing can move.
        redirects: In an order that keeps every `after`, so a turn only ever waits for one further up: no deadlock.
        number: The round, from 1; None outside of blocks.
        before: What must be over before a slot's first turn here.
    """

    def __init__(
        self,
        council: Council,
        standstill: Standstill,
        redirects: Sequence[PlannedRedirect],
        number: int | None = None,
        before: Mapping[str, Over] | None = None,
    ) -> None:
        self._council = council
        self._standstill = standstill
        self._redirects = {redirect.id: redirect for redirect in redirects}
        self._number = number
        self._turns = Turns(redirects, before or {})
        self._running: dict[str, PlannedRedirect] = {}
        self._delivering: set[str] = set()
        self._rounds: dict[str, Course] = {}
        self._done: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()

    async def go(self) -> bool:
        """Carry out what has not ended, and say whether all has ended then."""
        order = TopologicalSorter({redirect.id: redirect.after for redirect in self._redirects.values()})
        order.prepare()
        ended = 0
        async with asyncio.TaskGroup() as group:
            while True:
                for redirect_id in order.get_ready():
                    self._running[redirect_id] = self._redirects[redirect_id]
                    group.create_task(self._carry_out(self._redirects[redirect_id]))
                if not self._running:
                    return ended == len(self._redirects)
                self._standstill.look()
                redirect_id, has_ended = await self._done.get()
                del self._running[redirect_id]
                if has_ended:
                    ended += 1
                    heed(self._council, self._redirects[redirect_id], self._id(redirect_id))
                    self._turns.end(self._redirects[redirect_id])
                    order.done(redirect_id)

    def moves(self) -> bool:
        """Say whether anything here goes on without a person."""
        return not (self._running and self._done.empty()) or any(map(self._is_moving, self._running.values()))

    def _is_moving(self, redirect: PlannedRedirect) -> bool:
        match redirect:
            case PlannedMessage() if redirect.id in self._delivering:
                return self._turns.are_moving(redirect)
            case PlannedBlock() if redirect.id in self._rounds:
                return self._rounds[redirect.id].moves()
            case PlannedPause():
                answer = self._council.answers.get(self._id(redirect.id))
                return answer is None or answer.done()
        return True

    def _id(self, redirect_id: str) -> str:
        return redirect_id if self._number is None else round_id(redirect_id, self._number)

    async def _carry_out(self, redirect: PlannedRedirect) -> None:
        message_id = self._id(redirect.id)
        if not self._has_ended(message_id) and await admit(self._council, redirect, self._number):
            match redirect:
                case PlannedMessage():
                    await self._send(redirect)
                case PlannedCheck():
                    await check(self._council, redirect, self._number)
                case PlannedPause():
                    await ask_person(self._council, self._standstill, redirect, self._number)
                case PlannedBlock():
                    await self._repeat(redirect)
        self._done.put_nowait((redirect.id, self._has_ended(message_id)))

    def _has_ended(self, message_id: str) -> bool:
        message = self._council.state.messages.get(message_id)
        return message is not None and message.ended_at is not None

    async def _send(self, redirect: PlannedMessage) -> None:
        errand = of_redirect(self._council, redirect, self._number)

        async def send_to(slot: str) -> None:
            previous = self._turns.previous(redirect, slot)
            if previous is not None and not await self._standstill.unless(previous):
                return
            await self._deliver(errand, slot)
            self._turns.end(redirect, slot)
            self._standstill.look()  # the other targets may all wait for their turns

        self._delivering.add(redirect.id)
        self._standstill.look()
        async with asyncio.TaskGroup() as group:
            for slot in redirect.targets:
                group.create_task(send_to(slot))
        self._delivering.discard(redirect.id)
        await settle(self._council, errand)

    async def _deliver(self, errand: Errand, slot: str) -> None:
        """Ask a target, unless what another redirect came to ends the run first, while this one waits for a lane."""
        halt = self._council.halt
        if halt.reason is None:
            await deliver(self._council, errand, slot, may_begin=lambda: halt.reason is None)
        message = self._council.state.messages.get(errand.id)
        result = None if message is None else message.results.get(slot)
        if halt.reason is not None and not halt.wanted.is_set() and (result is None or result.ended_at is None):
            await self._council.recorder.record(ev.RedirectSkipped(errand.id, errand.to, slot, halt.reason))

    async def _repeat(self, block: PlannedBlock) -> None:
        """Go through a block's rounds, from the first that has not ended."""
        message = self._council.state.messages.get(block.id)
        before = {slot: over for slot in slots_of(block) if (over := self._turns.previous(block, slot)) is not None}
        for number in range(1 if message is None else message.rounds + 1, block.repeat.max + 1):
            course = Course(self._council, self._standstill, block.redirects, number, before)
            self._rounds[block.id] = course
            has_ended = await course.go()
            del self._rounds[block.id]
            if not has_ended:
                return
            outcome, reason = judge_round(self._council, block, number)
            await self._council.recorder.record(ev.RoundEnded(block.id, number, outcome, reason))
            if outcome is not None:
                return


class Turns:
    """Whose turn it is at each servant: its messages go in the order of the redirects, where nothing else orders them.

    Args:
        redirects: In their order.
        before: What must be over before a slot's first turn.
    """

    def __init__(self, redirects: Sequence[PlannedRedirect], before: Mapping[str, Over]) -> None:
        self._before = before
        self._open: dict[str, dict[str, str | None]] = {}  # redirect → slot → whose turn is before, till it is over
        self._waited: dict[tuple[str, str], Over] = {}  # made only where somebody waits: there may be 10,000 turns
        latest: dict[str, str] = {}
        for redirect in redirects:
            slots = dict.fromkeys(slots_of(redirect))
            self._open[redirect.id] = {slot: latest.get(slot) for slot in slots}
            latest |= dict.fromkeys(slots, redirect.id)

    def previous(self, redirect: PlannedRedirect, slot: str) -> Over | None:
        """Return what must be over before a servant's turn; None where that is its first, or it is over."""
        before = self._open[redirect.id].get(slot)
        if before is None:
            return self._before.get(slot)
        if slot not in self._open[before]:
            return None
        over = self._waited.get((before, slot))
        if over is None:
            over = self._waited[before, slot] = asyncio.get_running_loop().create_future()
        return over

    def end(self, redirect: PlannedRedirect, *slots: str) -> None:
        """Let the next have their turns: those of these slots, or of all that the redirect goes to."""
        turns = self._open[redirect.id]
        for slot in slots or tuple(turns):
            turns.pop(slot, None)
            over = self._waited.pop((redirect.id, slot), None)
            if over is not None and not over.done():
                over.set_result(True)

    def are_moving(self, redirect: PlannedMessage) -> bool:
        """Say whether a target is having its turn, or all have had it."""
        open_ = self._open[redirect.id]
        turns = (self.previous(redirect, slot) for slot in open_)
        return not open_ or any(previous is None or is_done(previous) for previous in turns)

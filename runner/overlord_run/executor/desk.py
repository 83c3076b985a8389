"""Take what other processes ask of the run's owner out of the inbox, and do it beside the plan.

A request is on record before it leaves the inbox, and its id is in the event: a crash in between makes it come twice
and be taken once.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from overlord_run.engine.base import ProofMethod
from overlord_run.executor.council import Council
from overlord_run.executor.errand import deliver, of_accepted, of_message, run_errand, settle
from overlord_run.executor.proof import fault_of, with_conversation
from overlord_run.executor.recovery import failed_question, recovered, replaced
from overlord_run.plan.model import Plan
from overlord_run.plan.targets import Roll, parse_targets
from overlord_run.store import events as ev
from overlord_run.store.inbox import Answer, Check, Letter, Recover, Send, Stop


class Mailbox(Protocol):
    """Where requests come in."""

    async def letters(self) -> Sequence[Letter]:
        """Return what is there, the oldest first."""
        ...

    async def discard(self, letter: Letter) -> None:
        """Take a request out."""
        ...

    async def pause(self, closing: asyncio.Event) -> None:
        """Return when it is worth looking again, or at once when `closing` is set."""
        ...


class Desk:
    """Where the owner of a run takes requests.

    Args:
        council: The run.
        mailbox: Where requests come in.
        group: What is begun here ends before this group does.
        is_proved: Whether the API was proved just now.

    Attributes:
        is_open: Whether messages for servants are taken; before the startup is done they wait in the inbox.
        has_asked_again: Whether a question that had failed was asked again.
    """

    def __init__(
        self, council: Council, mailbox: Mailbox, group: asyncio.TaskGroup, *, is_proved: bool = False
    ) -> None:
        self._council = council
        self._mailbox = mailbox
        self._group = group
        self._is_proved = is_proved
        self._closing = asyncio.Event()
        self.is_open = is_proved and council.state.is_at_rest
        self.has_asked_again = False

    async def attend(self) -> None:
        """Take requests until the desk is closed."""
        while not self._closing.is_set():
            await self.take()
            await self._mailbox.pause(self._closing)
        await self.take()  # whoever asked since the last look may be gone: nobody else would do it

    def close(self) -> None:
        """Let `attend` return once it has done what it is at, and has looked a last time."""
        self._closing.set()

    async def take(self) -> int:
        """Take what is in the inbox now, and return how many requests that were."""
        taken = 0
        for letter in await self._mailbox.letters():
            if letter.request.request_id not in self._council.state.requests:
                if not self._may_take(letter):
                    continue
                await self._take(letter)
            await self._mailbox.discard(letter)
            taken += 1
        return taken

    def _may_take(self, letter: Letter) -> bool:
        request = letter.request
        if isinstance(request, Answer):
            # Whoever came for another deed does not carry the plan on, so the answer is for who does.
            return not self._is_proved
        if not isinstance(request, Send | Recover):
            return True
        if not self.is_open or self._council.halt.wanted.is_set():
            return False
        # A servant that is being asked keeps its place until it has answered, and may need no help then.
        return isinstance(request, Send) or not self._council.floor[request.slot].locked()

    async def _take(self, letter: Letter) -> None:
        match letter.request:
            case Send() as request:
                await self._send(request)
            case Recover() as request:
                await self._recover(request)
            case Check() as request:
                await self._check(request)
            case Answer() as request:
                await self._answer(request)
            case Stop() as request:
                self._council.halt.request_id = request.request_id
                self._council.halt.wanted.set()

    async def _send(self, request: Send) -> None:
        slots = slots_of(self._council.plan, request.target)
        if not slots:
            return  # who asked knows that nobody is called so
        number = 1 + sum(message.accepted is not None for message in self._council.state.messages.values())
        accepted = ev.MessageAccepted(f"send.{number}", request.target, slots, request.text, request.request_id)
        await self._council.recorder.record(accepted)
        self._group.create_task(run_errand(self._council, of_accepted(accepted)))

    async def _recover(self, request: Recover) -> None:
        state, slot = self._council.state, request.slot
        if slot not in state.servants:
            return
        message_id = failed_question(state, slot) if state.servants[slot].state == "blocked" else None
        if request.replace:
            await self._council.recorder.record(replaced(state, slot, message_id, request.request_id))
        elif message_id is not None:
            await self._council.recorder.record(recovered(slot, message_id, request.request_id))
        if message_id is not None:
            self.has_asked_again = True
            self._group.create_task(self._ask_again(slot, message_id))

    async def _ask_again(self, slot: str, message_id: str) -> None:
        errand = of_message(self._council, self._council.state.messages[message_id])
        await deliver(self._council, errand, slot)
        await settle(self._council, errand)

    async def _answer(self, request: Answer) -> None:
        """Take a person's word on a pause; one that nobody asked for, or that has been given, is none."""
        message = self._council.state.messages.get(request.message_id)
        if message is None or message.question is None or message.ended_at is not None:
            return
        await self._council.recorder.record(answered(request))
        waiting = self._council.answers.get(request.message_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(True)

    async def _check(self, request: Check) -> None:
        method: ProofMethod = "probe" if request.ping else self._council.engine.proves_by
        is_fresh = self._is_proved and not request.ping
        fault = None if is_fresh else await fault_of(self._council, method)
        slots = with_conversation(self._council.state) if fault is None else []
        await self._council.recorder.record(ev.LeaseChecked(slots, method, request.request_id, fault))


def answered(request: Answer) -> ev.PauseAnswered:
    """Return the event of a person's word on a pause."""
    return ev.PauseAnswered(request.message_id, request.approved, request.by, request.note, request.request_id)


def slots_of(plan: Plan, target: str) -> list[str]:
    """Return the slots that `all`, a slot, `role:NAME`, or several of these joined by `,` name, in the plan's order."""
    return list(Roll((servant.slot, servant.role) for servant in plan.servants).called(parse_targets(target)))

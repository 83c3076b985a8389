"""Record a live run from an event loop: a new one, or one that had another owner before.

The loop is never made to wait for the disk: events are handed to the writer's thread, those of one turn of the loop
together, and each waits there for the sync that makes it durable. What comes back is applied to `state` in the log's
order, told to the listener, and only then do those who recorded it go on.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from overlord_run.errors import OverlordError
from overlord_run.store.disk import SYSTEM_DISK, Disk
from overlord_run.store.events import Body, Event, OwnerChanged, RunCreated
from overlord_run.store.fold import apply
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import Entry, make_entry
from overlord_run.store.opening import Opening, new
from overlord_run.store.plan_file import plan_parts
from overlord_run.store.state import State
from overlord_run.store.writer import Listener, Writer

Clock = Callable[[], str]
Listen = Callable[[Event, State], None]
_CLOSED = "the recorder is closed"


class _Turn(Struct):
    """What came in one turn of the loop: events, and those who wait for them. One is begun by whatever comes first."""

    entries: list[Entry] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    has_begun: bool = False


class Recorder:
    """The record of one live run, used from one event loop.

    Attributes:
        state: What the events that are on disk fold into.
    """

    def __init__(self, lock_path: Path, opening: Opening, *, clock: Clock, listen: Listen) -> None:
        self.state = State()
        self._clock = clock
        self._at = ""
        self._listen = listen
        self._loop = asyncio.get_running_loop()
        self._turn = _Turn()
        self._waiting: deque[_Turn] = deque()
        self._error: BaseException | None = None
        self._is_closed = False
        self._opened: asyncio.Future[tuple[Body, ...]] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        in_loop = self._loop.call_soon_threadsafe
        listener = Listener(
            opened=lambda state, first: in_loop(self._take_opened, state, first),
            synced=lambda count, events: in_loop(self._take_synced, count, events),
            failed=lambda error: in_loop(self._take_failure, error),
            ended=lambda: in_loop(self._ended.set_result, None),
        )
        self._writer = Writer(lock_path, opening, listener)
        self._writer.start()

    @classmethod
    async def create(
        cls,
        folder: RunFolder,
        plan_json: Mapping[str, Any],
        created: RunCreated,
        owner: OwnerChanged,
        *,
        clock: Clock,
        listen: Listen,
        disk: Disk = SYSTEM_DISK,
    ) -> "Recorder":
        """Own a new run, write its plan and its first two events, and return when they are on disk.

        Args:
            folder: The run's folder, just made.
            plan_json: What `plan.json` holds.
            created: The first event.
            owner: The second event.
            clock: Gives the time as events have it: UTC, RFC 3339 with milliseconds and `Z`.
            listen: Is told each event once it is on disk and in the state. It must not raise or block.
            disk: What carries the writing out.

        Raises:
            RunBusyError: Another process owns the run.
            StoreError: The folder cannot be written.
        """
        opening = partial(new, folder, plan_parts(plan_json), disk)
        recorder = cls(folder.lock_path, opening, clock=clock, listen=listen)
        return await recorder._begun(created, owner)

    @classmethod
    async def open(
        cls,
        folder: RunFolder,
        owner: OwnerChanged,
        *,
        clock: Clock,
        listen: Listen,
        disk: Disk = SYSTEM_DISK,
        known: State | None = None,
    ) -> "Recorder":
        """Own a run that was recorded before, mend what a crash left, and return when the owner is on disk.

        Args:
            folder: The run's folder.
            owner: The first event of this owner; what was mended is told before it.
            clock: As for `create`.
            listen: As for `create`; it hears of the events from here on only.
            disk: What carries the writing out.
            known: What the run's log came to a moment ago; from now on it is the recorder's.

        Raises:
            RunBusyError: Another process owns the run.
            RunNotFoundError: The run ended before it began.
            StoreError: The folder cannot be read or written.
        """
        from overlord_run.store.takeover import again  # noqa: PLC0415 - a new run needs nothing of it

        recorder = cls(folder.lock_path, partial(again, folder, disk, known), clock=clock, listen=listen)
        return await recorder._begun(owner)

    async def _begun(self, *bodies: Body) -> "Recorder":
        """Return this recorder once it has the run, and these events are on disk; else close it."""
        try:
            first = await self._opened
            await self.record(*first, *bodies)
        except BaseException:
            with contextlib.suppress(OverlordError):  # the error that is under way is the one that counts
                await self.aclose()
            raise
        return self

    async def record(self, *bodies: Body) -> None:
        """Return when the events are on disk and in `state`. Cancelling the wait does not take them back.

        Raises:
            StoreError: They cannot be written, now or because of what failed before.
            RunBusyError: Another process writes this log.
        """
        done = self._loop.create_future()
        self._hand(bodies, done)
        await done

    def note(self, *bodies: Body) -> None:
        """Hand in events that nobody waits for; they reach the disk before any that is recorded later.

        Raises:
            StoreError: The log had failed before.
            RunBusyError: Another process writes this log.
        """
        self._hand(bodies, None)

    async def aclose(self) -> None:
        """Write what is under way, bring the views up to the last event, close the files and free the lock.

        Raises:
            StoreError: Something could not be written, now or before.
            RunBusyError: Another process wrote into the log.
        """
        if not self._is_closed:
            self._is_closed = True
            self._end_turn()
            self._writer.close()
        await asyncio.shield(self._ended)
        self._writer.join()
        if self._error is not None:
            raise self._error

    def _hand(self, bodies: Sequence[Body], done: asyncio.Future[None] | None) -> None:
        if self._error is not None:
            raise self._error
        if self._is_closed:
            raise RuntimeError(_CLOSED)
        at = self._clock()
        if at == self._at:
            at = self._at  # the same text, not another one like it: two stay with each message
        self._at = at
        entries = [make_entry(at, body) for body in bodies]
        if not self._turn.has_begun:
            self._turn.has_begun = True
            self._loop.call_soon(self._end_turn)
        self._turn.entries += entries
        if done is not None:
            self._turn.waiting.append(done)

    def _end_turn(self) -> None:
        if self._turn.has_begun:
            turn, self._turn = self._turn, _Turn()
            self._waiting.append(turn)
            self._writer.hand(tuple(turn.entries))

    def _take_synced(self, count: int, events: Sequence[Event]) -> None:
        if self._error is not None:
            return  # a listener raised; those who waited know it
        try:
            for event in events:
                apply(self.state, event)
                self._listen(event, self.state)
        except BaseException as error:
            self._take_failure(error)
            raise
        for _ in range(count):
            for done in self._waiting.popleft().waiting:
                if not done.done():
                    done.set_result(None)

    def _take_opened(self, state: State, first: tuple[Body, ...]) -> None:
        self.state = state
        if not self._opened.done():
            self._opened.set_result(first)

    def _take_failure(self, error: BaseException) -> None:
        self._error = self._error or error
        if not self._opened.done():
            self._opened.set_exception(self._error)
        lost, self._turn = [*self._waiting, self._turn], _Turn()
        self._waiting.clear()
        for done in (done for turn in lost for done in turn.waiting):
            if not done.done():
                done.set_exception(self._error)

"""Own a run: take its lock, open the engine, do what is to be done, and say how it ended, whatever signals come."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field

from overlord_run.app.engines import open_engine
from overlord_run.app.exits import exit_of
from overlord_run.app.keeping import Keeper, keeping
from overlord_run.app.mailbox import Mailbox
from overlord_run.app.session import Session
from overlord_run.app.signals import Signals
from overlord_run.engine.base import Engine
from overlord_run.errors import Exit, worst
from overlord_run.executor.council import Council, Halt, Policy, convene
from overlord_run.executor.past import past_calls
from overlord_run.host import fingerprint
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.inbox import Inbox
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import CARRIES_ON, State

Listener = Callable[[ev.Event, State], None]
Deed = Callable[[Council, Mailbox], Awaitable[None]]
Opening = Callable[[], Awaitable[tuple[RunFolder, Recorder]]]


class Audience(Struct, frozen=True):
    """Who hears of what an owner does.

    Attributes:
        listen: Hears of each event once it is on disk.
        on_interrupt: Is called at the first Ctrl-C, after which nothing new is sent.
    """

    listen: Listener
    on_interrupt: Callable[[], object]


class Finished(Struct, frozen=True):
    """How a run stands once its owner is done.

    Attributes:
        details: Message id and slot → what the provider said of a failure, redacted; it is in no file.
    """

    state: State
    folder: RunFolder
    exit: Exit
    details: Mapping[tuple[str, str], str] = field(default_factory=dict)


class Interrupt(Struct):
    """What ended a run early: the first Ctrl-C asks it to send nothing new, the second and SIGTERM cancel it.

    A recording that cannot be written asks like the first Ctrl-C: what was paid for is kept, and no more is paid.

    Attributes:
        told: Called at the first Ctrl-C, so that a person sees that it was heard.
    """

    halt: Halt
    told: Callable[[], object]
    exit: Exit | None = None
    is_unrecorded: bool = False
    cancel: Callable[[], object] = lambda: None

    def on_interrupt(self) -> None:
        """Take a Ctrl-C."""
        if self.exit is not None or (self.halt.wanted.is_set() and self.halt.limit is None):
            self.cancel()
        else:
            self.told()
        self.exit = Exit.INTERRUPTED
        self.halt.wanted.set()

    def on_terminate(self) -> None:
        """Take a SIGTERM."""
        self.exit = Exit.TERMINATED
        self.halt.wanted.set()
        self.cancel()

    def on_unrecorded(self) -> None:
        """Take that an exchange could not be recorded."""
        self.is_unrecorded = True
        self.halt.wanted.set()


def own(session: Session, opening: Opening, deed: Deed, on_interrupt: Callable[[], object]) -> Finished:
    """Own a run while `deed` is done, and return how it stands then.

    Args:
        session: What it is done with.
        opening: Makes or opens the run, and takes its lock.
        deed: What is done.
        on_interrupt: Is called at the first Ctrl-C, after which nothing new is sent.

    Raises:
        UsageError: The recording to be made exists already; nothing was opened.
        SettingsError: The file of certificates cannot be used; nothing was opened.
        PreflightError: The API was not proved; no model was asked.
        StoreError: The run folder, or its recording, cannot be read or written.
        RunBusyError: Another process owns the run.
    """
    interrupt = Interrupt(Halt(), on_interrupt)
    signals = Signals({signal.SIGINT: interrupt.on_interrupt, signal.SIGTERM: interrupt.on_terminate})
    with signals.taken(), keeping(session.kept, interrupt.on_unrecorded) as keeper:
        return asyncio.run(_own(session, keeper, opening, deed, interrupt=interrupt, signals=signals))


async def _own(
    session: Session, keeper: Keeper | None, opening: Opening, deed: Deed, *, interrupt: Interrupt, signals: Signals
) -> Finished:
    engine = open_engine(session, keeper)  # before there is a run: a setting that cannot be used leaves none behind
    with signals.heard():  # until the record is closed: a third Ctrl-C must not tear that
        folder, recorder = await opening()
        try:
            engine.recall(past_calls(recorder.state, now()))
            council = convene(session.plan, engine, recorder, _policy(session), interrupt.halt)
            await _do(council, engine, deed, Mailbox(Inbox(folder.inbox_dir)), interrupt)
        finally:
            await recorder.aclose()
    return Finished(recorder.state, folder, _exit_of(recorder.state, interrupt), council.details)


def _policy(session: Session) -> Policy:
    is_replay = session.engine == "recording"
    return Policy(
        timeout_s=session.settings.timeout_s,
        attempts=session.settings.attempts,
        jitter=random.random,
        clock=now,
        prices=session.prices,
        pace=0.0 if is_replay else 1.0,
    )


async def _do(council: Council, engine: Engine, deed: Deed, mailbox: Mailbox, interrupt: Interrupt) -> None:
    work = asyncio.ensure_future(deed(council, mailbox))
    interrupt.cancel = work.cancel
    try:
        await asyncio.wait({work})
        if not work.cancelled():
            work.result()
        if _is_carried_on(council.state) and not council.state.is_at_rest:
            await council.recorder.record(ev.RunStopped(_why(interrupt), interrupt.halt.request_id))
    finally:
        await engine.aclose()


def _is_carried_on(state: State) -> bool:
    """Say whether this owner came to carry the plan on; a deed at a run that had ended leaves it as it is."""
    return state.owner is not None and state.owner.purpose in CARRIES_ON


def _why(interrupt: Interrupt) -> str:
    if interrupt.exit is Exit.TERMINATED:
        return "terminated"
    if interrupt.is_unrecorded:
        return "the recording could not be written"
    return "interrupted" if interrupt.exit is Exit.INTERRUPTED else "stopped on request"


def _exit_of(state: State, interrupt: Interrupt) -> Exit:
    """Return the exit code; a signal that came too late to stop anything does not change how the run ended."""
    code = exit_of(state)
    ended = Exit.FAILED if code is None else code
    was_stopped = state.state == "stopped" or not state.is_at_rest
    return worst(ended, interrupt.exit) if was_stopped and interrupt.exit is not None else ended


async def record_alone(folder: RunFolder, purpose: str, *bodies: ev.Body) -> State:
    """Record something of a run that nobody owns, without carrying anything on, and return its state then.

    Raises:
        RunBusyError: Another process owns the run.
        StoreError: The run folder cannot be read or written.
    """
    recorder = await Recorder.open(folder, this_process(purpose), clock=now, listen=lambda _event, _state: None)
    try:
        await recorder.record(*bodies)
    finally:
        await recorder.aclose()
    return recorder.state


def this_process(purpose: str) -> ev.OwnerChanged:
    """Return the event that this process takes a run's lock."""
    return ev.OwnerChanged(os.getpid(), fingerprint(os.getpid()), purpose)


def now() -> str:
    """Return the time in UTC, RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

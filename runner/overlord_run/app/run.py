"""Run a prepared playbook: make the run folder, open the engine, carry the plan out, and say how it ended."""

import asyncio
import hashlib
import hmac
import os
import random
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from overlord_run.app.prepare import Prepared
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.rehearsal import RehearsalTransport
from overlord_run.errors import Exit, worst
from overlord_run.executor.council import Halt, Policy, convene
from overlord_run.executor.run import execute
from overlord_run.host import fingerprint
from overlord_run.plan.model import PlannedServant
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder, new_run_id
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import State

Listener = Callable[[ev.Event, State], None]

EXITS: Mapping[str, Exit] = {
    "completed": Exit.OK,
    "partial": Exit.FAILED,
    "failed": Exit.FAILED,
    "stopped": Exit.FAILED,
}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended.

    Attributes:
        details: Message id and slot → what the provider said of a failure, redacted; it is in no file.
    """

    state: State
    folder: RunFolder
    exit: Exit
    details: Mapping[tuple[str, str], str]


@dataclass(slots=True)
class Interrupt:
    """What signals did to a run: the first Ctrl-C asks it to send nothing new, the second and SIGTERM cancel it.

    Attributes:
        told: Called at the first Ctrl-C, so that a person sees that it was heard.
    """

    halt: Halt
    told: Callable[[], object]
    exit: Exit | None = None
    cancel: Callable[[], object] = field(default=lambda: None)

    def on_interrupt(self) -> None:
        """Take a Ctrl-C."""
        if self.halt.wanted.is_set():
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


def run(prepared: Prepared, listen: Listener, on_interrupt: Callable[[], object]) -> Finished:
    """Carry the plan out and return how it ended.

    Args:
        prepared: What to carry out.
        listen: Hears of each event once it is on disk.
        on_interrupt: Is called at the first Ctrl-C, after which nothing new is sent.

    Raises:
        SettingsError: The file of certificates cannot be used; there is no run.
        PreflightError: The API was not proved; no model was asked.
        StoreError: The run folder cannot be written.
        RunBusyError: Another process writes this run.
    """
    return asyncio.run(_run(prepared, listen, on_interrupt))


async def _run(prepared: Prepared, listen: Listener, on_interrupt: Callable[[], object]) -> Finished:
    run_token = secrets.token_hex(16)
    engine = open_engine(prepared)  # before there is a run: a setting that cannot be used leaves none behind
    interrupt = Interrupt(Halt(), on_interrupt)
    with _signals(interrupt):  # until the record is closed: a third Ctrl-C must not tear that
        run_id = new_run_id(datetime.now(UTC), prepared.plan.name, run_token)
        folder = RunFolder.create(prepared.state_dir, run_id)
        recorder = await Recorder.create(
            folder,
            prepared.plan_json,
            _run_created(prepared, engine, folder, run_token),
            ev.OwnerChanged(os.getpid(), fingerprint(os.getpid())),
            clock=now,
            listen=listen,
        )
        try:
            return await _carry_out(prepared, engine, folder, recorder, interrupt)
        finally:
            await recorder.aclose()


async def _carry_out(
    prepared: Prepared, engine: ChatEngine, folder: RunFolder, recorder: Recorder, interrupt: Interrupt
) -> Finished:
    policy = Policy(prepared.settings.timeout_s, prepared.settings.attempts, random.random)
    council = convene(prepared.plan, engine, recorder, policy, interrupt.halt)
    work = asyncio.create_task(execute(council))
    interrupt.cancel = work.cancel
    try:
        await asyncio.wait({work})
        if not work.cancelled():
            work.result()
        if not recorder.state.has_ended:
            reason = "terminated" if interrupt.exit is Exit.TERMINATED else "interrupted"
            await recorder.record(ev.RunStopped(reason))
    finally:
        await engine.aclose()
    state = recorder.state
    # A signal that came too late to stop anything does not change how the run ended.
    by_signal = interrupt.exit if state.state == "stopped" and interrupt.exit is not None else Exit.OK
    return Finished(state, folder, worst(EXITS[state.state], by_signal), council.details)


def open_engine(prepared: Prepared) -> ChatEngine:
    """Return the engine that the settings name: the chat API, or the same one over the rehearsal's transport."""
    settings = prepared.settings
    transport = RehearsalTransport(prepared.models_to_prove, prepared.script) if prepared.rehearse else None
    return ChatEngine(
        Endpoint(settings.base_url, settings.key, settings.proxy, settings.ca_file),
        models=prepared.models_to_prove,
        host=prepared.host,
        concurrency=settings.concurrency,
        timeout_s=settings.timeout_s,
        is_key_required=settings.key_required,
        is_probe=settings.preflight == "probe",
        transport=transport,
    )


def now() -> str:
    """Return the time in UTC, RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def _signals(interrupt: Interrupt) -> Iterator[None]:
    """Hand Ctrl-C and SIGTERM to the run while it lasts."""
    loop = asyncio.get_running_loop()
    actions = {signal.SIGINT: interrupt.on_interrupt, signal.SIGTERM: interrupt.on_terminate}

    def take(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(actions[signal.Signals(number)])

    # signal.signal and not loop.add_signal_handler: the latter does not exist on Windows.
    before = {number: signal.signal(number, take) for number in actions}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_created(prepared: Prepared, engine: ChatEngine, folder: RunFolder, run_token: str) -> ev.RunCreated:
    playbook, plan, worktree = prepared.playbook, prepared.plan, prepared.worktree
    return ev.RunCreated(
        run_id=folder.run_id,
        run_token=run_token,
        engine=engine.name,
        provider=prepared.settings.provider,
        worktree=str(worktree.path),
        run_dir=str(folder.path),
        playbook={
            "name": playbook.name,
            "path": str(Path(playbook.file).absolute()),
            "digest": playbook.digest,
        },
        plan_digest=prepared.plan_json["digest"],
        settings=prepared.settings.to_json(),
        host=prepared.host.facts(),
        cwd=str(Path.cwd()),
        branch=worktree.branch,
        commit=worktree.commit,
        servants=[_servant(prepared, servant, folder.run_id, run_token) for servant in plan.servants],
    )


def _servant(prepared: Prepared, servant: PlannedServant, run_id: str, run_token: str) -> dict[str, Any]:
    assignment = servant.task
    # Attribution, not a secret: it ties what a servant wrote to this run, slot, generation, profile and assignment.
    scope = "\0".join([run_id, servant.slot, "1", servant.profile, assignment or ""])
    return {
        "slot": servant.slot,
        "name": servant.name,
        "role": servant.role,
        "model": servant.model,
        "llmModel": prepared.plan.models[servant.model].id,
        "profile": servant.profile,
        "assignment": assignment,
        "scopeToken": hmac.new(run_token.encode(), scope.encode("utf-8", "replace"), hashlib.sha256).hexdigest(),
    }

"""Carry a playbook out in the rehearsal, with a real log, and hand back what was recorded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overlord_run.engine.base import Engine, Failure, Lane, Reply, Request
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.rehearsal import RehearsalTransport
from overlord_run.engine.script import parse_script
from overlord_run.executor.council import Council, Halt, Policy, convene
from overlord_run.executor.desk import Mailbox
from overlord_run.executor.run import execute, serve
from overlord_run.executor.unknown import Decision, decide
from overlord_run.host import Host
from overlord_run.plan.budget import prices
from overlord_run.plan.build import build
from overlord_run.plan.model import Plan
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.money import NO_LIMITS, Limits
from overlord_run.store import events as ev
from overlord_run.store.disk import Disk
from overlord_run.store.folder import RunFolder, folder_of
from overlord_run.store.inbox import Letter
from overlord_run.store.inbox import Request as Asked
from overlord_run.store.lease import scope_token
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import State
from playbook_kit import parse
from store_kit import HastyDisk

CANCEL = object()
HOST = Host("linux", "bash", "posix")
LOOK_EVERY_S = 0.001


@dataclass(frozen=True)
class Record:
    """What a run left behind, in memory."""

    events: list[ev.Body]
    state: State

    def of(self, kind: type[ev.Body]) -> list[ev.Body]:
        """Return the events of one type, in the log's order."""
        return [body for body in self.events if isinstance(body, kind)]

    def results(self, message_id: str) -> dict[str, str]:
        """Return slot → state of what each servant made of a message."""
        return {slot: result.state for slot, result in self.state.messages[message_id].results.items()}


class Tray:
    """A mailbox in memory: what is put in is there at once, and what is taken out is noted."""

    def __init__(self, requests: Iterable[Asked] = ()) -> None:
        self.waiting = [Letter(Path(f"{number}.json"), request) for number, request in enumerate(requests)]
        self.taken: list[Letter] = []

    async def letters(self) -> Sequence[Letter]:
        return list(self.waiting)

    async def discard(self, letter: Letter) -> None:
        self.waiting.remove(letter)
        self.taken.append(letter)

    async def pause(self, closing: asyncio.Event) -> None:
        with suppress(TimeoutError):  # a loop that turned without a rest would keep the log's thread from its work
            async with asyncio.timeout(LOOK_EVERY_S):
                await closing.wait()


class Held:
    """An engine that keeps back the calls of one message until it is told to let go.

    Attributes:
        let_go: Set when they may be made.
    """

    def __init__(self, message_id: str) -> None:
        self.let_go = asyncio.Event()
        self._message_id = message_id
        self._engine: Any = None

    def around(self, engine: Engine) -> Engine:
        """Stand before an engine."""
        self._engine = engine
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @asynccontextmanager
    async def lane(self, request: Request) -> AsyncIterator[Lane]:
        async with self._engine.lane(request) as lane:
            yield _HeldLane(lane, self.let_go, self._message_id)


@dataclass(frozen=True)
class _HeldLane:
    lane: Lane
    let_go: asyncio.Event
    message_id: str

    async def ask(self, request: Request) -> Reply | Failure:
        if request.message == self.message_id:
            async with asyncio.timeout(60):
                await self.let_go.wait()
        return await self.lane.ask(request)


@dataclass(frozen=True)
class Parts:
    """What carries a run out, for tests that put another part in a place.

    Attributes:
        plan: Is handed the plan and returns the one that is carried out.
        endpoint: The API to ask; where there is none, the rehearsal answers.
        engine: Is handed the engine and returns the one that is asked.
        mailbox: Where requests of other processes come in.
        clock: Gives the time as events have it.
    """

    plan: Callable[[Plan], Plan] = lambda plan: plan
    endpoint: Endpoint | None = None
    engine: Callable[[Engine], Engine] = lambda engine: engine
    recorder: type[Recorder] = Recorder
    disk: Disk = field(default_factory=HastyDisk)
    mailbox: Mailbox = field(default_factory=Tray)
    clock: Callable[[], str] = lambda: "2026-11-22T10:00:00.000Z"


def plan_of(playbook: str) -> Plan:
    """Return the plan of a playbook's text."""
    return _built(parse(playbook.encode(), "playbook.yml"))


def _built(playbook: Playbook) -> Plan:
    return build(playbook, {}, model_ids={}, host=HOST.facts())


Watch = Callable[[ev.Body, Council], object]
Deed = Callable[[Council, Mailbox], Awaitable[None]]


def carry_out(
    folder: Path,
    playbook: str,
    script: str = "",
    *,
    models: tuple[str, ...] = ("fugu", "fugu-ultra"),
    attempts: int = 3,
    concurrency: int = 8,
    timeout_s: float = 90.0,
    watch: Watch = lambda _body, _council: None,
    parts: Parts | None = None,
    deed: Deed = execute,
    purpose: str | None = None,
) -> Record:
    """Carry a playbook out; `watch` sees each durable event, may halt the council, and cancels it by CANCEL.

    Args:
        purpose: Why a run that is recorded in `folder` is taken up again; None begins a new one.
    """
    parts = parts or Parts()
    parsed = parse(playbook.encode(), "playbook.yml")
    plan, limits = parts.plan(_built(parsed)), parsed.engine.budget.limits
    answers = parse_script(script.encode(), "script.yml", plan) if script else None
    transport = RehearsalTransport(models, answers, plan.schema_of)
    policy = Policy(timeout_s, attempts, lambda: 0.0, parts.clock, prices(parsed, {}))
    bodies: list[ev.Body] = []

    async def run() -> State:
        engine = ChatEngine(
            parts.endpoint or Endpoint("https://rehearsal.invalid/v1"),
            models=("fugu", "fugu-ultra"),
            host=HOST,
            concurrency=concurrency,
            transport=None if parts.endpoint else transport,
            is_key_required=False,
        )

        def listen(event: ev.Event, _state: State) -> None:
            bodies.append(event.body)
            if convened and watch(event.body, convened[0]) is CANCEL:
                task.cancel()

        task = asyncio.current_task()
        assert task is not None
        convened: list[Council] = []
        recorder = await _recorder(folder, plan, parts, listen, purpose, limits=limits)
        convened.append(convene(plan, parts.engine(engine), recorder, policy, Halt()))
        try:
            await deed(convened[0], parts.mailbox)
        finally:
            await engine.aclose()
            await recorder.aclose()
        return recorder.state

    return Record(bodies, asyncio.run(run()))


def carry_on(
    folder: Path,
    playbook: str,
    script: str = "",
    *,
    decision: Decision | None = "resend",
    watch: Watch = lambda _body, _council: None,
    parts: Parts | None = None,
) -> Record:
    """Resume the run that is recorded in `folder`; a call whose outcome is not known is decided about first."""

    async def go_on(council: Council, mailbox: Mailbox) -> None:
        left_out = frozenset[str]() if decision is None else await decide(council, decision)
        await execute(council, mailbox, left_out)

    return carry_out(folder, playbook, script, watch=watch, parts=parts, deed=go_on, purpose="resume")


def ask_of(folder: Path, playbook: str, *requests: Asked, script: str = "") -> tuple[Record, Tray]:
    """Have requests done by a process that takes up the run in `folder`, which has ended, only for them."""
    tray = Tray(requests)
    record = carry_out(folder, playbook, script, parts=Parts(mailbox=tray), deed=serve, purpose=requests[0].kind)
    return record, tray


async def _recorder(
    folder: Path,
    plan: Plan,
    parts: Parts,
    listen: Callable[[ev.Event, State], None],
    purpose: str | None,
    *,
    limits: Limits,
) -> Recorder:
    clock = parts.clock
    if purpose is not None:
        owner = ev.OwnerChanged(1, {}, purpose)
        return await parts.recorder.open(run_folder(folder), owner, clock=clock, listen=listen, disk=parts.disk)
    return await parts.recorder.create(
        RunFolder.create(folder, "run"),
        plan.to_json(),
        created(plan, limits),
        ev.OwnerChanged(1, {}, "run"),
        clock=clock,
        listen=listen,
        disk=parts.disk,
    )


def run_folder(folder: Path) -> RunFolder:
    """Return where `carry_out` records its run."""
    return folder_of(folder, "run")


def cut(folder: Path, into: Path, lines: int) -> Path:
    """Put what stood on disk after so many lines of a run's log into another folder, and return that folder."""
    old, new = run_folder(folder), RunFolder.create(into, "run")
    log = b"".join(old.log_path.read_bytes().splitlines(keepends=True)[:lines])
    for path, content in ((new.plan_path, old.plan_path.read_bytes()), (new.log_path, log)):
        path.write_bytes(content)
        path.chmod(0o600)
    return into


def created(plan: Plan, limits: Limits = NO_LIMITS) -> ev.RunCreated:
    """Return the first event of a plan's run."""
    return ev.RunCreated(
        run_id="run",
        run_token="token",
        engine="rehearsal",
        provider="sakana",
        worktree="/w",
        run_dir="/w/.overlord/runs/run",
        playbook={"name": plan.name, "path": "/w/playbook.yml", "digest": "sha256:0"},
        plan_digest=plan.to_json()["digest"],
        settings={"budget": limits.to_json()},
        host=HOST.facts(),
        cwd="/w",
        branch=None,
        commit=None,
        servants=[
            {
                "slot": servant.slot,
                "name": servant.name,
                "role": servant.role,
                "model": servant.model,
                "llmModel": plan.models[servant.model].id,
                "profile": servant.profile,
                "assignment": servant.task,
                "scopeToken": scope_token("token", "run", (servant.slot, 1, servant.profile, servant.task)),
            }
            for servant in plan.servants
        ],
    )

"""Carry a playbook out in the rehearsal, with a real log, and hand back what was recorded."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from overlord_run.app.mailbox import Mailbox
from overlord_run.engine.base import Engine
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.rehearsal import RehearsalTransport
from overlord_run.engine.script import parse_script
from overlord_run.executor.council import Council, Halt, Policy, convene
from overlord_run.executor.run import execute
from overlord_run.executor.unknown import Decision, decide
from overlord_run.host import Host
from overlord_run.plan.build import build
from overlord_run.plan.model import Plan
from overlord_run.store import events as ev
from overlord_run.store.disk import SYSTEM_DISK, Disk
from overlord_run.store.folder import RunFolder
from overlord_run.store.inbox import Inbox
from overlord_run.store.recorder import Listen, Recorder
from overlord_run.store.state import State
from playbook_kit import parse

CANCEL = object()
HOST = Host("linux", "bash", "posix")


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


@dataclass(frozen=True)
class Parts:
    """What carries a run out, for tests that put another part in a place.

    Attributes:
        plan: Is handed the plan and returns the one that is carried out.
        endpoint: The API to ask; where there is none, the rehearsal answers.
        engine: Is handed the engine and returns the one that is asked.
    """

    plan: Callable[[Plan], Plan] = lambda plan: plan
    endpoint: Endpoint | None = None
    engine: Callable[[Engine], Engine] = lambda engine: engine
    recorder: type[Recorder] = Recorder
    disk: Disk = SYSTEM_DISK


def plan_of(playbook: str) -> Plan:
    """Return the plan of a playbook's text."""
    return build(parse(playbook.encode(), "playbook.yml"), {}, model_ids={}, host=HOST.facts())


def carry_out(
    folder: Path,
    playbook: str,
    script: str = "",
    *,
    models: tuple[str, ...] = ("fugu", "fugu-ultra"),
    attempts: int = 3,
    concurrency: int = 8,
    timeout_s: float = 90.0,
    watch: Callable[[ev.Body, Council], object] = lambda _body, _council: None,
    parts: Parts = Parts(),
    decision: Decision | None = None,
) -> Record:
    """Carry a playbook out, or on where its run is there already: then `decision` is for calls of unknown outcome.

    `watch` sees each durable event, may halt the council, and cancels it by CANCEL.
    """
    plan = parts.plan(plan_of(playbook))
    transport = RehearsalTransport(models, parse_script(script.encode(), "script.yml", plan) if script else None)
    policy = Policy(timeout_s=timeout_s, attempts=attempts, jitter=lambda: 0.0)
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
        recorder = await _recorder(parts, folder, plan, listen)
        convened.append(convene(plan, parts.engine(engine), recorder, policy, Halt()))
        try:
            left_out = await decide(convened[0], decision) if decision else frozenset()
            await execute(convened[0], Mailbox(Inbox(folder / "inbox")), left_out)
        finally:
            await engine.aclose()
            await recorder.aclose()
        return recorder.state

    return Record(bodies, asyncio.run(run()))


async def _recorder(parts: Parts, folder: Path, plan: Plan, listen: Listen) -> Recorder:
    """Return the recorder of a new run, or of the one that is there."""

    def clock() -> str:
        return "2026-11-22T10:00:00.000Z"

    run = RunFolder(folder / "runs" / "run")
    if run.path.exists():
        owner = ev.OwnerChanged(1, {}, "resume")
        return await parts.recorder.open(run, owner, clock=clock, listen=listen, disk=parts.disk)
    return await parts.recorder.create(
        RunFolder.create(folder, "run"),
        plan.to_json(),
        created(plan),
        ev.OwnerChanged(1, {}, "run"),
        clock=clock,
        listen=listen,
        disk=parts.disk,
    )


def created(plan: Plan) -> ev.RunCreated:
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
        settings={},
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
                "scopeToken": "scope",
            }
            for servant in plan.servants
        ],
    )

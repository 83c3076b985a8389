"""Run a prepared playbook: make the run folder and carry the plan out."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from overlord_run.app.own import Audience, Finished, now, own, this_process
from overlord_run.app.prepare import Prepared
from overlord_run.executor.run import execute
from overlord_run.plan.model import PlannedServant
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder, new_run_id
from overlord_run.store.lease import scope_token
from overlord_run.store.recorder import Recorder


def run(prepared: Prepared, audience: Audience, *, run_id: str | None = None) -> Finished:
    """Carry the plan out and return how it ended.

    Args:
        prepared: What to carry out.
        audience: Who hears of it.
        run_id: The new run's id; None makes one.

    Raises:
        UsageError: There is a run of this id, or a file where its recording is to be made.
        SettingsError: The file of certificates cannot be used; there is no run.
        PreflightError: The API was not proved; no model was asked.
        StoreError: The run folder cannot be written.
        RunBusyError: Another process writes this run.
    """

    async def opening() -> tuple[RunFolder, Recorder]:
        run_token = secrets.token_hex(16)
        made_up = new_run_id(datetime.now(UTC), prepared.plan.name, run_token)
        folder = await asyncio.to_thread(
            RunFolder.create, prepared.state_dir, run_id or made_up
        )  # it waits for the disk
        recorder = await Recorder.create(
            folder,
            prepared.plan.to_json(),  # for this one use: to keep it through the run would cost more than to make it
            _run_created(prepared, folder, run_token),
            this_process("run"),
            clock=now,
            listen=audience.listen,
        )
        return folder, recorder

    return own(prepared, opening, execute, audience.on_interrupt)


def _run_created(prepared: Prepared, folder: RunFolder, run_token: str) -> ev.RunCreated:
    playbook, plan, worktree = prepared.playbook, prepared.plan, prepared.worktree
    return ev.RunCreated(
        run_id=folder.run_id,
        run_token=run_token,
        engine=prepared.engine,
        provider=prepared.settings.provider,
        worktree=str(worktree.path),
        run_dir=str(folder.path),
        playbook={
            "name": playbook.name,
            "path": str(Path(playbook.file).absolute()),
            "digest": playbook.digest,
            "files": dict(playbook.files),
        },
        plan_digest=prepared.plan_digest,
        settings={
            **prepared.settings.to_json(),
            "modelsToProve": list(prepared.models_to_prove),
            "prices": {alias: price and price.to_json() for alias, price in prepared.prices.items()},
            "script": prepared.script_file,
            "replay": prepared.recording_file,
            "record": None if prepared.kept is None else prepared.kept.to_json(),
        },
        host=prepared.host.facts(),
        cwd=str(Path.cwd()),
        branch=worktree.branch,
        commit=worktree.commit,
        servants=[_servant(prepared, servant, folder.run_id, run_token) for servant in plan.servants],
    )


def _servant(prepared: Prepared, servant: PlannedServant, run_id: str, run_token: str) -> dict[str, Any]:
    return {
        "slot": servant.slot,
        "name": servant.name,
        "role": servant.role,
        "model": servant.model,
        "llmModel": prepared.plan.models[servant.model].id,
        "profile": servant.profile,
        "assignment": servant.task,
        "scopeToken": scope_token(run_token, run_id, (servant.slot, 1, servant.profile, servant.task)),
    }

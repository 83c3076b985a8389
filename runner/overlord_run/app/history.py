"""Look at runs that exist: find, list, rehydrate and verify them. Nothing here writes or takes a lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlord_run.app.here import current_worktree, environment_run, state_dir
from overlord_run.errors import StoreError
from overlord_run.store.folder import RunFolder, run_ids
from overlord_run.store.ledger import ledger_line
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.state import State
from overlord_run.store.verify import Verification
from overlord_run.store.verify import verify as verify_folder


@dataclass(frozen=True, slots=True)
class Inspection:
    """A run as its log tells it.

    Attributes:
        is_owned: Whether a living process holds the run.
        notes: What a person should know of the files, like a torn last line.
    """

    folder: RunFolder
    state: State
    is_owned: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line of `list`. Where the log cannot be read, `problem` says why and the rest is empty."""

    run_id: str
    playbook: str = ""
    state: str = ""
    engine: str = ""
    created_at: str = ""
    updated_at: str = ""
    servants: int = 0
    is_owned: bool = False
    problem: str | None = None


def find_run(run_id: str | None, asked_state_dir: str | None) -> RunFolder:
    """Return the folder of a run: the one named, the one that `OVERLORD_RUN` names, else the newest of this worktree.

    Raises:
        RunNotFoundError: There is none.
    """
    return RunFolder.find(_state_dir(asked_state_dir), run_id or environment_run())


def inspect(folder: RunFolder) -> Inspection:
    """Return a run's state, folded from its log.

    Raises:
        StoreError: The log cannot be read, or a line of it does not fit.
    """
    owned = is_owned(folder.lock_path)
    found = rehydrate(folder)
    return Inspection(folder, found.state, owned, found.notes)


def ledger(found: Inspection) -> tuple[Mapping[str, Any], ...]:
    """Return the lines of a run's ledger, recomputed from its log.

    Raises:
        StoreError: The log cannot be read, or a line of it does not fit.
    """
    if found.state.created is None:
        return ()
    lines = (ledger_line(event, found.state.created.run_id) for event in read(found.folder.log_path))
    return tuple(line for line in lines if line is not None)


def list_runs(asked_state_dir: str | None) -> tuple[RunSummary, ...]:
    """Return the runs of this worktree, the oldest first."""
    runs = _state_dir(asked_state_dir)
    return tuple(_summary(runs, run_id) for run_id in run_ids(runs))


def verify(folder: RunFolder) -> Verification:
    """Recompute the hash chain and every view of a run, and return what differs."""
    return verify_folder(folder)


def _state_dir(asked: str | None) -> Path:
    return state_dir(asked, current_worktree())


def _summary(runs: Path, run_id: str) -> RunSummary:
    try:
        found = inspect(RunFolder.find(runs, run_id))
    except StoreError as error:
        return RunSummary(run_id, problem=error.message)
    state = found.state
    created = state.created
    return RunSummary(
        run_id=run_id,
        playbook="" if created is None else created.playbook["name"],
        state=state.state,
        engine="" if created is None else created.engine,
        created_at=state.created_at or "",
        updated_at=state.updated_at or "",
        servants=len(state.servants),
        is_owned=found.is_owned,
    )

"""Look at runs that exist: find, list and rehydrate them. Nothing here writes or takes a lock."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from overlord_run.app.here import current_worktree, environment_run, own_state_dir, state_dir
from overlord_run.errors import StoreError, UsageError
from overlord_run.host import Worktree
from overlord_run.playbook.names import listed
from overlord_run.store.events import RunCreated
from overlord_run.store.folder import RunFolder, run_folders
from overlord_run.store.glance import glance
from overlord_run.store.ledger import ledger_line
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.state import State


class Inspection(Struct, frozen=True):
    """A run as its log tells it.

    Attributes:
        is_owned: Whether a living process holds the run.
        notes: What a person should know of the files, like a torn last line.
    """

    folder: RunFolder
    state: State
    is_owned: bool
    notes: tuple[str, ...]


class RunSummary(Struct, frozen=True):
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
        UsageError: None is named, and two are live: then the newest need not be the one that is meant.
    """
    worktree = current_worktree()
    runs = state_dir(asked_state_dir, worktree)
    named = environment_run() if run_id is None else run_id
    if named is not None:
        return RunFolder.find(runs, named)
    folders = run_folders(runs)
    if runs != own_state_dir(worktree):
        folders = [folder for folder in folders if _is_of(folder, worktree)]
    live = [folder.run_id for folder in folders if is_owned(folder.lock_path)]
    if len(live) > 1:
        message = f"{len(live)} runs are live here: {listed(live)}"
        raise UsageError(message, next="Name the one that you mean: --run ID, or OVERLORD_RUN.")
    return folders[-1] if folders else RunFolder.find(runs, None)


def _is_of(folder: RunFolder, worktree: Worktree) -> bool:
    """Say whether a run belongs to a worktree; one that cannot be read may, so that what is wrong with it is told."""
    try:
        first = next(iter(read(folder.log_path)), None)
    except StoreError:
        return True
    return first is None or not isinstance(first.body, RunCreated) or first.body.worktree == str(worktree.path)


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
    return tuple(_summary(folder) for folder in run_folders(_state_dir(asked_state_dir)))


def _state_dir(asked: str | None) -> Path:
    return state_dir(asked, current_worktree())


def _summary(folder: RunFolder) -> RunSummary:
    try:
        owned = is_owned(folder.lock_path)
        seen = glance(folder)
    except StoreError as error:
        return RunSummary(folder.run_id, problem=error.message)
    created = seen.created
    return RunSummary(
        run_id=folder.run_id,
        playbook="" if created is None else created.playbook["name"],
        state=seen.state,
        engine="" if created is None else created.engine,
        created_at=seen.created_at or "",
        updated_at=seen.updated_at or "",
        servants=0 if created is None else len(created.servants),
        is_owned=owned,
    )

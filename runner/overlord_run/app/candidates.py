"""Say what could stand next on a command line: runs, and the slots and messages of a run. Nothing here is slow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from overlord_run.app.here import current_worktree, state_dir
from overlord_run.app.history import find_run
from overlord_run.store.disk import open_to_read
from overlord_run.store.folder import run_ids
from overlord_run.store.notation import decode

# The registry is read, not the log: it has texts cut, so a long run is as quick as a short one. Beyond this it is not.
_LARGEST = 32 * 1024 * 1024


def known_runs(asked_state_dir: str | None) -> Sequence[str]:
    """Return the ids of the runs here, the newest first."""
    return run_ids(state_dir(asked_state_dir, current_worktree()))[::-1]


def known_slots(run_id: str | None, asked_state_dir: str | None, *, answered: str | None = None) -> Sequence[str]:
    """Return the slots of a run; with `answered`, those that answered this message."""
    registry = _registry(run_id, asked_state_dir)
    if answered is None:
        return list(dict.fromkeys(servant["slot"] for servant in registry["servants"]))
    message = next((message for message in registry["messages"] if message["id"] == answered), None)
    return [] if message is None else [result["slot"] for result in message["servantResults"] if _has_reply(result)]


def known_messages(run_id: str | None, asked_state_dir: str | None) -> Sequence[str]:
    """Return the ids of a run's messages that somebody answered."""
    messages = _registry(run_id, asked_state_dir)["messages"]
    return [message["id"] for message in messages if any(map(_has_reply, message["servantResults"]))]


def known_pauses(run_id: str | None, asked_state_dir: str | None) -> Sequence[str]:
    """Return the ids of the questions of a run that wait for a person's word."""
    messages = _registry(run_id, asked_state_dir)["messages"]
    asked = [message for message in messages if message["target"] is None and message["text"] is not None]
    return [message["id"] for message in asked if message["state"] == "started"]


def known_targets(run_id: str | None, asked_state_dir: str | None) -> Sequence[str]:
    """Return what a message can be sent to: the slots of a run, its roles, and all."""
    servants = _registry(run_id, asked_state_dir)["servants"]
    roles = dict.fromkeys(f"role:{servant['role']}" for servant in servants)
    return [*dict.fromkeys(servant["slot"] for servant in servants), *roles, "all"]


def known_redirects(run_id: str | None, asked_state_dir: str | None) -> Sequence[str]:
    """Return the ids of the redirects that a run's plan has, also of those that were not sent yet."""
    plan = _read(find_run(run_id, asked_state_dir).plan_path)
    return [each["id"] for top in plan["redirects"] for each in (top, *top.get("redirects", ()))]


def _has_reply(result: Mapping[str, Any]) -> bool:
    return bool(result["state"] == "completed")


def _registry(run_id: str | None, asked_state_dir: str | None) -> Mapping[str, Any]:
    return _read(find_run(run_id, asked_state_dir).registry_path)


def _read(path: Path) -> Mapping[str, Any]:
    """Return a JSON file of a run as it stands on disk.

    Raises:
        ValueError: It is too large, or is not JSON.
        OSError: It cannot be read.
    """
    with open_to_read(path) as file:
        value: Mapping[str, Any] = decode(file.read(_LARGEST))
    return value

"""Tell where a run stands, and prove for each servant that it is ready, or say which proof fails."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from msgspec import Struct

from overlord_run.app.exits import exit_of
from overlord_run.app.history import Inspection, inspect
from overlord_run.errors import Exit
from overlord_run.store.disk import open_to_read
from overlord_run.store.folder import RunFolder
from overlord_run.store.lease import Facts, Proof, proofs
from overlord_run.store.notation import decode
from overlord_run.store.plan_file import read_plan
from overlord_run.store.state import State

_TOKEN_KEY, _TOKEN_LINE = b'  "runToken": ', 10


class Standing(Struct, frozen=True):
    """Where a run stands.

    Attributes:
        proofs: Slot → the five proofs that its servant is ready; empty for a run that never began.
    """

    inspection: Inspection
    proofs: Mapping[str, tuple[Proof, ...]]

    @property
    def state(self) -> State:
        """The run's state."""
        return self.inspection.state

    @property
    def exit(self) -> Exit:
        """What the run's own exit code is now: 9 while it is not finished, 10 where a call's outcome is not known."""
        if self.state.open_calls and not self.inspection.is_owned:
            return Exit.UNKNOWN
        code = exit_of(self.state)
        return Exit.UNFINISHED if code is None else code


def standing(folder: RunFolder, *, now: datetime | None = None) -> Standing:
    """Return where a run stands; nothing is written, sent or locked.

    Raises:
        StoreError: A file of the run cannot be read, or a line of its log does not fit.
    """
    found = inspect(folder)
    if found.state.created is None:
        return Standing(found, {})
    models = _models(read_plan(folder.plan_path, found.state.created.plan_digest))
    facts = Facts(folder.run_id, _registry_token(folder), models, now or datetime.now(UTC))
    return Standing(found, {slot: proofs(found.state, one, facts) for slot, one in found.state.servants.items()})


def _models(plan_json: Mapping[str, Any]) -> dict[str, str]:
    """Return slot → the API's id of the model that a plan has for it; the plan is read as JSON, which is light."""
    ids = {model["alias"]: model["id"] for model in plan_json["models"]}
    return {servant["slot"]: ids[servant["model"]] for servant in plan_json["servants"]}


def _registry_token(folder: RunFolder) -> str | None:
    """Return the run token that the registry has, by its line, since the registry of a long run is large."""
    try:
        with open_to_read(folder.registry_path) as file:
            found = next((line for line in islice(file, _TOKEN_LINE) if line.startswith(_TOKEN_KEY)), b"")
            token = decode(found.removeprefix(_TOKEN_KEY).strip().removesuffix(b","))
    except (OSError, ValueError):
        return None  # the proof of identity says that it does not agree with the log
    return token if isinstance(token, str) else None

"""Say where the prompts of a run's servants came from, by its frozen plan: what is on disk now has no say."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from overlord_run.app.history import Inspection
from overlord_run.errors import RunNotFoundError
from overlord_run.store.plan_file import read_plan


class Prompt(Struct, frozen=True):
    """A servant and where its system message came from.

    Attributes:
        source: As `plan.json` has it: `pack git rev kind commit path files`; None for a prompt in the playbook.
    """

    slot: str
    name: str
    role: str
    source: Mapping[str, Any] | None


class Sources(Struct, frozen=True):
    """Where all that a run's servants were told to be came from.

    Attributes:
        playbook: The playbook's file: `name path digest`.
        path: The plan's file.
    """

    playbook: Mapping[str, Any]
    path: str
    prompts: Sequence[Prompt]


def provenance(found: Inspection, slots: Sequence[str]) -> Sources:
    """Return where the prompts of these slots came from.

    Raises:
        RunNotFoundError: The run ended before it began.
        StoreError: The plan cannot be read, or is not the one that the run began with.
    """
    created = found.state.created
    if created is None:
        message = f"the run {found.folder.run_id} ended before it began"
        raise RunNotFoundError(message, next="overlord-run PLAYBOOK starts another")
    plan = read_plan(found.folder.plan_path, created.plan_digest)
    servants = [found.state.servants[slot] for slot in slots]
    prompts = [Prompt(one.slot, one.name, one.role, plan["sources"].get(one.role)) for one in servants]
    return Sources(created.playbook, str(found.folder.plan_path), prompts)

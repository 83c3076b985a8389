"""Start a run under an id that the caller chose: a second start resumes or reports, and never pays again."""

from collections.abc import Mapping

from overlord_run.app.history import inspect
from overlord_run.app.own import Audience, Finished
from overlord_run.app.prepare import Prepared
from overlord_run.app.resume import Ask, Resumption, resume
from overlord_run.app.run import run
from overlord_run.engine.base import ANSWERING
from overlord_run.errors import ChangedError, UsageError
from overlord_run.playbook.money import limits_from_json
from overlord_run.settings.model import Flags
from overlord_run.store.events import RunCreated
from overlord_run.store.folder import folder_of, is_run_id, run_ids


def start(prepared: Prepared, run_id: str, flags: Flags, audience: Audience, ask: Ask) -> Finished:
    """Run a playbook under this id; where there is such a run of the same plan, carry it on, or say how it ended.

    Raises:
        UsageError: The id can be no run's.
        ChangedError: The run of this id is of another plan, is answered or recorded otherwise, or has another budget
            than the flags say.
        RunBusyError: Another process carries it on.
        UnknownOutcomeError: How calls of it ended is not known, and nobody decided.
        OverlordError: As for a run that is new, or resumed.
    """
    require_run_id(run_id)
    if run_id not in run_ids(prepared.state_dir):
        return run(prepared, audience, run_id=run_id)
    folder = folder_of(prepared.state_dir, run_id)
    created = inspect(folder).state.created
    difference = None if created is None else _difference(prepared, created)
    if difference is not None:
        message = f"the run {run_id} {difference}"
        raise ChangedError(message, "give this one another --run-id, or resume that one as it was: overlord-run resume")
    if created is not None and (flags.max_usd, flags.max_tokens) != (None, None):
        _require_same_budget(prepared, run_id, created)
    return resume(folder, Resumption(flags, ignores_changes=True), audience, ask)


def _difference(prepared: Prepared, created: RunCreated) -> str | None:
    """Return in what a run is another one than this start would begin, or None: paid and unpaid are never mixed up."""
    if created.plan_digest != prepared.plan_digest:
        return "is of another plan than this playbook and these inputs give"
    if created.engine != prepared.engine:
        return f"is answered by {ANSWERING.get(created.engine, 'something else')}, not by {ANSWERING[prepared.engine]}"
    if prepared.recording_file is not None and prepared.recording_file["digest"] != _of(created, "replay", "digest"):
        return "is answered by another recording"
    if prepared.kept is not None and str(prepared.kept.path) != _of(created, "record", "path"):
        return "is not recorded in this file"
    return None


def _of(created: RunCreated, setting: str, key: str) -> object:
    file = created.settings.get(setting)
    return file.get(key) if isinstance(file, Mapping) else None


def _require_same_budget(prepared: Prepared, run_id: str, created: RunCreated) -> None:
    if limits_from_json(created.settings.get("budget")) != prepared.settings.limits:
        message = f"the run {run_id} was begun with another budget than --max-usd and --max-tokens give it"
        raise ChangedError(message, f"leave them out; overlord-run resume --run {run_id} --budget raises its budget")


def require_run_id(run_id: str) -> None:
    """Refuse what can be no run's id.

    Raises:
        UsageError: It cannot.
    """
    if not is_run_id(run_id):
        message = "--run-id takes letters, digits, '.', '_' and '-', 80 at most, and no name of a device"
        raise UsageError(message, next="Write it like release-42.")

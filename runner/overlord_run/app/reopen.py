"""Take up a recorded run: its frozen plan and its settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from overlord_run.app.here import current_host
from overlord_run.app.keeping import same_recording
from overlord_run.app.session import STAND_INS, Session
from overlord_run.engine.base import EngineName
from overlord_run.errors import ChangedError, ReleasedError, RunNotFoundError, StoreError
from overlord_run.files import RECORDING_LIMIT, read_bytes
from overlord_run.host import require_supported
from overlord_run.plan.frozen import plan_from_json
from overlord_run.plan.model import Plan
from overlord_run.playbook.source import digest_of
from overlord_run.settings.config import config_path, load_config
from overlord_run.settings.environment import environment
from overlord_run.settings.model import Flags
from overlord_run.settings.recorded import read_recorded, restore
from overlord_run.store.events import RunCreated
from overlord_run.store.folder import RunFolder
from overlord_run.store.plan_file import read_plan
from overlord_run.store.state import State

if TYPE_CHECKING:
    from overlord_run.engine.replay import Recording
    from overlord_run.engine.script import Script


class Recorded(Struct, frozen=True):
    """A run as it was begun: what its first event says, and the plan that was frozen then."""

    folder: RunFolder
    created: RunCreated
    plan: Plan
    plan_json: Mapping[str, Any]


def recorded(folder: RunFolder, created: RunCreated | None) -> Recorded:
    """Return a run's plan, read back from `plan.json`.

    Raises:
        RunNotFoundError: The run ended before it began.
        StoreError: The plan cannot be read, or is not the one that the run began with.
    """
    if created is None:
        message = f"the run {folder.run_id} ended before it began"
        raise RunNotFoundError(message, next="overlord-run PLAYBOOK starts another")
    plan_json = read_plan(folder.plan_path, created.plan_digest)
    try:
        plan = plan_from_json(plan_json)
    except (LookupError, TypeError, AttributeError) as error:
        message = f"{folder.plan_path} holds no plan that this program can read"
        raise StoreError(message, next="use the version of overlord-run that wrote it", code="plan-damaged") from error
    return Recorded(folder, created, plan, plan_json)


def reopen(run: Recorded, flags: Flags) -> Session:
    """Return the session in which a recorded run is taken up.

    Raises:
        SettingsError: The key, the base URL, trust or the shell is not acceptable.
        ChangedError: The rehearsal's script, or the recording that answers or is made, is not what it was.
    """
    host = current_host()
    require_supported(host)
    found = read_recorded(run.created.settings)
    engine = _engine(run)
    settings = restore(
        found,
        flags,
        environment(),
        load_config(config_path()),
        stand_in=STAND_INS[engine],
        is_private=run.folder.is_private(),
    )
    return Session(
        plan=run.plan,
        settings=settings,
        host=host,
        models_to_prove=found.models_to_prove,
        engine=engine,
        script=_script(run) if engine == "rehearsal" else None,
        recording=_recording(run) if engine == "recording" else None,
        kept=same_recording(run.created.settings, engine),
        prices=found.prices,
    )


def require_unreleased(state: State) -> None:
    """Refuse a run whose leases were given up.

    Raises:
        ReleasedError: They were.
    """
    if state.is_released:
        message = "the leases of this run were given up, so nothing more is sent to its servants"
        raise ReleasedError(message, next="start a new run")


def _engine(run: Recorded) -> EngineName:
    for name in STAND_INS:
        if name == run.created.engine:
            return name
    message = f"this run was answered by '{run.created.engine}', which this program does not know"
    raise StoreError(message, next="use the version of overlord-run that wrote it", code="settings-damaged")


def _script(run: Recorded) -> "Script | None":
    file = run.created.settings.get("script")
    if not isinstance(file, Mapping):
        return None
    from overlord_run.app.validate import read  # noqa: PLC0415 - few runs have a script, and it reads YAML
    from overlord_run.engine.script import parse_script  # noqa: PLC0415 - as above

    path = str(file.get("path"))
    content = read(path)
    _require_same(file, content, f"the rehearsal's script {path}")
    return parse_script(content, Path(path).name, run.plan)


def _recording(run: Recorded) -> "Recording":
    from overlord_run.engine.replay import parse_recording  # noqa: PLC0415 - only a replay needs it

    file = run.created.settings.get("replay")
    path = str(file.get("path")) if isinstance(file, Mapping) else ""
    content = read_bytes(Path(path), limit=RECORDING_LIMIT)
    _require_same(file or {}, content, f"the recording {path}, which answers here,")
    return parse_recording(content, path)


def _require_same(file: Mapping[str, Any], content: bytes, what: str) -> None:
    if digest_of(content) != file.get("digest"):
        message = f"{what} has changed since the run began"
        raise ChangedError(message, "put it back as it was, or start a new run")

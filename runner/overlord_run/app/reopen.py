"""Take up a recorded run: its frozen plan, its settings, and what has changed since."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from overlord_run.app.here import current_host
from overlord_run.app.keeping import same_recording
from overlord_run.app.prepare import STAND_INS
from overlord_run.app.session import Session
from overlord_run.app.validate import load, read
from overlord_run.engine.base import EngineName
from overlord_run.engine.replay import Recording, parse_recording
from overlord_run.engine.script import Script, parse_script
from overlord_run.errors import (
    ChangedError,
    InvalidPlaybookError,
    OverlordError,
    ReleasedError,
    RunNotFoundError,
    StoreError,
)
from overlord_run.files import RECORDING_LIMIT, TEXT_LIMIT, FileError, read_beside, read_bytes
from overlord_run.host import require_supported
from overlord_run.plan.build import build
from overlord_run.plan.digest import digest
from overlord_run.plan.frozen import plan_from_json
from overlord_run.plan.model import Plan
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.source import digest_of
from overlord_run.roles.lock import LOCK_LIMIT, Lock, parse_lock
from overlord_run.roles.origins import digest_as_sent
from overlord_run.settings.config import config_path, load_config
from overlord_run.settings.environment import environment
from overlord_run.settings.model import Flags
from overlord_run.settings.recorded import read_recorded, restore
from overlord_run.store.compare import json_difference
from overlord_run.store.events import RunCreated
from overlord_run.store.folder import RunFolder
from overlord_run.store.plan_file import read_plan
from overlord_run.store.state import State

# A lock that was taken away, or a cache that is cold, changes nothing of what the run is told.
_ASKS_NOTHING = {"digest", "sources"}
"""Of a plan what changes nothing that is sent: where texts come from, and the digest that this is a part of."""
_PACKS_AWAY = {"lock-missing", "pack-not-fetched"}
_GO_ON = "start a new run, or go on with the plan as it was: --ignore-changes"


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


def require_unchanged(run: Recorded) -> None:
    """Refuse a run whose playbook or roles say something else now than when it began.

    Raises:
        ChangedError: They do, or they cannot be read any more; it tells the first difference.
    """
    path = str(run.created.playbook.get("path", ""))
    try:
        playbook, _ = load(path)
        now = build(
            playbook,
            run.plan.inputs,
            model_ids=read_recorded(run.created.settings).model_ids,
            host={name: str(value) for name, value in run.created.host.items()},
            limit=run.plan.limit,
        ).to_json()
    except OverlordError as error:
        if isinstance(error, InvalidPlaybookError) and {found.rule for found in error.problems} <= _PACKS_AWAY:
            _require_same_files(run, path)
            return
        message = f"the playbook {path} cannot be planned as it was: {error.message}"
        raise ChangedError(message, _GO_ON) from error
    is_now, was = (
        {key: value for key, value in plan.items() if key not in _ASKS_NOTHING} for plan in (now, run.plan_json)
    )
    if digest(is_now) != digest(was):
        place, what = json_difference(is_now, was) or ("the plan", "is another")
        message = f"the playbook or a role has changed since the run began: {place} {what}"
        raise ChangedError(message, _GO_ON)


def _require_same_files(run: Recorded, path: str) -> None:
    """Refuse a run whose playbook, or a role file beside it, has other bytes now; its packs are not at hand to be read.

    They need not be: what they held stands in the plan.

    Raises:
        ChangedError: One of them has.
    """
    if digest_of(read(path)) != run.created.playbook.get("digest"):
        message = f"the playbook {path} has changed since the run began, and its packs are not at hand"
        raise ChangedError(message, _GO_ON)
    own = [files for source in run.plan.sources.values() if not source.pack for files in source.files.items()]
    for file, known in own:
        try:
            found = digest_as_sent(read_beside(Path(path).parent, file, limit=TEXT_LIMIT, may_climb=True))
        except FileError as error:
            raise ChangedError(error.message, _GO_ON) from error
        if found != known:
            message = f"the role file {file} has changed since the run began"
            raise ChangedError(message, _GO_ON)
    lock = Path(path).with_name(LOCK_NAME)
    if lock.exists():
        _require_same_commits(run, parse_lock(read_bytes(lock, limit=LOCK_LIMIT), str(lock)))


def _require_same_commits(run: Recorded, lock: Lock) -> None:
    for source in run.plan.sources.values():
        entry = lock.find(source.pack, source.git, source.rev, source.path)
        if entry is not None and entry.commit != source.commit:
            message = f"the pack {source.pack} is locked at another commit than the run began with"
            raise ChangedError(message, _GO_ON)


def _engine(run: Recorded) -> EngineName:
    for name in STAND_INS:
        if name == run.created.engine:
            return name
    message = f"this run was answered by '{run.created.engine}', which this program does not know"
    raise StoreError(message, next="use the version of overlord-run that wrote it", code="settings-damaged")


def _script(run: Recorded) -> Script | None:
    file = run.created.settings.get("script")
    if not isinstance(file, Mapping):
        return None
    path = str(file.get("path"))
    content = read(path)
    _require_same(file, content, f"the rehearsal's script {path}")
    return parse_script(content, Path(path).name, run.plan)


def _recording(run: Recorded) -> Recording:
    file = run.created.settings.get("replay")
    path = str(file.get("path")) if isinstance(file, Mapping) else ""
    content = read_bytes(Path(path), limit=RECORDING_LIMIT)
    _require_same(file or {}, content, f"the recording {path}, which answers here,")
    return parse_recording(content, path)


def _require_same(file: Mapping[str, Any], content: bytes, what: str) -> None:
    if digest_of(content) != file.get("digest"):
        message = f"{what} has changed since the run began"
        raise ChangedError(message, "put it back as it was, or start a new run")

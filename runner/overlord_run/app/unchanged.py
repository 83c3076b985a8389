"""Say whether a run's playbook, and all that it names, still say what they said when the run began."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from overlord_run.app.reopen import Recorded
from overlord_run.errors import ChangedError, InvalidPlaybookError, OverlordError
from overlord_run.files import PLAYBOOK_LIMIT, TEXT_LIMIT, FileError, read_beside, read_bytes
from overlord_run.plan.digest import digest
from overlord_run.playbook.packs import BUILTIN, LOCK_NAME
from overlord_run.playbook.rules import MAX_BYTES
from overlord_run.playbook.source import digest_of
from overlord_run.roles import builtin
from overlord_run.roles.origins import digest_as_sent
from overlord_run.settings.recorded import read_recorded
from overlord_run.store.compare import json_difference

if TYPE_CHECKING:
    from overlord_run.roles.lock import Lock

_ASKS_NOTHING = {"digest", "sources"}
"""Of a plan what changes nothing that is sent: where texts come from, and the digest that this is a part of."""
# A lock that was taken away, or a cache that is cold, changes nothing of what the run is told.
_PACKS_AWAY = {"lock-missing", "pack-not-fetched"}
_GO_ON = "start a new run, or go on with the plan as it was: --ignore-changes"


def require_unchanged(run: Recorded) -> None:
    """Refuse a run whose playbook or roles say something else now than when it began.

    Raises:
        ChangedError: They do, or they cannot be read any more; it tells the first difference.
    """
    path = str(run.created.playbook.get("path", ""))
    if not _has_same_files(run, path):
        _require_same_plan(run, path)


def _has_same_files(run: Recorded, path: str) -> bool:
    """Say whether all files that the plan was made of hold what they held, so that it need not be made again.

    A pack's texts are those of the lock, which is one of these files.
    """
    files = run.created.playbook.get("files")
    if not isinstance(files, Mapping):
        return False
    shipped = [source.files for source in run.plan.sources.values() if source.pack == BUILTIN]
    folder = Path(path).parent
    try:
        return (
            digest_of(read_bytes(Path(path), limit=PLAYBOOK_LIMIT)) == run.created.playbook.get("digest")
            and all(_digest_beside(folder, file) == known for file, known in files.items())
            and all(digest_of(builtin.read_text(file)) == known for role in shipped for file, known in role.items())
        )
    except OverlordError:
        return False  # the plan cannot be made either, and that tells why


def _digest_beside(folder: Path, file: str) -> str:
    return digest_of(read_beside(folder, file, limit=max(TEXT_LIMIT, MAX_BYTES), may_climb=True))


def _require_same_plan(run: Recorded, path: str) -> None:
    from overlord_run.app.validate import load  # noqa: PLC0415 - most playbooks are what they were
    from overlord_run.plan.build import build  # noqa: PLC0415 - as above

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
    if digest_of(read_bytes(Path(path), limit=PLAYBOOK_LIMIT)) != run.created.playbook.get("digest"):
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
        from overlord_run.roles.lock import LOCK_LIMIT, parse_lock  # noqa: PLC0415 - as above

        try:
            content = read_beside(lock.parent, LOCK_NAME, limit=LOCK_LIMIT)
        except FileError as error:
            raise ChangedError(error.message, _GO_ON) from error
        _require_same_commits(run, parse_lock(content, str(lock)))


def _require_same_commits(run: Recorded, lock: "Lock") -> None:
    for source in run.plan.sources.values():
        entry = lock.find(source.pack, source.git, source.rev, source.path)
        if entry is not None and entry.commit != source.commit:
            message = f"the pack {source.pack} is locked at another commit than the run began with"
            raise ChangedError(message, _GO_ON)

"""Write overlord.lock: resolve each pack that is not locked yet, and take down what the playbooks read of each."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.app.roles.fetching import Fetching
from overlord_run.app.roles.folders import Folder, alone, folders, key_of, read_lock, write_lock
from overlord_run.app.roles.used import Unlocked, used
from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.model import Pack
from overlord_run.playbook.names import shown
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from overlord_run.roles.commands import command, update
from overlord_run.roles.lock import Lock, LockedPack
from overlord_run.roles.refusal import PackError

_Key = tuple[str, str, str, str]
Step = Literal["locked", "kept", "changed", "dropped"]


class Locking(Struct, frozen=True):
    """What became of the lock of one folder.

    Attributes:
        file: The lock's path.
        steps: Each entry, and what happened to it: `locked` for the first time, `kept` as it was, `changed` in the
            files that are read of it, `dropped` since no playbook declares it any more.
        written: Whether the file was written; not where nothing changed, or where it was not to be.
    """

    file: str
    steps: tuple[tuple[LockedPack, Step], ...]
    written: bool

    @property
    def differs(self) -> bool:
        """Whether the lock is not what it was."""
        return any(step != "kept" for _, step in self.steps)


def lock(paths: Sequence[str], fetching: Fetching, *, frozen: bool = False) -> list[Locking]:
    """Lock the packs of playbooks. What is locked already stays at its commit: `update` is what moves it.

    Args:
        paths: The playbooks, or folders of them.
        fetching: Reaches repositories and the cache.
        frozen: Write nothing, and fail where a lock would change.

    Raises:
        InvalidPlaybookError: A playbook, a lock, or what a playbook asks of a pack has problems; with `frozen` also
            where a lock would change.
        UnreachableError: A repository does not answer.
        RunBusyError: Another process writes the lock.
        StoreError: The lock or the cache cannot be written.
    """
    return [_lock(folder, fetching, frozen=frozen) for folder in folders(paths)]


def _lock(folder: Folder, fetching: Fetching, *, frozen: bool) -> Locking:
    with nullcontext() if frozen else alone(folder.path, fetching.cache):
        before = {entry.key: entry for entry in (read_lock(folder.lock_path) or Lock()).packs}
        steps, problems = _steps(folder, before, fetching, frozen=frozen)
        if problems:
            raise InvalidPlaybookError(problems)
        after = Lock(tuple(entry for entry, step in steps if step != "dropped"))
        done = Locking(str(folder.lock_path), tuple(steps), written=False)
        if frozen or not done.differs:
            return done
        write_lock(folder.lock_path, after)
    return replace(done, written=True)


def _steps(
    folder: Folder, before: Mapping[_Key, LockedPack], fetching: Fetching, *, frozen: bool
) -> tuple[list[tuple[LockedPack, Step]], list[Problem]]:
    """Return what each entry is to be, in the order of their keys, and all that is wrong."""
    steps: dict[_Key, tuple[LockedPack, Step]] = {}
    problems: list[Problem] = []
    for playbook, pack in folder.declared():
        key = key_of(pack)
        if key in steps or playbook.file not in folder.named:
            continue
        try:
            steps[key], wrong = _step(folder, pack, before.get(key), fetching, frozen=frozen)
        except PackError as error:
            hint = f"{error.hint}; {update(pack.name, str(folder.lock_path))} locks what the revision names now"
            wrong = [problem(pack.place, error.rule, error.message, hint if error.is_gone else error.hint)]
        problems += wrong
    known = {key_of(pack) for _, pack in folder.declared()}
    for key, entry in before.items():
        is_needed = key in known or folder.unsound
        steps.setdefault(key, (entry, "kept" if is_needed else "dropped"))
    if frozen:
        problems += [_frozen(folder, entry, step) for entry, step in steps.values() if step != "kept"]
    return [steps[key] for key in sorted(steps)], problems


def _step(
    folder: Folder, pack: Pack, old: LockedPack | None, fetching: Fetching, *, frozen: bool
) -> tuple[tuple[LockedPack, Step], list[Problem]]:
    if old is None and frozen:
        return (LockedPack(*key_of(pack), "commit", "", {}), "locked"), []
    if old is None:
        found = fetching.resolve(pack)
        kind, commit = found.kind, found.commit
    else:
        kind, commit = old.kind, old.commit
        fetching.bring(pack, commit)
    there = Unlocked(pack, commit, fetching.cache)
    files, problems = used(folder, there)
    if old is not None and any(files.get(path, digest) != digest for path, digest in old.files.items()):
        fetching.bring(pack, commit, anew=True)  # a commit never changes, so the lock or the cache was
        files, problems = used(folder, there)
    if old is not None and folder.unsound:  # one of them may read what was taken down for it
        files = {**old.files, **files}
    place = None if old is None else old.place
    entry = LockedPack(*key_of(pack), kind, commit, dict(sorted(files.items())), place)
    return (entry, "locked" if old is None else "kept" if entry == old else "changed"), problems


def _frozen(folder: Folder, entry: LockedPack, step: Step) -> Problem:
    reasons = {
        "locked": "is not locked",
        "changed": "is locked with other files",
        "dropped": "is not declared any more",
    }
    place = entry.place or Place(str(folder.lock_path), 1, 1)
    hint = f"{command('lock', str(folder.path))} writes {LOCK_NAME} anew"
    return problem(place, "lock-outdated", f"the pack {shown(entry.pack)} {reasons[step]}", hint)

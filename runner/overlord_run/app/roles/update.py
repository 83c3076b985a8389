"""Move packs to what their revisions name now: first what that changes in the texts that are read, then the lock."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.app.roles.fetching import Fetching
from overlord_run.app.roles.folders import Folder, alone, folders, key_of, read_lock, write_lock
from overlord_run.app.roles.revision import Edit, edit_rev
from overlord_run.app.roles.used import Unlocked, used
from overlord_run.errors import InvalidPlaybookError, OverlordError, RunBusyError, UsageError
from overlord_run.files import TEXT_LIMIT, FileError
from overlord_run.playbook.model import Pack
from overlord_run.playbook.names import next_name, shown
from overlord_run.playbook.repository import SHORT
from overlord_run.playbook.rules import problem
from overlord_run.problem import Problem
from overlord_run.roles.cache import Cache
from overlord_run.roles.commands import beside, command
from overlord_run.roles.lock import Lock, LockedPack
from overlord_run.roles.refusal import PackError, UnreachableError

History = Literal["same", "forward", "rewritten", "unknown"]


class TextChange(Struct, frozen=True):
    """A text that is read of a pack, before and after.

    Attributes:
        path: From the pack's folder.
        before: None where it was not read, or is not in the cache any more.
        after: None where it is not read any more.
    """

    path: str
    before: str | None
    after: str | None


class Move(Struct, frozen=True):
    """What becomes of one entry of the lock.

    Attributes:
        before: The entry as it is.
        after: The entry as it is to be.
        history: Whether the new commit comes after the old one: `same` where it is the same, `forward`, `rewritten`
            where the old one is no part of its history, `unknown` where that could not be found out or does not matter.
        texts: The texts that differ.
    """

    before: LockedPack
    after: LockedPack
    history: History
    texts: tuple[TextChange, ...]


class Update(Struct, frozen=True):
    """What an update of a folder's lock would change; nothing is written yet.

    Attributes:
        folder: The playbooks and the lock.
        moves: Each entry that was looked at.
        edits: What a new revision changes in playbooks.
    """

    folder: Folder
    moves: tuple[Move, ...]
    edits: tuple[Edit, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.edits) or any(move.before != move.after for move in self.moves)

    def write(self, cache: Cache) -> None:
        """Write the playbooks that name another revision, then the lock.

        Raises:
            RunBusyError: Another process writes the lock, or changed it or a playbook since it was looked at.
            StoreError: A file cannot be written.
        """
        with alone(self.folder.path, cache):
            if read_lock(self.folder.lock_path) != self.folder.lock:
                message = f"{self.folder.lock_path} was changed by another process meanwhile"
                raise RunBusyError(message, next="Run the command again.")
            for edit in self.edits:
                edit.write()
            moved = {move.before.key: move.after for move in self.moves}
            entries = (self.folder.lock or Lock()).packs
            write_lock(self.folder.lock_path, Lock(tuple(moved.get(entry.key, entry) for entry in entries)))


def look(place: str, name: str | None, rev: str | None, fetching: Fetching) -> Update:
    """Find out what an update would change.

    Args:
        place: A folder of playbooks, or a playbook in it.
        name: The pack to move; None for all.
        rev: The revision that the playbooks are to name from now on; only with a name.
        fetching: Reaches repositories and the cache.

    Raises:
        InvalidPlaybookError: A playbook or the lock has problems, or a pack cannot be had as it is asked for.
        UnreachableError: A repository does not answer.
        UsageError: There is no such pack, or the revision cannot be set.
        StoreError: The cache cannot be written.
    """
    [folder] = folders([place])
    packs = _packs(folder, name)
    edits: tuple[Edit, ...] = ()
    targets = {key: replace(pack, rev=rev or pack.rev) for key, pack in packs.items()}
    if rev is not None:
        _require_one(folder, packs, name or "")
        edits = tuple(_edits(folder, name or "", rev))
    moves, problems = [], []
    lock = folder.lock or Lock()
    for key, pack in packs.items():
        before = lock.of(pack)
        if before is None:
            hint = f"{command('lock', pack.place.file)} locks it"
            problems.append(problem(pack.place, "pack-not-locked", f"the pack {shown(pack.name)} is not locked", hint))
            continue
        try:
            move, wrong = _move(folder, before, pack, targets[key], fetching)
        except PackError as error:
            hint = f"{error.hint}; what is locked still runs, at {before.commit[:SHORT]}"
            problems.append(problem(pack.place, error.rule, error.message, hint))
            continue
        moves.append(move)
        problems += wrong
    if problems:
        raise InvalidPlaybookError(problems)
    return Update(folder, tuple(moves), edits)


def _packs(folder: Folder, name: str | None) -> Mapping[tuple[str, str, str, str], Pack]:
    found: dict[tuple[str, str, str, str], Pack] = {}
    for _, pack in folder.declared():
        if name in (None, pack.name):
            found.setdefault(key_of(pack), pack)  # problems are told where it stands first
    if not found:
        known = sorted({pack.name for _, pack in folder.declared()})
        message = f"no playbook in {folder.path} declares the pack {shown(name)}"
        if name is None:
            message = f"no playbook in {folder.path} declares a pack"
            raise UsageError(message, next="Declare one under packs.")
        raise UsageError(message, next=next_name(name, known, "The packs are:"))
    return found


def _require_one(folder: Folder, packs: Mapping[tuple[str, str, str, str], Pack], name: str) -> None:
    if len(packs) > 1:
        files = " and ".join(sorted({pack.place.file for pack in packs.values()}))
        message = f"the pack {shown(name)} is declared in more than one way, in {files}"
        lock = beside("lock", str(folder.lock_path))
        raise UsageError(message, next=f"Write the new revision into the playbook, and run {lock}.")


def _edits(folder: Folder, name: str, rev: str) -> Iterator[Edit]:
    for playbook, pack in folder.declared():
        if pack.name == name and pack.rev != rev:
            yield edit_rev(playbook.file, name, pack.rev, rev)


def _move(
    folder: Folder, before: LockedPack, declared: Pack, wanted: Pack, fetching: Fetching
) -> tuple[Move, list[Problem]]:
    found = fetching.resolve(wanted)
    files, problems = used(folder, Unlocked(declared, found.commit, fetching.cache))
    if folder.unsound:  # one of them may read what is locked
        kept = fetching.cache.digests(found.commit, declared.path)
        files |= {path: f"sha256:{kept[path]}" for path in before.files if path in kept}
    after = replace(
        before, rev=wanted.rev, kind=found.kind, commit=found.commit, files=dict(sorted(files.items())), place=None
    )
    history: History = "same" if before.commit == after.commit else "unknown"
    if history != "same" and before.rev == after.rev:
        history = _history(wanted, before.commit, after.commit, fetching)
    return Move(before, after, history, tuple(_changes(before, after, fetching))), problems


def _history(pack: Pack, old: str, new: str, fetching: Fetching) -> History:
    """Return whether one commit comes after another; `unknown` where the history is too much to fetch, say."""
    try:
        return "forward" if fetching.comes_after(pack, new, old) else "rewritten"
    except UnreachableError:
        return "unknown"


def _changes(before: LockedPack, after: LockedPack, fetching: Fetching) -> Iterator[TextChange]:
    for path in sorted(before.files.keys() | after.files.keys()):
        if before.files.get(path) != after.files.get(path):
            yield TextChange(path, _text(before, path, fetching), _text(after, path, fetching))


def _text(entry: LockedPack, path: str, fetching: Fetching) -> str | None:
    """Return a text of an entry; None where it is not read, or cannot be had any more."""
    if path not in entry.files:
        return None
    try:
        fetching.bring(entry, entry.commit)
        data = fetching.cache.read(entry.commit, entry.path, path, limit=TEXT_LIMIT)
    except (FileError, OverlordError):
        return None
    return data.decode("utf-8", "replace").replace("\r\n", "\n")

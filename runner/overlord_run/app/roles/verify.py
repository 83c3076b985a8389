"""Compare the locks of playbooks with the playbooks and the cache; when asked, also with the repositories."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from overlord_run.app.roles.fetch import differences, place_of
from overlord_run.app.roles.fetching import Fetching
from overlord_run.app.roles.folders import Folder, folders, key_of
from overlord_run.app.roles.used import closed, roles_of
from overlord_run.errors import Exit
from overlord_run.files import TEXT_LIMIT, FileError, read_beside
from overlord_run.playbook.model import Pack, Playbook
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from overlord_run.roles.cache import Cache
from overlord_run.roles.commands import command
from overlord_run.roles.lock import Lock, LockedPack
from overlord_run.roles.packs import open_packs
from overlord_run.roles.refusal import PackError, UnreachableError

# They are told once, where the lock has the entry.
_TOLD_OF_THE_LOCK = frozenset({"pack-not-fetched", "pack-damaged", "wrong-digest"})
State = Literal["same", "moved", "gone", "unreachable"]


class Seen(Struct, frozen=True):
    """What the revision of an entry is in its repository now.

    Attributes:
        file: The lock's path.
        entry: The entry.
        state: `gone` where the repository has no such tag or branch any more, `unreachable` where it does not answer.
        commit: What it is now; empty where that is not known.
        refusal: Why it is not known, where the repository does not answer.
    """

    file: str
    entry: LockedPack
    state: State
    commit: str = ""
    refusal: UnreachableError | None = None


class Verification(Struct, frozen=True):
    """What was compared, and all that differs.

    Attributes:
        entries: The entries of all locks, with the paths of these.
        problems: What is wrong with a lock, or with the cache.
        seen: What the revisions are now; empty where the repositories were not asked.
    """

    entries: tuple[tuple[str, LockedPack], ...]
    problems: tuple[Problem, ...]
    seen: tuple[Seen, ...]

    @property
    def exit_code(self) -> Exit:
        """3 where a lock or the cache is wrong, 1 where a tag moved, or a revision is gone or cannot be asked for."""
        if self.problems:
            return Exit.INVALID
        is_as_locked = all(
            each.state == "same" or (each.state, each.entry.kind) == ("moved", "branch") for each in self.seen
        )
        return Exit.OK if is_as_locked else Exit.FAILED


def verify(paths: Sequence[str], fetching: Fetching, *, online: bool = False) -> Verification:
    """Compare the locks of playbooks with all that they speak of.

    Args:
        paths: The playbooks, or folders of them.
        fetching: Reaches repositories, only with `online`, and the cache.
        online: Whether to ask each repository what its revisions are now.

    Raises:
        InvalidPlaybookError: A playbook that is named, or a lock, cannot be read.
    """
    found = folders(paths)
    entries = [(str(folder.lock_path), entry) for folder in found for entry in (folder.lock or Lock()).packs]
    problems = [each for folder in found for each in _problems(folder, fetching.cache)]
    silent: dict[str, UnreachableError] = {}
    asked = [(file, entry) for file, entry in entries if entry.kind != "commit"] if online else []
    seen = [_seen(file, entry, fetching, silent) for file, entry in asked]
    return Verification(tuple(entries), tuple(sorted(set(problems))), tuple(seen))


def _problems(folder: Folder, cache: Cache) -> Iterator[Problem]:
    for playbook in folder.playbooks:
        if playbook.file in folder.named:
            yield from (each for each in _of_playbook(playbook, cache) if each.rule not in _TOLD_OF_THE_LOCK)
    known = {key_of(pack) for _, pack in folder.declared()}
    for entry in (folder.lock or Lock()).packs:
        place = place_of(entry, str(folder.lock_path))
        if fault := _fault(entry, cache, command("fetch", str(folder.path))):
            yield problem(place, fault.rule, f"of the pack {shown(entry.pack)}, {fault.message}", fault.hint)
            continue
        yield from differences(entry, str(folder.lock_path), cache)
        if entry.key not in known and not folder.unsound:
            hint = f"{command('lock', str(folder.path))} drops it"
            yield problem(place, "lock-outdated", f"no playbook declares the pack {shown(entry.pack)} like this", hint)


def _of_playbook(playbook: Playbook, cache: Cache) -> Iterator[Problem]:
    """Yield what a run of a playbook would say of its packs: what is not locked, and what is wrong with a role."""
    opened, problems = open_packs(playbook, partial(read_beside, Path(playbook.file).parent), cache)
    yield from (each for each in problems if each.severity == "error")
    for pack in opened.values():
        for role, path in roles_of(playbook, pack.entry.pack):
            yield from closed(role, path, pack)[1]


def _fault(entry: LockedPack, cache: Cache, mend: str) -> FileError | None:
    """Return why a text that is locked cannot be read from the cache, with the command that mends it, or None."""
    try:
        kept = cache.digests(entry.commit, entry.path, mend=mend)
        for path in entry.files.keys() & kept.keys():
            cache.read(entry.commit, entry.path, path, limit=TEXT_LIMIT, mend=mend)
    except FileError as error:
        return error
    return None


def _seen(file: str, entry: LockedPack, fetching: Fetching, silent: dict[str, UnreachableError]) -> Seen:
    """Ask what a revision is now; of a repository in `silent`, which did not answer before, once is enough."""
    if entry.git in silent:
        return Seen(file, entry, "unreachable", refusal=silent[entry.git])
    pack = Pack(entry.pack, entry.git, entry.rev, entry.path, entry.place or Place(file, 1, 1))
    try:
        commit = fetching.ask(pack).commit
    except PackError:
        return Seen(file, entry, "gone")
    except UnreachableError as error:
        silent[entry.git] = error
        return Seen(file, entry, "unreachable", refusal=error)
    return Seen(file, entry, "same" if commit == entry.commit else "moved", commit)

"""Fill the cache from the locks: the one step that needs the network, and nothing but it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from overlord_run.app.roles.fetching import Fetching
from overlord_run.app.roles.folders import locks
from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.names import shown
from overlord_run.playbook.repository import SHORT
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from overlord_run.roles.cache import Cache
from overlord_run.roles.commands import beside, update
from overlord_run.roles.lock import LockedPack
from overlord_run.roles.refusal import PackError


class Fetched(Struct, frozen=True):
    """An entry of a lock, and whether it had to be fetched.

    Attributes:
        file: The lock's path.
        entry: The entry; the cache holds what it names.
        is_new: Whether it was not in the cache before.
    """

    file: str
    entry: LockedPack
    is_new: bool


def fetch(paths: Sequence[str], fetching: Fetching) -> list[Fetched]:
    """Bring into the cache what the locks of playbooks name, and mend what is there and was changed.

    Args:
        paths: The playbooks, or their folders; a playbook is not read.
        fetching: Reaches repositories and the cache.

    Raises:
        InvalidPlaybookError: There is no lock, it has problems, or it names what is not in the repository.
        UnreachableError: A repository does not answer.
        StoreError: The cache cannot be written.
    """
    fetched: list[Fetched] = []
    problems: list[Problem] = []
    for path, lock in locks(paths):
        for entry in lock.packs:
            try:
                is_new = fetching.bring(entry, entry.commit)
                if not is_new and any(differences(entry, path, fetching.cache)):
                    is_new = fetching.bring(entry, entry.commit, anew=True)
            except PackError as error:
                hint = f"{error.hint}; {update(entry.pack, path)} locks what the revision names now"
                hint = hint if error.is_gone else error.hint
                problems.append(problem(place_of(entry, path), error.rule, error.message, hint))
                continue
            fetched.append(Fetched(path, entry, is_new))
            problems += differences(entry, path, fetching.cache)
    if problems:
        raise InvalidPlaybookError(problems)
    return fetched


def differences(entry: LockedPack, file: str, cache: Cache) -> Iterator[Problem]:
    """Yield what a lock says of a pack's files and is not so at its commit; the cache holds that."""
    kept = cache.digests(entry.commit, entry.path)
    for path, digest in entry.files.items():
        if path not in kept:
            message = f"the file {shown(path)} of the pack {shown(entry.pack)} is not in it at {entry.commit[:SHORT]}"
        elif digest != f"sha256:{kept[path]}":
            message = f"the file {shown(path)} of the pack {shown(entry.pack)} is not so at {entry.commit[:SHORT]}"
        else:
            continue
        hint = f"the lock was changed by hand: take its old text back, or write it anew by {beside('lock', file)}"
        yield problem(place_of(entry, file), "wrong-digest", message, hint)


def place_of(entry: LockedPack, file: str) -> Place:
    """Return where an entry stands in its lock."""
    return entry.place or Place(file, 1, 1)

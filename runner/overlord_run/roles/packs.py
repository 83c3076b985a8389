"""Open the packs of a playbook: only what overlord.lock names is read, from the cache, and as the lock has it.

Nothing is fetched here, and git is not run.
"""

from collections.abc import Iterator
from pathlib import PurePath

from msgspec import Struct

from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import TEXT_LIMIT, FileError
from overlord_run.playbook.model import Pack, Playbook, Provenance
from overlord_run.playbook.names import LONGEST_PATH, shown
from overlord_run.playbook.packs import LOCK_NAME, MOVING, used_packs
from overlord_run.playbook.repository import SHORT
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import digest_of
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from overlord_run.roles.beside import Beside
from overlord_run.roles.cache import Cache
from overlord_run.roles.commands import command
from overlord_run.roles.lock import LOCK_LIMIT, Lock, LockedPack, parse_lock

_WORDS = {"git": "URL", "rev": "revision", "path": "folder"}


class OpenPack(Struct, frozen=True):
    """A pack that is locked and was fetched.

    Attributes:
        playbook: The path of the playbook, for what is to be done.
    """

    entry: LockedPack
    cache: Cache
    playbook: str

    @property
    def source(self) -> Provenance:
        """What the records tell of where its texts come from."""
        entry = self.entry
        return Provenance(
            pack=entry.pack, git=entry.git, rev=entry.rev, path=entry.path, kind=entry.kind, commit=entry.commit
        )

    def label(self, path: str) -> str:
        """Return what problems call a text of it: `acme/critic.md@1a2b3c4d`."""
        return f"{self.entry.pack}/{path}@{self.entry.commit[:SHORT]}"

    def read(self, path: str) -> bytes:
        """Return a text by its path from the pack's folder, which only chooses among what is locked.

        Raises:
            FileError: It is not in the lock, not in the cache, or not what the lock says.
        """
        entry = self.entry
        subject = shown(f"{entry.pack}/{path}", longest=LONGEST_PATH)
        if path not in entry.files and path in self.cache.digests(entry.commit, entry.path):
            hint = f"add it: {command('lock', self.playbook)}"
            raise FileError(subject, f"is not in {LOCK_NAME}", rule="file-not-locked", hint=hint)
        mend = command("fetch", self.playbook)
        data = self.cache.read(entry.commit, entry.path, path, limit=TEXT_LIMIT, subject=subject, mend=mend)
        if digest_of(data) != entry.files.get(path):
            reason = f"is not the text of the commit {entry.commit[:SHORT]} that {LOCK_NAME} says"
            hint = f"see what was changed: {command('verify', self.playbook)}"
            raise FileError(subject, reason, rule="wrong-digest", hint=hint)
        return data

    def fetched(self) -> dict[str, str]:
        """Return `sha256:` and the digest of every text that was fetched, locked or not, by path.

        Raises:
            FileError: The cache was changed.
        """
        digests = self.cache.digests(self.entry.commit, self.entry.path)
        return {path: f"sha256:{digest}" for path, digest in digests.items()}

    def peek(self, path: str) -> bytes:
        """Return a text that was fetched, whether it is locked or not, to look at and not to use.

        Raises:
            FileError: It is not in the cache as it was fetched.
        """
        mend = command("fetch", self.playbook)
        return self.cache.read(self.entry.commit, self.entry.path, path, limit=TEXT_LIMIT, mend=mend)


def read_labelled(label: str, lock: Lock, cache: Cache) -> bytes | None:
    """Return the text of a pack that problems call so; None where there is not just one, or it cannot be read."""
    named = [
        (pack, path)
        for pack in (OpenPack(entry, cache, "") for entry in lock.packs)
        for path in pack.entry.files
        if pack.label(path) == label
    ]
    if len(named) != 1:
        return None
    pack, path = named[0]
    try:
        return pack.read(path)
    except FileError:  # which is a problem of its own, and told
        return None


def open_packs(playbook: Playbook, beside: Beside, cache: Cache) -> tuple[dict[str, OpenPack], list[Problem]]:
    """Return the packs that a playbook uses, those that can be read, by name, and what is wrong with the others.

    Args:
        playbook: As parsed.
        beside: Reads what stands beside it.
        cache: Where packs were fetched to.
    """
    used = used_packs(playbook)
    if not used:
        return {}, []
    try:
        lock = _lock(playbook.file, beside)
    except InvalidPlaybookError as error:
        return {}, list(error.problems)
    except FileError as error:
        return {}, [_unlocked(pack, playbook.file, error) for pack in used.values()]
    opened: dict[str, OpenPack] = {}
    problems: list[Problem] = []
    for name, pack in used.items():
        entry = lock.of(pack)
        problems += _moving(playbook, pack, entry)
        if entry is None:
            problems.append(_not_locked(playbook, pack, lock))
        elif found := _not_fetched(playbook, pack, entry, cache):
            problems.append(found)
        else:
            opened[name] = OpenPack(entry, cache, playbook.file)
    return opened, problems


def _lock(playbook: str, beside: Beside) -> Lock:
    return parse_lock(beside(LOCK_NAME, limit=LOCK_LIMIT), (PurePath(playbook).parent / LOCK_NAME).as_posix())


def _unlocked(pack: Pack, playbook: str, error: FileError) -> Problem:
    if error.rule != "file-missing":
        return problem(pack.place, error.rule, error.message, error.hint)
    message = f"the pack {shown(pack.name)} is not locked: there is no {LOCK_NAME} beside the playbook"
    return problem(pack.place, "lock-missing", message, f"make it: {command('lock', playbook)}")


def _not_locked(playbook: Playbook, pack: Pack, lock: Lock) -> Problem:
    remedy = command("lock", playbook.file)
    others = [_differences(pack, entry) for entry in lock.named(pack.name)]
    if not others:
        return problem(
            pack.place, "pack-not-locked", f"the pack {shown(pack.name)} is not in {LOCK_NAME}", f"add it: {remedy}"
        )
    nearest = min(others, key=len)
    words = " and ".join(f"another {_WORDS[key]} ({shown(said) if said else 'none'})" for key, said in nearest.items())
    place = playbook.places.get(("packs", pack.name, next(iter(nearest))), pack.place)
    message = f"{LOCK_NAME} has the pack {shown(pack.name)} with {words}"
    return problem(place, "lock-outdated", message, f"lock it anew: {remedy}")


def _differences(pack: Pack, entry: LockedPack) -> dict[str, str]:
    """Return what the lock says otherwise than the playbook, by key."""
    said = {"git": (entry.git, pack.git), "rev": (entry.rev, pack.rev), "path": (entry.path, pack.path)}
    return {key: locked for key, (locked, declared) in said.items() if locked != declared}


def _not_fetched(playbook: Playbook, pack: Pack, entry: LockedPack, cache: Cache) -> Problem | None:
    try:
        cache.digests(entry.commit, entry.path)
    except FileError as error:
        message = f"the pack {shown(pack.name)} {error.reason}"
        return problem(pack.place, error.rule, message, f"fetch it: {command('fetch', playbook.file)}")
    return None


def _moving(playbook: Playbook, pack: Pack, entry: LockedPack | None) -> Iterator[Problem]:
    if pack.rev in MOVING if entry is None else entry.kind == "branch":
        place: Place = playbook.places["packs", pack.name, "rev"]
        message = f"the pack {shown(pack.name)} is named by a branch, {shown(pack.rev)}, which moves"
        yield problem(place, "moving-rev", message, "name a tag or a commit", "warning")

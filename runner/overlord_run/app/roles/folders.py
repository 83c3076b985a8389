"""Look at a folder of playbooks as the commands of packs do: its playbooks, what they use of packs, and its lock."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from overlord_run.app import ours
from overlord_run.app.validate import read
from overlord_run.errors import InvalidPlaybookError, RunBusyError, StoreError, UsageError
from overlord_run.files import FileError, read_beside
from overlord_run.playbook.model import Pack, Playbook
from overlord_run.playbook.names import LONGEST_PATH, shown
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.parse import read as read_playbook
from overlord_run.problem import Problem
from overlord_run.roles.cache import Cache
from overlord_run.roles.commands import command
from overlord_run.roles.lock import LOCK_LIMIT, Lock, compose_lock, parse_lock
from overlord_run.store import atomic
from overlord_run.store.owner import owned

_PATIENCE_S = 10.0
_MODE = 0o644
_KEY_LENGTH = 16
_CACHE = "Check its rights and its space, or name another folder by OVERLORD_CACHE_DIR."
_BESIDE = "Check the rights of the playbook's folder, and the space there."


class Folder(Struct, frozen=True):
    """A folder with playbooks, and the lock that they share.

    Attributes:
        path: The folder, as the user named it.
        playbooks: Those that stand in it and are sound as far as no other file is read.
        named: The paths of those among them that the user named.
        unsound: The paths of those that have problems; what they use is not known.
        lock: What the lock's file holds; None where there is none.
    """

    path: Path
    playbooks: tuple[Playbook, ...]
    named: frozenset[str]
    unsound: tuple[str, ...]
    lock: Lock | None

    @property
    def lock_path(self) -> Path:
        """Where the lock stands, or is to stand."""
        return self.path / LOCK_NAME

    def declared(self) -> Iterator[tuple[Playbook, Pack]]:
        """Yield each pack that a playbook declares."""
        for playbook in self.playbooks:
            for pack in playbook.packs.values():
                yield playbook, pack


def locks(paths: Sequence[str]) -> list[tuple[str, Lock]]:
    """Return the locks beside playbooks, or in folders, each once with its path.

    Raises:
        InvalidPlaybookError: There is none, or it has problems.
        UsageError: There is no such file or folder.
    """
    found = {}
    for path in paths:
        place = Path(path)
        if not place.exists():
            message = f"{shown(path, longest=LONGEST_PATH)} does not exist"
            raise UsageError(message, next="Check the path.")
        folder = place if place.is_dir() else place.parent
        file = folder / LOCK_NAME
        lock = read_lock(file)
        if lock is None:
            hint = f"{command('lock', path)} writes it"
            raise InvalidPlaybookError([Problem(str(file), 1, 1, "lock-missing", "there is no such lock", hint)])
        found[str(file)] = lock
    return list(found.items())


def folders(paths: Sequence[str]) -> list[Folder]:
    """Return the folders of the playbooks that are named, each once; of a folder, all playbooks that stand in it.

    Raises:
        InvalidPlaybookError: A playbook that is named, or a lock, has problems.
        UsageError: There is no such file, or a folder holds no playbook.
    """
    named: dict[Path, list[str]] = {}
    for path in paths:
        place = Path(path)
        found = ours.playbooks_in(place) if place.is_dir() else [path]
        if not found:
            message = f"there is no playbook in {path}"
            raise UsageError(message, next="Name a playbook, or a folder that holds one.")
        named.setdefault(place if place.is_dir() else place.parent, []).extend(found)
    return [_folder(path, names) for path, names in named.items()]


def _folder(path: Path, named: Sequence[str]) -> Folder:
    playbooks, unsound, problems = [], [], []
    names = {Path(name): name for name in [*ours.playbooks_in(path), *named]}
    for name in names.values():
        try:
            playbook, found = read_playbook(read(name), name)
        except InvalidPlaybookError as error:
            playbook, found = None, list(error.problems)
        errors = [each for each in found if each.severity == "error"]
        if playbook is not None and not errors:
            playbooks.append(playbook)
            continue
        unsound.append(name)
        problems += errors if name in named else []
    if problems:
        raise InvalidPlaybookError(problems)
    lock = read_lock(path / LOCK_NAME)
    return Folder(path, tuple(playbooks), frozenset(named), tuple(unsound), lock)


def read_lock(path: Path) -> Lock | None:
    """Return what a lock's file holds, or None where there is none. As for a run, no link may lead outside.

    Raises:
        InvalidPlaybookError: It has problems, or cannot be read.
    """
    try:
        content = read_beside(path.parent, path.name, limit=LOCK_LIMIT)
    except FileError as error:
        if error.rule == "file-missing":
            return None
        raise InvalidPlaybookError([Problem(str(path), 1, 1, error.rule, error.message, error.hint)]) from error
    return parse_lock(content, str(path))


def write_lock(path: Path, lock: Lock) -> None:
    """Put a lock into its file, for everybody to read who may read the folder.

    Raises:
        StoreError: It cannot be written.
    """
    put(path, compose_lock(lock).encode())
    path.chmod(_MODE)


def put(path: Path, content: bytes) -> None:
    """Put bytes into a playbook's or a lock's file, whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        atomic.replace(path, [content])
    except StoreError as error:  # whose remedy is for the folder of a run
        raise StoreError(error.message, next=_BESIDE) from error


@contextmanager
def alone(folder: Path, cache: Cache, *, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Let no other process write the lock of a folder meanwhile: what one writes the other would take back.

    Raises:
        RunBusyError: Another process does.
        StoreError: The cache cannot be written.
    """
    key = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:_KEY_LENGTH]
    path = cache.folder / "locks" / key
    with kept_in(cache):
        path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(owned(path, patience_s=patience_s))
        except RunBusyError as error:
            message = f"another process writes the {LOCK_NAME} of this folder"
            raise RunBusyError(message, next="Try again when it has ended.") from error
        except StoreError as error:
            raise StoreError(error.message, next=_CACHE, code="cache") from error
        yield


@contextmanager
def kept_in(cache: Cache) -> Iterator[None]:
    """Tell what the disk refuses about the cache.

    Raises:
        StoreError: The disk refused.
    """
    try:
        yield
    except OSError as error:
        message = f"the cache {cache.folder} cannot be written: {error.strerror}"
        raise StoreError(message, next=_CACHE, code="cache") from error


def key_of(pack: Pack) -> tuple[str, str, str, str]:
    """Return what a lock's entry of a pack is found by."""
    return (pack.name, pack.git, pack.rev, pack.path)

"""List the role files that a playbook can use: those that it names, those of its packs, and those that ship."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from msgspec import Struct

from overlord_run.app.packs import pack_cache
from overlord_run.app.validate import read
from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import FileError, read_beside
from overlord_run.playbook.model import Pack, Playbook, Provenance, RoleFile
from overlord_run.playbook.packs import BUILTIN, ROLE_SUFFIX
from overlord_run.playbook.parse import read as read_playbook
from overlord_run.playbook.rolefile import parse_role
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import digest_of
from overlord_run.playbook.texts import FileRef
from overlord_run.roles import builtin
from overlord_run.roles.origins import Origin, Origins
from overlord_run.roles.packs import OpenPack, open_packs


class ListedRole(Struct, frozen=True):
    """A role file.

    Attributes:
        reference: What `from` says of it.
        used_as: The names of the playbook's roles that are made of it.
        path: Of its file, from the playbook's folder or the pack's.
        digest: `sha256:` and the hex digest of its bytes, of a file of your own its text's, as `plan.json` has it.
        is_locked: Whether overlord.lock has it; true for what needs no lock.
    """

    reference: str
    used_as: tuple[str, ...]
    path: str
    digest: str
    role: RoleFile
    is_locked: bool = True


class ListedSource(Struct, frozen=True):
    """The roles of one pack, or those beside the playbook."""

    source: Provenance
    roles: tuple[ListedRole, ...]


def list_roles(path: str | None) -> tuple[ListedSource, ...]:
    """Return the roles beside a playbook that it names, all of its packs that it uses, and those of the runner.

    Args:
        path: The playbook's; None: the runner's roles alone.

    Raises:
        InvalidPlaybookError: The playbook has problems, a role file that it names has, or a pack cannot be read.
        UsageError: There is no such file.
    """
    if path is None:
        return (_shipped({}),)
    playbook, problems = read_playbook(read(path), path)
    if playbook is None:
        raise InvalidPlaybookError(problems)
    beside = partial(read_beside, Path(path).parent)
    packs, found = open_packs(playbook, beside, pack_cache())
    errors = [each for each in (*problems, *found) if each.severity == "error"]
    if errors:
        raise InvalidPlaybookError(errors)
    used = _used(playbook)
    own = _own(playbook, Origins(path, beside, packs), used)
    of_packs = (_of_pack(playbook.packs[name], pack, used) for name, pack in packs.items())
    return (*([own] if own.roles else []), *of_packs, _shipped(used))


def _used(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """Return the names of the roles that are made of each role file, by what `from` says."""
    used: dict[str, tuple[str, ...]] = {}
    for name, role in playbook.roles.items():
        if role.file is not None:
            used[role.file.path] = (*used.get(role.file.path, ()), name)
    return used


def _own(playbook: Playbook, origins: Origins, used: dict[str, tuple[str, ...]]) -> ListedSource:
    files = {role.file.path: role.file for role in playbook.roles.values() if role.file is not None}
    own = [file for path, file in files.items() if path.startswith(("./", "../"))]
    return ListedSource(Provenance(), tuple(_listed(file, origins.of_role(file.path), used) for file in own))


def _listed(file: FileRef, origin: Origin, used: dict[str, tuple[str, ...]]) -> ListedRole:
    try:
        data = origin.read()
    except FileError as error:
        raise InvalidPlaybookError([problem(file.place, error.rule, error.message, error.hint)]) from error
    return ListedRole(file.path, used[file.path], origin.path, origin.digest(data), parse_role(data, origin.label))


def _of_pack(declared: Pack, pack: OpenPack, used: dict[str, tuple[str, ...]]) -> ListedSource:
    try:
        return ListedSource(pack.source, tuple(_in_pack(pack, used)))
    except FileError as error:
        raise InvalidPlaybookError([problem(declared.place, error.rule, error.message, error.hint)]) from error


def _in_pack(pack: OpenPack, used: dict[str, tuple[str, ...]]) -> Iterator[ListedRole]:
    """Yield the role files at the top of a pack's folder; a file that is none, such as a README, is passed over."""
    entry = pack.entry
    for path, digest in sorted(pack.fetched().items()):
        name = path.removesuffix(ROLE_SUFFIX)
        if "/" in path or name == path:
            continue
        is_locked = path in entry.files
        try:
            role = parse_role(pack.read(path) if is_locked else pack.peek(path), pack.label(path))
        except InvalidPlaybookError:
            continue
        reference = f"{entry.pack}/{name}"
        yield ListedRole(reference, used.get(reference, ()), path, digest, role, is_locked)


def _shipped(used: dict[str, tuple[str, ...]]) -> ListedSource:
    return ListedSource(Provenance(pack=BUILTIN), tuple(_builtin(used)))


def _builtin(used: dict[str, tuple[str, ...]]) -> Iterator[ListedRole]:
    for name in builtin.names():
        reference, data = f"{BUILTIN}/{name}", builtin.read(name)
        role = parse_role(data, reference)
        yield ListedRole(reference, used.get(reference, ()), f"{name}{ROLE_SUFFIX}", digest_of(data), role)

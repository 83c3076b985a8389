"""Check where packs come from, and that a role of a pack names one that is declared."""

import re
from collections.abc import Callable, Iterator, Mapping, Set

from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Pack, Playbook
from overlord_run.playbook.names import did_you_mean, is_device, shown
from overlord_run.playbook.repository import Fault, folder_fault, rev_fault, url_fault
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

BUILTIN = "builtin"
"""The pack that ships with the runner."""

LOCK_NAME = "overlord.lock"
"""The file beside a playbook that says which commit of each pack is read."""

ROLE_SUFFIX = ".md"

MOVING = frozenset({"HEAD", "dev", "develop", "main", "master", "next", "trunk"})
"""What branches are mostly called, and what git calls the newest commit of one."""

_ROLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SOURCES: Mapping[str, tuple[str, str, Callable[[str], Fault | None]]] = {
    "git": ("pack-url", "the URL", url_fault),
    "rev": ("pack-rev", "the revision", rev_fault),
    "path": ("pack-path", "the folder", folder_fault),
}


def role_path(name: str) -> str:
    """Return the path, from a pack's folder, of the file of its role `name`."""
    return f"{name}{ROLE_SUFFIX}"


def used_packs(playbook: Playbook) -> dict[str, Pack]:
    """Return the packs that a playbook's roles name, in the order of the roles."""
    references = (role.file.path for role in playbook.roles.values() if role.file is not None)
    names = dict.fromkeys(reference.partition("/")[0] for reference in references)
    return {name: playbook.packs[name] for name in names if name in playbook.packs}


def check_source(pack: Fields) -> Iterator[Problem]:
    """Find what git is not to be handed under the keys `git`, `rev` and `path`; no URL is told, it may be secret."""
    for key, (rule, subject, fault_of) in _SOURCES.items():
        text = pack.string(key)
        if text is not None and (fault := fault_of(text)):
            yield problem(pack.place_of(key), rule, f"{subject} {fault.reason}", fault.hint)


def check_packs(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    """Find packs whose name is taken or whose source is not safe, and roles of packs that are not declared."""
    for name, pack in fields.named("packs"):
        if name == BUILTIN or is_device(name):
            yield problem(pack.key, "reserved-name", f"the name {shown(name)} is reserved", "choose another name")
        yield from check_source(pack)
    known = [*fields.mapping("packs"), BUILTIN]
    for _name, role in fields.named("roles"):
        reference = role.string("from")
        if reference is not None and not reference.startswith(("./", "../")):
            yield from _check_reference(role.place_of("from"), reference, known)


def _check_reference(place: Place, reference: str, packs: list[str]) -> Iterator[Problem]:
    pack, _, name = reference.partition("/")
    if pack != BUILTIN and name.endswith(ROLE_SUFFIX):
        message = f"'from' is {shown(reference)}, which is neither the path of a role file nor a role of a pack"
        hint = f"for a file write {shown('./' + reference)}, for a role of a pack leave out {ROLE_SUFFIX}"
        yield problem(place, "file-path", message, hint)
    elif pack not in packs:
        hint = did_you_mean(pack, packs) or "declare it under packs, or begin the path of a file with ./ or ../"
        yield problem(place, "unknown-pack", f"there is no pack {shown(pack)}", hint)
    elif pack != BUILTIN and not _ROLE.fullmatch(name):
        hint = "write small letters, digits, '.', '_' or '-', 64 characters at most: the name of its file without .md"
        yield problem(place, "bad-name", f"{shown(name)} cannot be the name of a role", hint)

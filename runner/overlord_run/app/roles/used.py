"""Find out which texts of a pack the playbooks of a folder read, includes too."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.app.roles.folders import Folder, key_of
from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import TEXT_LIMIT, FileError
from overlord_run.playbook.model import Pack, Playbook, Role
from overlord_run.playbook.names import LONGEST_PATH, shown
from overlord_run.playbook.packs import role_path
from overlord_run.playbook.repository import SHORT
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import digest_of
from overlord_run.problem import Problem
from overlord_run.roles.cache import Cache
from overlord_run.roles.includes import closure


def roles_of(playbook: Playbook, pack: str) -> list[tuple[Role, str]]:
    """Return the roles of a playbook that come from a pack, each with the path of its file in the pack."""
    found = []
    for role in playbook.roles.values():
        name, _, of_pack = ("" if role.file is None else role.file.path).partition("/")
        if name == pack:
            found.append((role, role_path(of_pack)))
    return found


class Labelled(Protocol):
    """A pack whose texts can be read, and are called something in problems."""

    def label(self, path: str) -> str:
        """Return what problems call a text."""

    def read(self, path: str) -> bytes:
        """Return a text; raises FileError."""


class Unlocked(Struct, frozen=True):
    """A pack as it is at a commit that is in the cache, whatever a lock says.

    Attributes:
        pack: As it is declared.
        commit: The commit.
        cache: Holds its texts.
    """

    pack: Pack
    commit: str
    cache: Cache

    def label(self, path: str) -> str:
        """Return what problems call a text of it, as a run does."""
        return f"{self.pack.name}/{path}@{self.commit[:SHORT]}"

    def read(self, path: str) -> bytes:
        """Return a text by its path from the pack's folder.

        Raises:
            FileError: It is not there, or not what was fetched.
        """
        subject = shown(f"{self.pack.name}/{path}", longest=LONGEST_PATH)
        return self.cache.read(self.commit, self.pack.path, path, limit=TEXT_LIMIT, subject=subject)


def used(folder: Folder, pack: Unlocked) -> tuple[dict[str, str], list[Problem]]:
    """Return the digest of each file that a folder's playbooks read of a pack, and what is wrong with them.

    Each playbook that declares the pack alike counts; problems are told of those that the user named.
    """
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    for playbook, other in folder.declared():
        if key_of(other) != key_of(pack.pack):
            continue
        for role, path in roles_of(playbook, other.name):
            found, wrong = closed(role, path, pack)
            digests |= {name: digest_of(text) for name, text in found.items()}
            problems += wrong if playbook.file in folder.named else []
    return digests, problems


def closed(role: Role, path: str, pack: Labelled) -> tuple[Mapping[str, bytes], Sequence[Problem]]:
    """Return a role's file and all that it includes, by path, and what is wrong with it."""
    try:
        return closure(path, pack.read), ()
    except FileError as error:
        place = role.place if role.file is None else role.file.place
        return {}, [problem(place, error.rule, error.message, error.hint)]
    except InvalidPlaybookError as error:
        return {}, [replace(each, file=pack.label(each.file)) for each in error.problems]

"""Know where a text comes from: from a file beside the playbook, or from a pack of roles.

This is the only place that decides it. What reads an origin does not ask which kind it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Protocol

from overlord_run.files import TEXT_LIMIT
from overlord_run.roles import builtin

_PACKS: Mapping[str, Callable[[str], bytes]] = {builtin.PACK: builtin.read}


class Beside(Protocol):
    """Reads the files that a playbook names by their relative paths, wherever it stands itself: on disk, say."""

    def __call__(self, relative: str, *, limit: int, may_climb: bool = False) -> bytes:
        """Return what such a file holds, as `files.read_beside` does; raises FileError."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text comes from.

    Attributes:
        label: What problems call it: a path as the user would write it from where the playbook's own path begins, or
            `PACK/NAME`.
        read: Returns its bytes, or raises FileError.
    """

    label: str
    read: Callable[[], bytes]


def origin_of_text(path: str, playbook: str, beside: Beside) -> Origin:
    """Return the origin of a text in a file of its own.

    Args:
        path: As the playbook has it, with `/`.
        playbook: The playbook's own path, as the user wrote it.
        beside: Reads what stands beside the playbook.
    """
    return _file(path, playbook, beside, may_climb=False)


def origin_of_role(reference: str, playbook: str, beside: Beside) -> Origin:
    """Return the origin of a role file: `reference` is what its `from` says, a path or `PACK/NAME`."""
    pack, _, name = reference.partition("/")
    if pack in _PACKS:
        return Origin(reference, partial(_PACKS[pack], name))
    return _file(reference, playbook, beside, may_climb=True)


def _file(path: str, playbook: str, beside: Beside, *, may_climb: bool) -> Origin:
    label = (PurePath(playbook).parent / path).as_posix()
    return Origin(label, partial(beside, path, limit=TEXT_LIMIT, may_climb=may_climb))

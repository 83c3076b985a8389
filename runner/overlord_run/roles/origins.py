"""Know where a text comes from: from a file beside the playbook, from a pack of roles, or with the runner.

This is the only place that decides it. What reads an origin does not ask which kind it is.
"""

import codecs
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePath, PurePosixPath
from typing import Protocol

from msgspec import Struct, field

from overlord_run.files import TEXT_LIMIT, FileError
from overlord_run.playbook.model import Provenance
from overlord_run.playbook.names import LONGEST_PATH, inner_path_fault, shown
from overlord_run.playbook.packs import BUILTIN, role_path
from overlord_run.playbook.source import digest_of
from overlord_run.roles import builtin
from overlord_run.roles.beside import Beside


class Pack(Protocol):
    """A pack whose texts can be read."""

    @property
    def source(self) -> Provenance:
        """What the records tell of where its texts come from."""

    def label(self, path: str) -> str:
        """Return what problems call a text of it."""

    def read(self, path: str) -> bytes:
        """Return a text by its path from the pack's folder, or raise FileError."""


class Origin(Struct, frozen=True):
    """Where a text comes from.

    Attributes:
        label: What problems call it: a path as the user would write it from where the playbook's own path begins,
            `PACK/FILE@COMMIT`, or `builtin/NAME`.
        name: Its path from the folder that it may include others of: a role file's own, or the pack's.
        path: What the records call it: its path from the playbook's folder, or from the pack's.
        read: Returns its bytes, or raises FileError.
        sibling: Returns the origin of a text in that folder, by the path from there.
        source: The pack that it is from; no files yet.
    """

    label: str
    name: str
    path: str
    read: Callable[[], bytes]
    sibling: "Callable[[str], Origin]"
    source: Provenance = field(default_factory=Provenance)

    def digest(self, data: bytes) -> str:
        """Return the digest of what was read: of a pack's bytes, as the lock has it, else of the text."""
        return digest_of(data) if self.source.pack else digest_as_sent(data)

    def included(self, name: str) -> "Origin":
        """Return the origin of a text that this one includes.

        Raises:
            FileError: The path could lead out of the folder, on some platform.
        """
        if fault := inner_path_fault(name):
            subject = f"the path {shown(name, longest=LONGEST_PATH)}"
            hint = "write the path of a text in the role's own folder, with / between folders"
            raise FileError(subject, fault, rule="file-path", hint=hint)
        return self.sibling(name)


class Origins(Struct, frozen=True):
    """Knows where the texts of one playbook come from.

    Attributes:
        playbook: Its own path, as the user wrote it.
        beside: Reads what stands beside it.
        packs: The packs that can be read, by the playbook's names for them.
    """

    playbook: str
    beside: Beside
    packs: Mapping[str, Pack]

    def of_text(self, path: str) -> Origin:
        """Return the origin of a text in a file of its own, by its path as the playbook has it."""
        return self._file(path, may_climb=False)

    def of_role(self, reference: str) -> Origin:
        """Return the origin of a role file: `reference` is what its `from` says, a path or `PACK/NAME`.

        Raises:
            LookupError: It is of a pack that cannot be read.
        """
        pack, _, name = reference.partition("/")
        if pack == BUILTIN:
            return Origin(
                reference, role_path(name), role_path(name), partial(builtin.read, name), _shipped, _OF_THE_RUNNER
            )
        if reference.startswith(("./", "../")):
            return self._file(reference, may_climb=True)
        return _of_pack(self.packs[pack], role_path(name))

    def _file(self, path: str, *, may_climb: bool) -> Origin:
        pure = PurePosixPath(path)
        read = partial(self.beside, path, limit=TEXT_LIMIT, may_climb=may_climb)
        return Origin(self._label(path), pure.name, str(pure), read, partial(self._inside, str(pure.parent)))

    def _inside(self, folder: str, name: str) -> Origin:
        path = str(PurePosixPath(folder) / name)
        read = partial(self.beside, path, limit=TEXT_LIMIT, may_climb=True, within=folder)
        return Origin(self._label(path), name, path, read, partial(self._inside, folder))

    def _label(self, path: str) -> str:
        return (PurePath(self.playbook).parent / path).as_posix()


def digest_as_sent(data: bytes) -> str:
    """Return the digest of a file's text as it is sent: the same with the line ends and the mark of any platform."""
    return digest_of(data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


def of_role_file(path: str, beside: Beside) -> Origin:
    """Return the origin of a role file that is looked at by itself: `beside` reads what stands in its folder."""
    return Origins(path, beside, {}).of_text(PurePath(path).name)


_OF_THE_RUNNER = Provenance(pack=BUILTIN)


def _shipped(name: str) -> Origin:
    return Origin(f"{BUILTIN}/{name}", name, name, partial(builtin.read_text, name), _shipped, _OF_THE_RUNNER)


def _of_pack(pack: Pack, path: str) -> Origin:
    return Origin(pack.label(path), path, path, partial(pack.read, path), partial(_of_pack, pack), pack.source)

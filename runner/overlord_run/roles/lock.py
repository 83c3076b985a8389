"""Read and write overlord.lock: which commit of each pack is used, and the digest of each file that is read of it.

One lock serves all playbooks of its folder. An entry belongs to a pack as a playbook declares it (name, URL, revision
and folder together), so two playbooks may call two things by one name, or use two revisions of one. It is written in
one way only, sorted, so that a difference between two locks is a difference in what is read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Pack
from overlord_run.playbook.names import folded, inner_path_fault, shown
from overlord_run.playbook.packs import check_source
from overlord_run.playbook.parse import checked
from overlord_run.playbook.rules import MAX_BYTES, bounded, problem
from overlord_run.playbook.scalars import resolve
from overlord_run.playbook.source import Document
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from overlord_run.roles.commands import beside

RevKind = Literal["tag", "branch", "commit"]

LOCK_LIMIT = MAX_BYTES
"""Bytes of a lock."""

_HEAD = (
    "# Written by overlord-run roles lock; keep it beside the playbooks, and review what changes as you review code.\n"
)
_KINDS: Mapping[str | None, RevKind] = {name: name for name in get_args(RevKind)}
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+@~%=-]*(?::[A-Za-z0-9_./+@~%=-]+)*")


class LockedPack(Struct, frozen=True):
    """A pack as a playbook declares it, and what that was when it was locked.

    Attributes:
        pack: The name that the playbook calls it by.
        git: The repository's URL.
        rev: The tag, branch or commit that was asked for.
        path: The folder in the repository; empty for its root.
        kind: What the revision was.
        commit: What is read, in 40 hex digits.
        files: `sha256:` and the hex digest of each file, by its path from the pack's folder.
        place: Of the entry in the lock's file; None for one that was not read from there.
    """

    pack: str
    git: str
    rev: str
    path: str
    kind: RevKind
    commit: str
    files: Mapping[str, str]
    place: Place | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the entry is found by, and sorted by."""
        return (self.pack, self.git, self.rev, self.path)


class Lock(Struct, frozen=True):
    """All entries of a lock, in the order of their keys."""

    packs: tuple[LockedPack, ...] = ()

    def of(self, pack: Pack) -> LockedPack | None:
        """Return the entry of a pack as it is declared, or None."""
        return self.find(pack.name, pack.git, pack.rev, pack.path)

    def find(self, pack: str, git: str, rev: str, path: str) -> LockedPack | None:
        """Return the entry of a pack by all that declares it, or None."""
        return next((entry for entry in self.packs if entry.key == (pack, git, rev, path)), None)

    def named(self, name: str) -> tuple[LockedPack, ...]:
        """Return the entries of all packs of a name, however they are declared."""
        return tuple(entry for entry in self.packs if entry.pack == name)


def parse_lock(data: bytes, file: str) -> Lock:
    """Return the lock that a file holds.

    Args:
        data: The file's bytes, UTF-8.
        file: Its path, as the user would write it.

    Raises:
        InvalidPlaybookError: It has problems; all are carried.
    """
    document, problems = checked(data, file, "lock")
    if document is None:
        hint = f"take its old text back, or delete it and run {beside('lock', file)}"
        raise InvalidPlaybookError(bounded([replace(each, hint=hint) for each in problems]))
    told = {(each.line, each.column) for each in problems}
    problems += [each for each in _check(document) if (each.line, each.column) not in told]
    if problems:
        raise InvalidPlaybookError(bounded(problems))
    entries = map(_entry, Fields.of(document).listed("packs"))
    return Lock(tuple(sorted(entries, key=lambda entry: entry.key)))


def compose_lock(lock: Lock) -> str:
    """Return the text of a lock's file; the same lock always gives the same text, and `parse_lock` gives it back."""
    entries = sorted(lock.packs, key=lambda entry: entry.key)
    if not entries:
        return f"{_HEAD}overlord: 1\npacks: []\n"
    return f"{_HEAD}overlord: 1\npacks:\n" + "".join(map(_composed, entries))


def _entry(fields: Fields) -> LockedPack:
    given = {key: fields.string(key) or "" for key in ("pack", "git", "rev", "path", "commit")}
    kind = _KINDS[fields.string("kind")]
    return LockedPack(**given, kind=kind, files=dict(sorted(fields.mapping("files").items())), place=fields.key)


def _check(document: Document) -> Iterator[Problem]:
    first: dict[tuple[str | None, ...], Place] = {}
    for pack in Fields.of(document).listed("packs"):
        yield from check_source(pack)
        yield from _check_files(pack)
        key = tuple(pack.string(name) for name in ("pack", "git", "rev", "path"))
        if key in first:
            message = f"the pack {shown(key[0])} stands here twice in the same way, first on line {first[key].line}"
            yield problem(pack.key, "duplicate-entry", message, "keep the entry that is right, or write the lock anew")
        first.setdefault(key, pack.key)


def _check_files(pack: Fields) -> Iterator[Problem]:
    files = pack.inner("files")
    first: dict[str, str] = {}
    for path in files.content:
        if fault := inner_path_fault(path):
            yield problem(files.key_of(path), "lock-path", f"the file {shown(path)} {fault}", "write the lock anew")
        elif (other := first.setdefault(folded(path), path)) != path:
            message = f"not every file system tells {shown(path)} from {shown(other)}"
            yield problem(files.key_of(path), "duplicate-entry", message, "call one of them otherwise in the pack")


def _composed(entry: LockedPack) -> str:
    texts = {"pack": entry.pack, "git": entry.git, "rev": entry.rev, "path": entry.path}
    lines = [f"{key}: {_scalar(text)}" for key, text in texts.items() if text]
    lines += [f"kind: {entry.kind}", f"commit: {_scalar(entry.commit)}"]
    files = [f"  {_scalar(path)}: {_scalar(digest)}" for path, digest in sorted(entry.files.items())]
    lines += ["files:", *files] if files else ["files: {}"]
    return f"  - {lines[0]}\n" + "".join(f"    {line}\n" for line in lines[1:])


def _scalar(text: str) -> str:
    """Return a text as YAML: plain where it is read as that text, else in quotes. A commit may look like 12e34."""
    return text if _PLAIN.fullmatch(text) and _is_text(text) else json.dumps(text, ensure_ascii=False)


def _is_text(text: str) -> bool:
    try:
        return resolve(text) == text
    except ValueError:
        return False

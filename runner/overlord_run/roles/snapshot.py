"""Take the texts of a folder out of a commit that was fetched, as they were committed, byte for byte.

A tree of a repository can hold what no checkout would: `..`, two files of one name, a name that is a path. So its
entries are looked at as data, by `git ls-tree`, and never made into files; texts are taken by `git cat-file`, which
converts nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from overlord_run.files import TEXT_LIMIT
from overlord_run.host.supervised import OverrunError
from overlord_run.playbook.names import LONGEST_PATH, folded, path_fault, shown
from overlord_run.playbook.repository import SHORT
from overlord_run.roles.cache import Contents
from overlord_run.roles.git import Git
from overlord_run.roles.refusal import PackError, UnreachableError, first_complaint

MOST_FILES = 10_000
"""Of a pack."""

MOST_BYTES = 16 * 1024 * 1024
"""Of all texts of a pack."""

# git shows every mode as one of these, or as one of the two of a regular file.
_LEFT_OUT = {b"120000": "is a symbolic link", b"160000": "is a submodule"}
_TOO_LARGE = f"is larger than {TEXT_LIMIT:,} bytes"
_POINTER = "is a pointer of Git LFS, not the text"
_POINTER_BEGINS = b"version https://git-lfs.github.com/spec/"
_FOUND = re.compile(rb"([0-9a-f]{40}) (?:(missing)|(\w+) ([0-9]+))")
_NARROWER = "give the pack a 'path', the folder that holds its roles"
_RENAME = "ask the pack's author to rename it, or give the pack another 'path'"


class _Entry(Struct, frozen=True):
    """One line of a tree: its mode, the name of its object, and its path from the pack's folder."""

    mode: bytes
    name: bytes
    path: str


def take(git: Git, commit: str, folder: str) -> Contents:
    """Return what a folder of a commit holds; `git` has fetched the commit.

    Args:
        git: Where the commit is.
        commit: Its 40 characters.
        folder: From the repository's root; nothing for the root itself.

    Raises:
        PackError: There is no such folder, or what it holds is refused.
    """
    entries = _entries(git, _tree(git, commit, folder))
    _require_distinct(entry.path for entry in entries)
    left_out = {entry.path: _LEFT_OUT[entry.mode] for entry in entries if entry.mode in _LEFT_OUT}
    regular = [entry for entry in entries if entry.mode not in _LEFT_OUT]
    sizes = _sizes(git, regular)
    left_out |= {entry.path: _TOO_LARGE for entry in regular if sizes[entry.name] > TEXT_LIMIT}
    wanted = [entry for entry in regular if sizes[entry.name] <= TEXT_LIMIT]
    if sum(sizes[entry.name] for entry in wanted) > MOST_BYTES:
        message = f"the pack's texts are larger than {MOST_BYTES:,} bytes"
        raise PackError(message, rule="pack-size", hint=_NARROWER)
    texts = _texts(git, wanted)
    pointers = {path: _POINTER for path, text in texts.items() if text.startswith(_POINTER_BEGINS)}
    kept = {path: text for path, text in texts.items() if path not in pointers}
    return Contents(kept, left_out | pointers)


def _tree(git: Git, commit: str, folder: str) -> str:
    found = git.near("cat-file", "--batch-check", stdin=f"{commit}^{{commit}}:{folder}\n".encode())
    told = _FOUND.fullmatch(found.output.removesuffix(b"\n"))
    if told is not None and told[3] == b"tree":
        return told[1].decode("ascii")
    where = shown(folder, longest=LONGEST_PATH)
    message = f"there is no folder {where} at the commit {commit[:SHORT]}"
    if told is not None:
        message = f"{where} is no folder at the commit {commit[:SHORT]}"
    raise PackError(message, rule="pack-path", hint="name the folder that holds the roles, from the repository's root")


def _entries(git: Git, tree: str) -> list[_Entry]:
    try:
        listed = git.near("ls-tree", "-r", "-z", "--full-tree", tree)
    except OverrunError as error:
        raise _too_many() from error
    if listed.code != 0:
        raise _damaged(listed.errors)
    lines = listed.output.split(b"\0")[:-1]
    if len(lines) > MOST_FILES:
        raise _too_many()
    return [_entry(line) for line in lines]


def _entry(line: bytes) -> _Entry:
    facts, _, raw = line.partition(b"\t")
    mode, _, name = facts.split(b" ")
    try:
        path = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        subject = shown(raw.decode("utf-8", "backslashreplace"))
        raise _refused(subject, "has a name that is not UTF-8") from error
    subject = shown(path)
    if fault := path_fault(path) or _parts_fault(path.split("/")):
        raise _refused(subject, fault)
    return _Entry(mode, name, path)


def _parts_fault(parts: Sequence[str]) -> str:
    if ".." in parts:
        return "leads out of the pack by '..'"
    if {"", "."} & set(parts):
        return "has a name with '.' or an empty part"
    return "is of git's own folder" if ".git" in map(folded, parts) else ""


def _require_distinct(paths: Iterator[str]) -> None:
    """Refuse a pack in which a file system, on one platform or another, takes two names for one."""
    seen: dict[str, str] = {}
    whole: set[str] = set()
    for path in paths:
        if path in whole:
            raise _refused(shown(path), "is there twice")
        whole.add(path)
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            twin = seen.setdefault(folded(part), part)
            if twin != part:
                reason = f"differs from {_spelled(twin)} only by capitals or the spelling of an accent"
                raise _refused(_spelled(part), reason)


def _sizes(git: Git, entries: Sequence[_Entry]) -> Mapping[bytes, int]:
    """Return the sizes of objects by their names; one that was not fetched, as too large, is larger than any text."""
    names = b"".join(name + b"\n" for name in dict.fromkeys(entry.name for entry in entries))
    found = git.near("cat-file", "--batch-check", stdin=names)
    if found.code != 0:
        raise _damaged(found.errors)
    sizes = {}
    for line in found.output.splitlines():
        told = _FOUND.fullmatch(line)
        if told is None:
            raise _damaged(line)
        sizes[told[1]] = TEXT_LIMIT + 1 if told[2] else int(told[4])
    return sizes


def _texts(git: Git, entries: Sequence[_Entry]) -> dict[str, bytes]:
    names = list(dict.fromkeys(entry.name for entry in entries))
    found = git.near("cat-file", "--batch", stdin=b"".join(name + b"\n" for name in names))
    if found.code != 0:
        raise _damaged(found.errors)
    texts, start = {}, 0
    for name in names:
        end = found.output.find(b"\n", start)
        told = _FOUND.fullmatch(found.output[start:end])
        if told is None or told[1] != name or told[3] != b"blob":
            raise _damaged(found.output[start:end])
        start = end + 1 + int(told[4])
        texts[name] = found.output[end + 1 : start]
        start += 1
    return {entry.path: texts[entry.name] for entry in entries}


def _spelled(path: str) -> str:
    """Return a path in which two spellings of one accent look different."""
    return shown(path.encode("ascii", "backslashreplace").decode("ascii"))


def _refused(subject: str, reason: str) -> PackError:
    return PackError(f"the pack's file {subject} {reason}", rule="pack-entry", hint=_RENAME)


def _too_many() -> PackError:
    return PackError(f"the pack has more than {MOST_FILES:,} files", rule="pack-size", hint=_NARROWER)


def _damaged(said: bytes) -> UnreachableError:
    reason = f"what was fetched cannot be read: {first_complaint(said.decode('utf-8', 'replace'))}"
    return UnreachableError(reason, "Try git fsck in the repository.")

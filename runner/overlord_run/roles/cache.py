"""Keep the texts of packs on this machine, by commit, so that a run needs no network and no git.

```
packs/COMMIT/KEY.json   what a folder of a commit holds: each path with the digest of its text, or why it has none
texts/AA/SHA256         one text, under the digest of its bytes
```

A text lies under its digest and not under its path, so no name in a repository, however hostile, becomes a name on
this disk. Nothing is ever changed: what a commit holds is always the same. Texts are written first and the list last,
each by a rename, so a reader finds a whole pack or none, and two processes that write the same do no harm. Nothing is
synced: a text is compared with its digest whenever it is read, and what a power cut spoilt can be fetched again.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from overlord_run.files import TEXT_LIMIT, FileError, read_bytes, too_large
from overlord_run.playbook.names import LONGEST_PATH, did_you_mean, shown
from overlord_run.playbook.repository import SHORT

MEND = "overlord-run roles fetch"

_FORMAT = 1
_LARGEST_LIST = 16 * 1024 * 1024
# Windows would not put a new file in the place of one that is read-only.
_MODE = 0o600 if sys.platform == "win32" else 0o400
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Contents(Struct, frozen=True):
    """What a folder of a commit holds.

    Attributes:
        texts: Path, from that folder and with `/` → the bytes of a regular file, `TEXT_LIMIT` at most.
        left_out: Path → why it was not kept, as the end of a sentence: `is a symbolic link`.
    """

    texts: Mapping[str, bytes]
    left_out: Mapping[str, str]


class _List(Struct, frozen=True):
    """As `Contents`, with the digests of the texts."""

    digests: Mapping[str, str]
    left_out: Mapping[str, str]

    def why_not(self, path: str) -> str:
        """Return why a path has no text, as the end of a sentence, or nothing: it, or what it leads through."""
        if path in self.left_out:
            return self.left_out[path]
        above = next((str(each) for each in PurePosixPath(path).parents if str(each) in self.left_out), "")
        return f"is behind {shown(above, longest=LONGEST_PATH)}, which {self.left_out[above]}" if above else ""


class Cache(Struct, frozen=True):
    """The packs that were fetched to this machine.

    A pack is named by its 40-hex commit and its folder in the repository, with `/`; an empty one is the root.

    Attributes:
        folder: Where they lie; it need not exist.
    """

    folder: Path

    def holds(self, commit: str, folder: str) -> bool:
        """Say whether a pack can be read: its list, and each of its texts as it was fetched."""
        try:
            digests = set(self._list(commit, folder).digests.values())
        except FileError:
            return False
        return all(self._text(digest) is not None for digest in digests)

    def paths(self, commit: str, folder: str) -> tuple[str, ...]:
        """Return the paths of a pack's texts, sorted.

        Raises:
            FileError: The pack was not fetched, or its list is damaged.
        """
        return tuple(sorted(self._list(commit, folder).digests))

    def digests(self, commit: str, folder: str, *, mend: str = MEND) -> Mapping[str, str]:
        """Return the SHA-256, in hex, of each of a pack's texts by its path; `mend` as for `read`.

        Raises:
            FileError: The pack was not fetched, or its list is damaged.
        """
        return self._list(commit, folder, mend).digests

    def read(self, commit: str, folder: str, path: str, *, limit: int, subject: str = "", mend: str = MEND) -> bytes:
        """Return what a file of a pack holds, at most `limit` bytes.

        Args:
            commit: The pack's commit.
            folder: The pack's folder.
            path: From that folder. It only chooses among the paths that the pack has.
            limit: Bytes at most.
            subject: What to call the file in an error, where that is not its path.
            mend: The command that fetches the pack anew.

        Raises:
            FileError: The pack was not fetched or does not have such a file, or the text is not what was fetched.
        """
        kept = self._list(commit, folder, mend)
        subject = subject or shown(path, longest=LONGEST_PATH)
        if reason := kept.why_not(path):
            hint = "name a regular file of the pack, or ask its author for one"
            raise FileError(subject, reason, rule="pack-left-out", hint=hint)
        if path not in kept.digests:
            reason = f"is not in the pack at the commit {commit[:SHORT]}"
            hint = f"{did_you_mean(path, kept.digests)} overlord-run roles list shows what the packs hold".strip()
            raise FileError(subject, reason, rule="pack-file", hint=hint)
        text = self._text(kept.digests[path])
        if text is None:
            reason = f"is not what was fetched at the commit {commit[:SHORT]}: the cache was changed"
            raise FileError(subject, reason, rule="pack-damaged", hint=f"{mend} mends it")
        if len(text) > limit:
            raise too_large(subject, limit)
        return text

    def write(self, commit: str, folder: str, contents: Contents) -> None:
        """Keep a pack, and mend what is there of it and was changed.

        Raises:
            OSError: The disk refuses.
        """
        digests = {path: hashlib.sha256(text).hexdigest() for path, text in contents.texts.items()}
        for path, digest in digests.items():
            if self._text(digest) is None:
                _put(self._text_path(digest), contents.texts[path])
        told = {
            "format": _FORMAT,
            "commit": commit,
            "folder": folder,
            "texts": dict(sorted(digests.items())),
            "leftOut": dict(sorted(contents.left_out.items())),
        }
        _put(self._list_path(commit, folder), json.dumps(told, ensure_ascii=True, indent=1).encode("ascii"))

    def _list(self, commit: str, folder: str, mend: str = MEND) -> _List:
        where = f"the pack at the commit {commit[:SHORT]}"
        try:
            content = read_bytes(self._list_path(commit, folder), limit=_LARGEST_LIST)
        except FileError as error:
            if error.rule == "file-missing":
                reason, hint = "was not fetched to this machine", f"{mend} fetches it"
                raise FileError(where, reason, rule="pack-not-fetched", hint=hint) from error
            raise _damaged(where, mend) from error
        found = _parse(content, commit, folder)
        if found is None:
            raise _damaged(where, mend)
        return found

    def _text(self, digest: str) -> bytes | None:
        """Return the text with this digest; None where there is none, or another one in its place."""
        try:
            text = read_bytes(self._text_path(digest), limit=TEXT_LIMIT)
        except FileError:
            return None
        return text if hashlib.sha256(text).hexdigest() == digest else None

    def _list_path(self, commit: str, folder: str) -> Path:
        if not _COMMIT.fullmatch(commit):
            message = f"{commit!r} is no commit"
            raise ValueError(message)
        key = hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self.folder / "packs" / commit / f"{key}.json"

    def _text_path(self, digest: str) -> Path:
        return self.folder / "texts" / digest[:2] / digest


def _parse(content: bytes, commit: str, folder: str) -> _List | None:
    """Return what a list says, or None where it is not one that `write` left."""
    try:
        told: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or (told.get("format"), told.get("commit"), told.get("folder")) != (
        _FORMAT,
        commit,
        folder,
    ):
        return None
    digests, left_out = told.get("texts"), told.get("leftOut")
    if not isinstance(digests, dict) or not isinstance(left_out, dict):
        return None
    if not all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in digests.values()):
        return None
    return _List(digests, left_out) if all(isinstance(each, str) for each in left_out.values()) else None


def _damaged(where: str, mend: str) -> FileError:
    reason = "cannot be read: its list in the cache was changed"
    return FileError(where, reason, rule="pack-damaged", hint=f"{mend} mends it")


def _put(path: Path, content: bytes) -> None:
    """Put bytes where `path` is, at once, for nobody to change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb", opener=_open) as stream:
            stream.write(content)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _open(path: str, flags: int) -> int:
    return os.open(path, flags, _MODE)

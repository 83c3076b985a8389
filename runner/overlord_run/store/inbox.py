"""Hand requests to whoever owns a run: one file each in `inbox/`, put there whole, taken away once they are in the log.

A request says who asks by an id of its own, and the event that it becomes carries that id. So a request that is found
again, because a crash came between the event and the taking away, is known and not taken twice.
"""

import errno
import os
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import asdict

from overlord_run.store import atomic
from overlord_run.store.disk import SYSTEM_DISK, Disk, make_folder, open_to_read, patiently, unreadable, unwritable
from overlord_run.store.notation import decode, encode

LONGEST_BYTES = 16 * 1024 * 1024
_VERSION = 1
_SUFFIX = ".json"
_REFUSED_SUFFIX = ".refused"
_NO_FILE = frozenset({errno.ELOOP, errno.EINVAL, errno.EISDIR})
_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{16}\.json")


class Send(Struct, frozen=True):
    """Send a text to servants: `target` is `all`, a slot, `role:NAME`, or several of these joined by `, `."""

    kind: ClassVar[str] = "send"
    request_id: str
    target: str
    text: str


class Recover(Struct, frozen=True):
    """Ask a blocked servant the question that failed again, or put a new servant into its slot."""

    kind: ClassVar[str] = "recover"
    request_id: str
    slot: str
    replace: bool


class Check(Struct, frozen=True):
    """Prove the API and the conversations now; `ping` asks each model for a word, which may be billed."""

    kind: ClassVar[str] = "check"
    request_id: str
    ping: bool


class Stop(Struct, frozen=True):
    """Send nothing new, and end when the calls in flight have ended."""

    kind: ClassVar[str] = "stop"
    request_id: str


class Answer(Struct, frozen=True):
    """Approve or reject the question of a pause; `by` is who says so, to the machine."""

    kind: ClassVar[str] = "answer"
    request_id: str
    message_id: str
    approved: bool
    by: str
    note: str


Request = Send | Recover | Check | Stop | Answer
_KINDS: Mapping[str, type[Request]] = {kind.kind: kind for kind in Request.__args__}
_FIELDS: Mapping[str, Mapping[str, type]] = {
    "send": {"request_id": str, "target": str, "text": str},
    "recover": {"request_id": str, "slot": str, "replace": bool},
    "check": {"request_id": str, "ping": bool},
    "stop": {"request_id": str},
    "answer": {"request_id": str, "message_id": str, "approved": bool, "by": str, "note": str},
}


class Letter(Struct, frozen=True):
    """A request in the inbox, and the file that it stands in."""

    path: Path
    request: Request


class Inbox:
    """The inbox of one run."""

    def __init__(self, folder: Path, *, disk: Disk = SYSTEM_DISK) -> None:
        self._folder = folder
        self._disk = disk

    def put(self, request: Request) -> Letter:
        """Put a request in, and return when it survives a power cut.

        Raises:
            StoreError: It cannot be written.
        """
        path = self._folder / f"{time.time_ns():020d}-{secrets.token_hex(8)}{_SUFFIX}"
        try:
            make_folder(self._folder)
        except FileExistsError:
            pass
        except OSError as error:
            raise unwritable(self._folder, error) from error
        content = {"v": _VERSION, "kind": request.kind, **asdict(request)}
        atomic.replace(path, [encode(content).encode("ascii"), b"\n"], disk=self._disk)
        return Letter(path, request)

    def letters(self) -> list[Letter]:
        """Return what is in the inbox, the oldest first. What is no request of ours is put aside, and never taken.

        Raises:
            StoreError: The inbox cannot be read.
        """
        try:
            names = sorted(entry.name for entry in os.scandir(self._folder) if _NAME.fullmatch(entry.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unreadable(self._folder, error) from error
        return [letter for name in names if (letter := self._read(self._folder / name)) is not None]

    def discard(self, letter: Letter) -> None:
        """Take a request out; nothing happens where it is gone already.

        Raises:
            StoreError: It cannot be taken out.
        """
        try:
            patiently(lambda: letter.path.unlink(missing_ok=True))
        except OSError as error:
            raise unwritable(letter.path, error) from error

    def _read(self, path: Path) -> Letter | None:
        try:
            with open_to_read(path) as file:
                request = _parse(file.read(LONGEST_BYTES + 1))
        except FileNotFoundError:
            return None  # whoever put it there took it back
        except ValueError:
            _put_aside(path)
            return None
        except OSError as error:
            if error.errno not in _NO_FILE:
                raise unreadable(path, error) from error
            _put_aside(path)  # what somebody put there must not end the run that looks at it
            return None
        return Letter(path, request)


def _put_aside(path: Path) -> None:
    patiently(lambda: path.replace(path.with_name(path.name + _REFUSED_SUFFIX)))


def _parse(data: bytes) -> Request:
    """Return the request of a file.

    Raises:
        ValueError: It is none.
    """
    content = decode(data)
    if not isinstance(content, dict) or content.pop("v", None) != _VERSION:
        raise ValueError(_VERSION)
    kind = content.pop("kind", None)
    if not isinstance(kind, str) or kind not in _KINDS or not _fits(content, _FIELDS[kind]):
        raise ValueError(kind)
    return _KINDS[kind](**content)


def _fits(content: Mapping[str, Any], fields: Mapping[str, type]) -> bool:
    return content.keys() == fields.keys() and all(type(content[name]) is kind for name, kind in fields.items())

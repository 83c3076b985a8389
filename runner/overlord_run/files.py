"""Read the files that a user names, within bounds and without being led elsewhere by a link, a pipe or a device."""

import os
import stat
import sys
from itertools import takewhile
from pathlib import Path, PurePosixPath

from overlord_run.errors import UsageError
from overlord_run.playbook.names import LONGEST_PATH, path_fault, shown
from overlord_run.playbook.rules import MAX_BYTES

PLAYBOOK_LIMIT = MAX_BYTES
"""Bytes of a playbook."""

TEXT_LIMIT = 1024 * 1024
"""Bytes of a role file, and of a file that holds a prompt or message."""

INPUT_LIMIT = 1024 * 1024
"""Bytes of a file that is an input's value."""

RECORDING_LIMIT = 256 * 1024 * 1024
"""Bytes of a recording."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
MISSING_OR_LONG = "it does not exist, or its path is longer than Windows takes"
LENGTHEN = "switch on long paths in Windows (LongPathsEnabled)"
# With the name of a folder in it, which Windows wants to be shorter than a file's.
_LONGEST_ON_WINDOWS = 247
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class FileError(UsageError):
    """A file that the user named cannot be read.

    Attributes:
        reason: What is wrong, the end of a sentence that begins with the file; the path is not in it.
        rule: The id of the rule that it breaks, for who tells it as a problem of the file that names it.
        hint: What to do about it.
    """

    code = "file"

    def __init__(self, subject: str, reason: str, *, rule: str, hint: str) -> None:
        super().__init__(f"{subject} {reason}", next=f"{hint[0].upper()}{hint[1:]}.")
        self.reason = reason
        self.rule = rule
        self.hint = hint


def is_file(path: Path | str) -> bool:
    """Say whether a file stands at a path that a user typed: at one that is too long, or may not be seen, none does."""
    return os.path.isfile(path)  # noqa: PTH113 - `Path.is_file` raises there


def is_folder(path: Path | str) -> bool:
    """Say likewise whether a folder stands there."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_there(path: Path | str) -> bool:
    """Say likewise whether anything does, a link that leads nowhere included."""
    return os.path.lexists(path)


def read_bytes(path: Path, *, limit: int, subject: str = "") -> bytes:
    """Return what a regular file holds, at most `limit` bytes; links to it are followed.

    `subject` is what to call it in an error, where that is not its path.

    Raises:
        FileError: It does not exist, is no regular file, is larger, or the system refuses it.
    """
    return _read(path, subject or shown(str(path), longest=LONGEST_PATH), limit)


def read_beside(folder: Path, relative: str, *, limit: int, may_climb: bool = False, within: str = "") -> bytes:
    """Return what a file holds that a playbook names by a relative path.

    Args:
        folder: The playbook's.
        relative: The path as the playbook has it, with `/`.
        limit: Bytes at most.
        may_climb: Whether the path may begin with `../`; then it, and no link, may lead out of the folder it climbs to.
        within: A folder that the path begins with, where neither it nor a link may lead out of that one.

    Raises:
        FileError: The path is not relative, leads out of the folder, or the file cannot be read.
    """
    subject = require_relative(relative)
    climbs = takewhile(lambda part: part == "..", PurePosixPath(relative).parts) if may_climb else ()
    try:
        top = (folder / within if within else folder.joinpath(*climbs)).resolve(strict=True)
        path = (folder / relative).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise _refused(subject, error) from error
    if not path.is_relative_to(top):
        raise outside(subject, of="role" if within else "playbook")
    return _read(path, subject, limit)


def require_relative(path: str) -> str:
    """Return what to call a file that a playbook names.

    Raises:
        FileError: The path is not relative on every platform.
    """
    subject = shown(path, longest=LONGEST_PATH)
    if fault := path_fault(path):
        subject = f"the path {subject}"
        hint = "write a path from the playbook's folder, with / between folders"
        raise FileError(subject, fault, rule="file-path", hint=hint)
    return subject


def missing(subject: str) -> FileError:
    """Return the error that there is no such file."""
    return FileError(subject, "does not exist", rule="file-missing", hint="check the path")


def outside(subject: str, *, of: str = "playbook") -> FileError:
    """Return the error that a file stands where a playbook, or a role, may not read."""
    hint = f"put the file beside the {of}, not behind .. or a link"
    return FileError(subject, f"is outside of the {of}'s folder", rule="file-outside", hint=hint)


def no_file(subject: str, kind: str) -> FileError:
    """Return the error that what stands at a path is no regular file."""
    return FileError(subject, f"is {kind}, not a file", rule="file-unreadable", hint="name a regular file")


def too_large(subject: str, limit: int) -> FileError:
    """Return the error that a file holds more than `limit` bytes."""
    return FileError(subject, f"is larger than {limit:,} bytes", rule="too-large", hint="make it smaller")


def is_too_long(path: Path, *, platform: str = sys.platform) -> bool:
    """Say whether Windows may refuse a path for its length: it then says that there is no such thing."""
    return platform == "win32" and len(str(path.absolute())) > _LONGEST_ON_WINDOWS


def decode(data: bytes, subject: str, *, keeps_mark: bool = False) -> str:
    """Return the text of a file, without its byte order mark unless that is kept.

    Args:
        data: UTF-8.
        subject: What to call the file in an error.
        keeps_mark: Whether a byte order mark is a part of the text.

    Raises:
        FileError: It is not UTF-8, or holds a NUL: then it is no text.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        if data.startswith(_UTF16_MARKS):
            reason = "is UTF-16, not UTF-8"
        raise FileError(subject, reason, rule="encoding", hint="save it as UTF-8") from error
    if "\0" in text:
        reason = f"is not text: it holds a NUL at offset {data.index(0)}"
        raise FileError(subject, reason, rule="encoding", hint="name a text file")
    return text if keeps_mark else text.removeprefix("\ufeff")


def _read(path: Path, subject: str, limit: int) -> bytes:
    try:
        _require_regular(path.stat(), subject, limit)
        with open(path, "rb", opener=_open) as stream:
            _require_regular(os.fstat(stream.fileno()), subject, limit)
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and is_too_long(path):
            reason, hint = f"cannot be read: {MISSING_OR_LONG}", f"check the path, or {LENGTHEN}"
            raise FileError(subject, reason, rule="file-missing", hint=hint) from error
        raise _refused(subject, error) from error
    _require_within(len(data), subject, limit)
    return data


def _open(path: str, _: int) -> int:
    """Open a file without waiting: for the other end of a pipe that took its place meanwhile, say."""
    return os.open(path, _FLAGS)


def _require_regular(status: os.stat_result, subject: str, limit: int) -> None:
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
            raise no_file(subject, kind)
    _require_within(status.st_size, subject, limit)


def _require_within(size: int, subject: str, limit: int) -> None:
    if size > limit:
        raise too_large(subject, limit)


def _refused(subject: str, error: OSError | RuntimeError | ValueError) -> FileError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return missing(subject)
    if isinstance(error, OSError):
        reason = error.strerror or "the system refuses it"
    else:
        reason = "its links lead in a circle" if isinstance(error, RuntimeError) else "no file can have this path"
    return FileError(subject, f"cannot be read: {reason}", rule="file-unreadable", hint="check the path and its rights")

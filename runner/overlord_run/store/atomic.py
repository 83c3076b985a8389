"""Replace a file so that a reader, or a power cut, finds the old one or the new one and nothing between."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from overlord_run.store.disk import PATIENCE_S, SYSTEM_DISK, Disk, patiently, unwritable, write_parts

TEMPORARY_SUFFIX = ".tmp"


def replace(path: Path, parts: Iterable[bytes], *, disk: Disk = SYSTEM_DISK, patience_s: float = PATIENCE_S) -> int:
    """Put bytes where `path` is, durably: a temporary file beside it, synced, renamed, and the folder synced.

    Args:
        path: The file to make or to replace.
        parts: Its bytes, in any pieces.
        disk: What carries it out.
        patience_s: How long a rename that is refused (a reader holds the file) is tried again.

    Returns:
        How many bytes it has now.

    Raises:
        StoreError: It could not be done; the temporary file is gone, and before the rename the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        size = _write_new(temporary, parts, disk)
        patiently(lambda: disk.replace(temporary, path), patience_s)
        disk.sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise unwritable(path, error) from error
    return size


def _write_new(path: Path, parts: Iterable[bytes], disk: Disk) -> int:
    fd = disk.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    try:
        size = write_parts(disk, fd, parts)
        disk.sync(fd)
    finally:
        os.close(fd)
    return size

"""Read small regular files, never waiting for a pipe or a device and never reading without end."""

import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path, *, limit: int) -> bytes:
    """Return a file's content.

    Raises:
        OSError: It cannot be opened, is no regular file, or is longer than `limit` bytes; `strerror` says which.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:
        raise OSError(errno.ENOENT, "its name holds a NUL character") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            message = "it is not a regular file"
            raise OSError(errno.EINVAL, message)
        content = os.read(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit} bytes")
    return content

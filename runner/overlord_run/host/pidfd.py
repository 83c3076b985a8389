"""Hold a process of Linux by a descriptor that stays with it. Source: pidfd_open(2), from Linux 5.3 on."""

import errno
import os
import select
import signal
import sys
from collections.abc import Callable
from math import ceil

from overlord_run.host.handle import EndsBySignals

assert sys.platform == "linux"  # noqa: S101 - read by the type checker; linux.py imports this only there

# What an older kernel and a sandbox answer.
_NO_PIDFD = (errno.ENOSYS, errno.EPERM, errno.EACCES)
# The number is a thread's, or its process is just going. Source: systemd's pidfd_open_safe().
_NO_PROCESS = (errno.EINVAL, errno.ENOENT)

# A Python that was built on an old system has none.
_PIDFD_OPEN: Callable[[int], int] | None = getattr(os, "pidfd_open", None)


class PidFd(EndsBySignals):
    """A process, held by a pidfd."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def has_ended(self, within_s: float) -> bool:
        """Wait for its end: then the descriptor can be read."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(ceil(within_s * 1000)))

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._fd)

    def _send(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self._fd, number)


def hold_by_pidfd(pid: int, pidfd_open: Callable[[int], int] | None = _PIDFD_OPEN) -> PidFd | None:
    """Return a handle of the process that has this pid now; None where this system has no pidfd.

    Raises:
        ProcessLookupError: There is no such process.
    """
    if pidfd_open is None:
        return None
    try:
        return PidFd(pidfd_open(pid))
    except OSError as error:
        if error.errno in _NO_PIDFD:
            return None
        if error.errno in _NO_PROCESS:
            raise ProcessLookupError from error
        raise

"""Tell what started this process, and what makes a process unlike any other; both bounded, neither ever failing."""

import os
import sys
from collections.abc import Callable, Iterator

if sys.platform == "win32":
    from overlord_run.host import windows as system
elif sys.platform == "darwin":
    from overlord_run.host import macos as system
else:
    from overlord_run.host import linux as system

_MOST_PARENTS = 32
_UNKNOWN = (OSError, ValueError, LookupError)

Lookup = Callable[[int], tuple[int, str]]
"""Gives the pid of a process's parent and its own name, by its pid."""


def ancestors() -> tuple[str, ...]:
    """Return the names of the processes that started this one, nearest first, as far as they can be known."""
    return tuple(parents(system.family, os.getpid()))


def parents(family: Callable[[], Lookup], pid: int) -> Iterator[str]:
    """Yield the names of a process's parents, nearest first, up to the first that is unknown, or to 32 of them."""
    try:
        member = family()
        parent, _ = member(pid)
        for _ in range(_MOST_PARENTS):
            parent, name = member(parent)
            yield name
    except _UNKNOWN:
        return


def fingerprint(pid: int) -> dict[str, str | None]:
    """Return what tells a process from any later one with its pid: `bootId`, `startTime`, `executable`.

    The values are to be compared, not read: each system has its own units. One that cannot be known is None.
    """
    return {
        "bootId": _known(system.boot_id),
        "startTime": _known(lambda: system.start_time(pid)),
        "executable": _known(lambda: system.executable(pid)),
    }


def _known(read: Callable[[], str]) -> str | None:
    try:
        return read() or None
    except _UNKNOWN:
        return None

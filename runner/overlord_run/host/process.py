"""Tell what started this process, and what makes a process unlike any other; both bounded, neither ever failing."""

import getpass
import os
from collections.abc import Callable, Iterator

from overlord_run.host.system import HERE, UNANSWERED, Lookup

_MOST_PARENTS = 32


def ancestors() -> tuple[str, ...]:
    """Return the names of the processes that started this one, nearest first, as far as they can be known."""
    return tuple(parents(HERE.family, os.getpid()))


def parents(family: Callable[[], Lookup], pid: int) -> Iterator[str]:
    """Yield the names of a process's parents, nearest first, up to the first that is unknown, or to 32 of them."""
    try:
        member = family()
        parent, _ = member(pid)
        for _ in range(_MOST_PARENTS):
            parent, name = member(parent)
            yield name
    except UNANSWERED:
        return


def person() -> str:
    """Return what the machine calls the person who runs this process; `unknown` where it does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no variable names one, and there is no account, or no list of them
        return "unknown"


def fingerprint(pid: int) -> dict[str, str | None]:
    """Return what tells a process from any later one with its pid: `bootId`, `startTime`, `executable`.

    The values are to be compared, not read: each system has its own units. One that cannot be known is None.
    """
    return {
        "bootId": _known(HERE.boot_id),
        "startTime": _known(lambda: HERE.start_time(pid)),
        "executable": _known(lambda: HERE.executable(pid)),
    }


def _known(read: Callable[[], str]) -> str | None:
    try:
        return read() or None
    except UNANSWERED:
        return None

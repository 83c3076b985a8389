"""End a process that was recorded earlier, and never a later one that has its pid.

A pid is used again once its process has ended. So first the process that has the pid now is held by a handle, which
stays with it; then the facts about the pid are compared with the record; and it is ended through the handle only.

That order makes it safe. The facts are those of whoever has the pid when they are read. If they are the recorded
process's, it has had the pid without a break since it was recorded, so the handle, opened in between, is its own. The
other way round, the pid could change hands between the comparison and the opening.

The start time is counted in ticks (10 ms on Linux, 1 s on macOS, 100 ns on Windows). A later process differs all the
same: starting and being recorded takes longer than a tick of Linux, and macOS gives out every pid before it gives one
again. Where the system has no handle that a signal can go by, it goes by the pid after one more look: `macos.Watched`,
`linux.ByPid`.
"""

import os
from collections.abc import Mapping
from contextlib import closing
from enum import StrEnum
from typing import Any

from overlord_run.host.handle import Handle
from overlord_run.host.system import HERE, UNANSWERED, System

_HIGHEST_PID = 2**31 - 1
# A process that is ending has no executable any more, and for some moments has not ended.
_AWHILE_S = 1.0
# One that waits for a disk does not even hear of a kill before that answers.
_AFTER_KILL_S = 10.0


class Ending(StrEnum):
    """What became of a process that was to be ended. Nothing is sent to one unless it is said to be ended here."""

    GONE = "gone already"
    ANOTHER = "another process"
    """The pid is another process's, the program that runs is another one, or the pid can never be ended: 1, our own."""
    UNKNOWN = "unknown fingerprint"
    """The record has no boot id or start time, or the system does not tell them: nothing proves which process it is."""
    NOT_PERMITTED = "not permitted"
    BY_ITSELF = "ended by itself"
    """It ended before it could be asked to."""
    TERMINATED = "terminated"
    """It ended when it was asked to."""
    KILLED = "killed"
    SURVIVED = "not ended"
    """It was killed, and has not ended yet."""

    @property
    def is_over(self) -> bool:
        """Whether the recorded process is known to have ended."""
        return self in (Ending.GONE, Ending.BY_ITSELF, Ending.TERMINATED, Ending.KILLED)


def end(pid: int, recorded: Mapping[str, Any], *, grace_s: float, system: System = HERE) -> Ending:
    """End the recorded process and wait for its end: ask it, and kill it when it has not ended within the grace.

    It takes at most the grace and some 10 s. On Windows a process cannot be asked, so there is no grace.

    Args:
        pid: As recorded.
        recorded: What `host.fingerprint` said then. It is not trusted: it may be anything that JSON can hold.
        grace_s: How long it may take to end when it was asked.
        system: What to ask about processes.
    """
    try:
        return _end(pid, recorded, grace_s, system)
    except ProcessLookupError:
        return Ending.GONE
    except PermissionError:
        return Ending.NOT_PERMITTED
    except UNANSWERED:
        return Ending.UNKNOWN


def _end(pid: int, recorded: Mapping[str, Any], grace_s: float, system: System) -> Ending:
    boot, start = recorded.get("bootId"), recorded.get("startTime")
    if not (isinstance(boot, str) and isinstance(start, str) and boot and start):
        return Ending.UNKNOWN
    if not 1 < pid <= _HIGHEST_PID or pid == os.getpid():
        return Ending.ANOTHER
    if system.boot_id() != boot:
        return Ending.GONE
    with closing(system.hold(pid)) as handle:
        found = _compare(handle, system, pid, start, recorded.get("executable"))
        return found or _end_held(handle, grace_s)


def _compare(handle: Handle, system: System, pid: int, start: str, program: object) -> Ending | None:
    """Return None where the process that is held is the recorded one and lives, else what is so instead."""
    try:
        is_recorded = system.start_time(pid) == start and program in (None, system.executable(pid))
    except PermissionError:
        raise
    except UNANSWERED:
        return Ending.GONE if handle.has_ended(_AWHILE_S) else Ending.UNKNOWN
    if handle.has_ended(0):
        return Ending.GONE
    return None if is_recorded else Ending.ANOTHER


def _end_held(handle: Handle, grace_s: float) -> Ending:
    try:
        is_asked = handle.ask()
    except ProcessLookupError:
        return Ending.BY_ITSELF
    if is_asked and handle.has_ended(grace_s):
        return Ending.TERMINATED
    try:
        handle.kill()
    except ProcessLookupError:
        return Ending.TERMINATED if is_asked else Ending.BY_ITSELF
    return Ending.KILLED if handle.has_ended(_AFTER_KILL_S) else Ending.SURVIVED

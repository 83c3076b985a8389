"""What a stop could get wrong: each of these ends a process that is not the recorded one, sometimes."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from overlord_run.host.ending import end
from overlord_run.host.system import System

End = Callable[[int, Mapping[str, Any], System], object]


def ours(pid: int, record: Mapping[str, Any], system: System) -> object:
    """Do what `stop` does, without any patience."""
    return end(pid, record, grace_s=0, system=system)


def careless(stop: End) -> End:
    """Let a stop be content where there is no process."""

    @wraps(stop)
    def stop_if_there_is_one(pid: int, record: Mapping[str, Any], system: System) -> object:
        try:
            return stop(pid, record, system)
        except ProcessLookupError:
            return None

    return stop_if_there_is_one


def facts(pid: int, system: System) -> dict[str, str]:
    return {"bootId": system.boot_id(), "startTime": system.start_time(pid), "executable": system.executable(pid)}


@careless
def ignores_the_start_time(pid: int, record: Mapping[str, Any], system: System) -> None:
    handle, found = system.hold(pid), facts(pid, system)
    if all(record.get(name) == found[name] for name in ("bootId", "executable")):
        handle.ask()


@careless
def compares_only_the_executable(pid: int, record: Mapping[str, Any], system: System) -> None:
    handle = system.hold(pid)
    if system.executable(pid) == record.get("executable"):
        handle.ask()


@careless
def compares_before_it_holds(pid: int, record: Mapping[str, Any], system: System) -> None:
    if facts(pid, system) == record:
        system.hold(pid).ask()


@careless
def holds_anew_to_kill(pid: int, record: Mapping[str, Any], system: System) -> None:
    handle = system.hold(pid)
    if facts(pid, system) == record:
        handle.ask()
        if not handle.has_ended(0):
            system.hold(pid).kill()


@careless
def ignores_the_boot(pid: int, record: Mapping[str, Any], system: System) -> None:
    handle, found = system.hold(pid), facts(pid, system)
    if all(record.get(name) == found[name] for name in ("startTime", "executable")):
        handle.ask()


@careless
def takes_what_is_not_recorded_for_equal(pid: int, record: Mapping[str, Any], system: System) -> None:
    handle, found = system.hold(pid), facts(pid, system)
    if all(value is None or value == found.get(name) for name, value in record.items()):
        handle.ask()


@careless
def compares_as_text(pid: int, record: Mapping[str, Any], system: System) -> None:
    handle, found = system.hold(pid), facts(pid, system)
    if all(str(record.get(name)).strip() == value for name, value in found.items()):
        handle.ask()


SEEDED = (
    ignores_the_start_time,
    compares_only_the_executable,
    compares_before_it_holds,
    holds_anew_to_kill,
    ignores_the_boot,
    takes_what_is_not_recorded_for_equal,
    compares_as_text,
)
ON_A_KERNEL = SEEDED[:4]
"""Those that go wrong when a pid is used again; the others believe a forged record."""

"""Kill a run at each of its system calls, name by name: what others had seen of it by then is on disk, and fits."""

import dataclasses
import signal
from collections.abc import Callable, Iterable

import pytest

from faults.resumption import carried_on
from faults.seeded import KILLED
from faults.traced import Blow
from faults.witness import Stage, Witnessed, complaints

Count = Callable[[str, object], None]

STATEFUL = (
    *("write", "fsync", "fdatasync", "rename", "open", "close", "mkdir", "chmod", "fchmod", "flock"),
    *("socket", "connect", "sendto", "recvfrom", "exit_group"),
)
"""The calls that change or tell something outside the process, and what opens and closes the way to it."""
AMID_STARTUP = 9
"""Which `sendto` of a run comes when the startup's requests are out, and not answered yet."""
SHARE = 20
"""At each SHARE-th call of a name a run is killed by `make test`; at all of them by `make faults`."""


def kill(name: str, at: int, *, hold: bool = True) -> Blow:
    return Blow(name, at, signal=signal.SIGKILL, hold=hold)


def survivors(runs: Iterable[Witnessed]) -> list[str]:
    return [run.folder.name for run in runs if run.ended.exit != -signal.SIGKILL]


def killed_at_each(stage: Stage, name: str, *words: str, hold: bool) -> list[Witnessed]:
    """Kill a run at each call of a name, and return those runs and the first one that came through."""
    runs: list[Witnessed] = []
    while not survivors(runs):
        at = len(runs) + 1
        runs.append(stage.run("-".join([name or "any", *words, str(at)]), kill(name, at, hold=hold), *words))
    return runs


def stuck(stage: Stage, runs: Iterable[Witnessed]) -> dict[str, list[str]]:
    """Carry the runs on, every other one with another decision, and return what is wrong then."""
    found = {
        run.folder.name: carried_on(stage, run, decision=("resend", "skip")[number % 2])
        for number, run in enumerate(runs)
    }
    return {name: said for name, said in found.items() if said}


def test_a_run_that_is_traced_and_left_alone_agrees_with_what_others_saw(stage: Stage) -> None:
    run = stage.run("calm", Blow())
    assert run.ended.exit == 0
    assert stage.lost([run]) == {}
    assert stuck(stage, [run]) == {}
    assert run.ended.calls.keys() >= set(STATEFUL)
    assert run.ended.calls.keys().isdisjoint({"execve", "fork", "vfork"})  # no child, so none that inherits the key


def test_nothing_that_others_saw_is_lost_at_a_share_of_the_calls_of_each_name(stage: Stage) -> None:
    calm = stage.run("calm", Blow()).ended.calls
    blows = [kill(name, at) for name in STATEFUL for at in range(1 + len(name) % 3, calm[name] + 1, SHARE)]
    runs = [stage.run(f"{blow.name}-{blow.at}", blow) for blow in blows]
    assert len(runs) - len(survivors(runs)) >= 12
    assert stage.lost(runs) == {}
    assert stuck(stage, runs) == {}


@pytest.mark.sweep
@pytest.mark.parametrize("name", STATEFUL)
def test_nothing_that_others_saw_is_lost_at_any_call_of_a_name(stage: Stage, name: str, record_property: Count) -> None:
    runs = killed_at_each(stage, name, hold=True) + killed_at_each(stage, name, "--format", "json", hold=True)
    assert len(runs) > len(survivors(runs)) == 2
    assert stage.lost(runs) == {}
    assert stuck(stage, runs) == {}
    record_property("kills", len(runs) - 2)


@pytest.mark.sweep
def test_nothing_that_others_saw_is_lost_at_any_call_at_all(stage: Stage, record_property: Count) -> None:
    runs = killed_at_each(stage, "", hold=False)
    assert stage.lost(runs) == {}
    assert stuck(stage, runs[::7]) == {}
    record_property("kills", len(runs) - 1)


def killed_again_at(stage: Stage, name: str, at: int) -> Witnessed:
    """Kill a run amid its startup, kill the process that carries it on at a call of a name, and return the run."""
    run = stage.run(f"again-{name}-{at}", kill("sendto", AMID_STARTUP))
    return stage.resume(run, kill(name, at), "--resend-unknown")


def test_a_run_that_is_killed_while_it_is_carried_on_can_be_carried_on(stage: Stage) -> None:
    runs = [killed_again_at(stage, name, 5) for name in ("write", "fdatasync", "open", "sendto")]
    assert survivors(runs) == []
    assert stage.lost(runs) == {}
    assert stuck(stage, runs) == {}


@pytest.mark.sweep
@pytest.mark.parametrize("name", STATEFUL)
def test_a_run_that_is_killed_at_any_call_while_it_is_carried_on_can_be_carried_on(
    stage: Stage, name: str, record_property: Count
) -> None:
    runs: list[Witnessed] = []
    while not survivors(runs):
        runs.append(killed_again_at(stage, name, len(runs) + 1))
    assert stage.lost(runs) == {}
    assert stuck(stage, runs) == {}
    record_property("kills", 2 * len(runs) - 1)


def test_a_run_of_the_parts_that_bugs_are_put_into_agrees_where_they_are_sound(stage: Stage) -> None:
    sound = dataclasses.replace(stage, bug="")
    runs = [sound.run(f"sound-{at}", kill("write", at)) for at in (0, 9, 13, 21)]
    assert sound.lost(runs) == {}


@pytest.mark.parametrize("bug", KILLED)
def test_the_kills_find_a_seeded_bug(stage: Stage, bug: str) -> None:
    seeded = dataclasses.replace(stage, bug=bug)
    tries = (seeded.run(f"try-{at}", kill("write", at)) for at in (0, *range(8, 60)))
    assert any(complaints(run, stage.api) for run in tries)


@pytest.mark.parametrize(
    ("bug", "said"),
    [
        ("forgets the replies", "made again: startup to alder"),
        ("sends again without a word", "asked without a word"),
        ("skips without a word", "the log was changed without a word"),
    ],
)
def test_carrying_on_finds_a_seeded_bug(stage: Stage, bug: str, said: str) -> None:
    sound, seeded = dataclasses.replace(stage, bug=""), dataclasses.replace(stage, bug=bug)
    tries = (sound.run(f"try-{at}", kill("recvfrom", at)) for at in range(10, 60))
    assert any(said in carried_on(seeded, run, decision="resend") for run in tries)

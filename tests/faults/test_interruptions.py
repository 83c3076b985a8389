"""Interrupt and terminate a run at moments drawn by lot: its exit code says what its record says, and it can go on."""

import dataclasses
import signal
from collections.abc import Callable
from random import Random

import pytest

from faults.resumption import carried_on
from faults.seeded import SIGNALLED
from faults.traced import Blow
from faults.witness import Stage, Witnessed, complaints
from overlord_run.errors import Exit
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.state import State

Count = Callable[[str, object], None]
SIGNALS = {signal.SIGTERM: Exit.TERMINATED, signal.SIGINT: Exit.INTERRUPTED}
AMID_STARTUP = 9
"""Which `sendto` of a run comes when the startup's requests are out, and not answered yet."""


def state_of(run: Witnessed) -> State:
    return State() if run.run is None else rehydrate(run.run).state


def dishonest(run: Witnessed, sent: signal.Signals) -> list[str]:
    """Return what of a process's exit code is not so."""
    state, code, err = state_of(run), run.ended.exit, run.ended.err
    was_not_run = state.created is None or state.has_ended
    honest = {
        SIGNALS[sent]: state.state == "stopped" and f"Exit {code}: " in err,
        Exit.OK: state.state == "completed",  # there was nothing to stop any more
        -sent: was_not_run,  # Python's own end is near, or its beginning
    }
    if sent is signal.SIGINT and "interrupted" in err.splitlines():  # before the run, or while its end was told
        honest[Exit.INTERRUPTED] = was_not_run
    return [] if honest.get(code) else [f"exit {code}, and the run is {state.state}"]


def found_at(stage: Stage, sent: signal.Signals, places: list[int]) -> tuple[dict[int, list[str]], set[str]]:
    """Return what is wrong where a signal comes at these system calls, and the states that the runs were left in."""
    found, states = {}, set()
    for number, at in enumerate(places):
        run = stage.run(f"{sent.name}-{number}", Blow("", at, signal=sent))
        states.add(state_of(run).state)
        found[at] = dishonest(run, sent) + complaints(run, stage.api)
        found[at] += carried_on(stage, run, decision=("resend", "skip")[number % 2])
    return {at: said for at, said in found.items() if said}, states


def drawn(stage: Stage, count: int, seed: int) -> list[int]:
    """Return system calls of a run, drawn by lot."""
    calls = sum(stage.run("calm", Blow()).ended.calls.values())
    return Random(seed).sample(range(1, calls), count)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_run_that_gets_a_signal_at_a_few_moments_ends_honestly_and_goes_on(
    stage: Stage, sent: signal.Signals
) -> None:
    found, _ = found_at(stage, sent, drawn(stage, 4, seed=int(sent)))
    assert found == {}


@pytest.mark.sweep
@pytest.mark.parametrize("sent", SIGNALS)
def test_a_run_that_gets_a_signal_at_100_moments_ends_honestly_and_goes_on(
    stage: Stage, sent: signal.Signals, record_property: Count
) -> None:
    found, states = found_at(stage, sent, drawn(stage, 100, seed=100 + sent))
    assert found == {}
    assert states > {"stopped", "completed"}
    record_property("signals", 100)


@pytest.mark.parametrize("bug", SIGNALLED)
def test_signals_find_a_seeded_bug(stage: Stage, bug: str) -> None:
    seeded = dataclasses.replace(stage, bug=bug)
    run = seeded.run("seeded", Blow("sendto", AMID_STARTUP, signal=signal.SIGTERM))
    assert dishonest(run, signal.SIGTERM)

"""Let contestants take turns, so that whatever else the machine does befalls all of them alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arithmetic import ratios
from benchmarks.process import Spent, spend
from benchmarks.results import Figure

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command that is measured.

    Attributes:
        name: As the results tell it.
        command: The program and its arguments.
        exit_code: The one that it must have.
        prepare: Called before each time, and not measured.
    """

    name: str
    command: Sequence[str | Path]
    exit_code: int = 0
    prepare: Callable[[], object] | None = None


Turns = Mapping[str, Sequence[Spent]]
"""Contestant → what it spent, one a round."""


def take_turns(
    contestants: Sequence[Contestant], folder: Path, environ: Mapping[str, str], rounds: int, *, warm_up: bool = True
) -> Turns:
    """Run each contestant once a round, and return what each spent; a first round that warms caches is not counted."""
    spent: dict[str, list[Spent]] = {contestant.name: [] for contestant in contestants}
    for number in range(-1 if warm_up else 0, rounds):
        for contestant in contestants:
            if contestant.prepare is not None:
                contestant.prepare()
            took = spend(contestant.command, folder, environ, exit_code=contestant.exit_code)
            if number >= 0:
                spent[contestant.name].append(took)
    return spent


def wall(turns: Turns, name: str) -> tuple[float, ...]:
    """Return the seconds by the clock of each round."""
    return tuple(one.wall_s for one in turns[name])


def cpu(turns: Turns, name: str) -> tuple[float, ...]:
    """Return the seconds of CPU of each round."""
    return tuple(one.cpu_s for one in turns[name])


def peak_mb(turns: Turns, name: str) -> tuple[float, ...]:
    """Return the peak memory of each round, in MB of a million bytes."""
    return tuple(one.peak_bytes / MB for one in turns[name])


def compared(
    case: str, turns: Turns, *, wall_bar: float | None = None, cpu_bar: float | None = None
) -> Iterator[Figure]:
    """Yield the first contestant's time over the second's, by the clock and of CPU."""
    ours, theirs = list(turns)[:2]
    for what, of, bar in (("time", wall, wall_bar), ("CPU", cpu, cpu_bar)):
        sides = {name: of(turns, name) for name in turns}
        yield Figure(case, f"{what}, over {theirs}", "×", ratios(sides[ours], sides[theirs]), bar, sides)

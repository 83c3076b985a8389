"""What a message costs as the run grows to ten thousand of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.arithmetic import growth
from benchmarks.bench import PROGRAM, Bench
from benchmarks.cases.running import memory
from benchmarks.councils import council, said
from benchmarks.results import Curve, Figure
from benchmarks.rounds import MB
from benchmarks.watch import Line, Watched, curves, watched

CASE = "10000-messages"
WAITS_FOR_A_PERSON = 6
_CONCURRENCY = 200
_BIG = "big"


def growth_of_a_run(bench: Bench) -> Iterator[Figure | Curve]:
    """Five thousand servants with a task and a redirect each, two hundred calls at once."""
    servants, width = bench.size(5000, 50), bench.size(500, 10)
    first, last = bench.size(100, 10), bench.size(10_000, 100)
    runs = [_run(bench, servants) for _ in range(bench.rounds())]

    def amid(line: Line) -> Line:
        """Return where nothing but messages cost: where a phase begins, all servants are looked at once."""
        return [(place, cost) for place, cost in line if place > width and abs(place - servants) > width]

    def grown(lines: Sequence[Line]) -> tuple[float, ...]:
        return tuple(growth(*zip(*line, strict=True), first=first, last=last) for line in lines)

    costs, written = ([amid(of(run, width)) for run in runs] for of in (Watched.cpu_ms, Watched.written))
    yield Figure(CASE, "CPU of message 10,000 over that of message 100", "×", grown(costs), 1.1)
    yield Figure(CASE, "bytes written for message 10,000 over those for 100", "×", grown(written), 1.1)
    calls = 2 * servants
    yield Figure(CASE, "CPU a message", "ms", tuple(1000 * run.spent.cpu_s / calls for run in runs))
    yield Figure(CASE, "bytes written a message", "bytes", tuple(run.spent.written_bytes / calls for run in runs))
    texts = servants * said(1, 0) / MB
    yield memory(CASE, servants, tuple(run.spent.peak_bytes / MB - texts for run in runs))
    yield from curves("cost", costs)


def big_run(bench: Bench) -> Path:
    """Return the state folder of such a run, which waits for a person; it is made where there is none."""
    state_dir = bench.folder / _BIG
    if not state_dir.exists():
        _run(bench, bench.size(5000, 50))
    return state_dir


def _run(bench: Bench, servants: int) -> Watched:
    playbook = bench.file("big.yml", council(servants, 1, concurrency=min(_CONCURRENCY, servants), pause=True))
    state_dir = bench.fresh(_BIG)
    command, environ = [*PROGRAM, playbook.name], bench.environ(state_dir=state_dir)
    return watched(command, bench.folder, environ, state_dir, exit_code=WAITS_FOR_A_PERSON)

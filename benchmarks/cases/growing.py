"""What a message costs as the run grows to ten thousand of them."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.arithmetic import growth, windows
from benchmarks.bench import PROGRAM, Bench
from benchmarks.cases.running import memory
from benchmarks.councils import council, said
from benchmarks.process import Spent, spend
from benchmarks.results import Curve, Figure
from benchmarks.rounds import MB
from benchmarks.watch import Watch

CASE = "10000-messages"
WAITS_FOR_A_PERSON = 6
_CONCURRENCY = 200
_WINDOW = 500


def growth_of_a_run(bench: Bench) -> Iterator[Figure | Curve]:
    """Five thousand servants with a task and a redirect each, two hundred calls at once."""
    runs = [_run(bench) for _ in range(bench.rounds(3))]
    counts = [watch.replies() for _, watch in runs]
    costs = [[look.cpu_s for look in watch.looks] for _, watch in runs]
    written = [[float(look.written_bytes) for look in watch.looks] for _, watch in runs]
    first, last = bench.size(100, 10), bench.size(10_000, 100)
    width = bench.size(_WINDOW, 10)
    servants = bench.size(5000, 50)

    def grown(totals: list[list[float]]) -> tuple[float, ...]:
        lines = [windows(count, total, width=width) for count, total in zip(counts, totals, strict=True)]
        return tuple(growth(*zip(*_amid(line, servants, width), strict=True), first=first, last=last) for line in lines)

    yield Figure(CASE, "CPU of message 10,000 over that of message 100", "×", grown(costs), 1.1)
    yield Figure(CASE, "bytes written for message 10,000 over those for 100", "×", grown(written), 1.1)
    calls = 2 * servants
    yield Figure(CASE, "CPU a message", "ms", tuple(1000 * spent.cpu_s / calls for spent, _ in runs))
    yield Figure(CASE, "bytes written a message", "bytes", tuple(spent.written_bytes / calls for spent, _ in runs))
    texts = servants * said(1, 0) / MB
    yield memory(CASE, servants, tuple(spent.peak_bytes / MB - texts for spent, _ in runs))
    for name, count, cost in zip(("first run", "second run", "third run"), counts, costs, strict=False):
        points = tuple((place, 1000 * value) for place, value in windows(count, cost, width=width))
        yield Curve("cost", name, points)


def _amid(line: list[tuple[float, float]], servants: int, width: int) -> list[tuple[float, float]]:
    """Return the windows in which nothing but messages cost: where a phase begins, all servants are looked at."""
    return [(place, cost) for place, cost in line if place > width and abs(place - servants) > width]


def big_run(bench: Bench) -> Path:
    """Return the state folder of such a run, which waits for a person; it is made where there is none."""
    state_dir = bench.folder / "big"
    if not state_dir.exists():
        _run(bench)
    return state_dir


def _run(bench: Bench) -> tuple[Spent, Watch]:
    servants = bench.size(5000, 50)
    playbook = bench.file("big.yml", council(servants, 1, concurrency=min(_CONCURRENCY, servants), pause=True))
    watch = Watch(bench.fresh("big"))
    spent = spend(
        [*PROGRAM, playbook.name],
        bench.folder,
        bench.environ(state_dir=watch.state_dir),
        exit_code=WAITS_FOR_A_PERSON,
        look=watch,
    )
    return spent, watch

"""What a message costs as its conversation grows to a thousand exchanges: each request holds all that came before."""

from collections.abc import Iterator

from benchmarks.arithmetic import growth, ratios, windows
from benchmarks.bench import PROGRAM, Bench, bare
from benchmarks.councils import council
from benchmarks.process import Spent, spend
from benchmarks.results import Curve, Figure
from benchmarks.watch import Watch

CASE = "conversation"
_SERVANTS = 2
_CHARS = 200


def conversation(bench: Bench) -> Iterator[Figure | Curve]:
    """Two servants with a thousand exchanges of 200 characters each, before an API that answers at once."""
    exchanges = bench.size(1000, 20)
    ours, theirs, watches = list[Spent](), list[Spent](), list[Watch]()
    for _ in range(bench.rounds(3)):
        spent, watch = _run(bench, exchanges)
        ours.append(spent)
        watches.append(watch)
        command = bare("httpx_lanes", bench.api.at_once, _SERVANTS, exchanges - 1, _CHARS)
        theirs.append(spend(command, bench.folder, bench.environ()))
    sides = {"overlord-run": tuple(one.cpu_s for one in ours), "bare httpx": tuple(one.cpu_s for one in theirs)}
    yield Figure(CASE, "CPU, over bare httpx", "×", ratios(*sides.values()), sides=sides)
    width = bench.size(100, 10)
    curves = [
        [
            (place / _SERVANTS, cost)
            for place, cost in windows(watch.replies(), [x.cpu_s for x in watch.looks], width=width)
        ]
        for watch in watches
    ]
    grown = tuple(growth(*zip(*curve, strict=True), first=0.1 * exchanges, last=exchanges) for curve in curves)
    yield Figure(CASE, f"CPU of exchange {exchanges:,} over that of {exchanges // 10:,}", "×", grown)
    for name, curve in zip(("first run", "second run", "third run"), curves, strict=False):
        yield Curve("conversation", name, tuple((place, 1000 * cost) for place, cost in curve))


def _run(bench: Bench, exchanges: int) -> tuple[Spent, Watch]:
    playbook = bench.file("long.yml", council(_SERVANTS, exchanges - 1, chars=_CHARS))
    watch = Watch(bench.fresh("long"))
    environ = bench.environ(base_url=bench.api.at_once, state_dir=watch.state_dir)
    return spend([*PROGRAM, playbook.name], bench.folder, environ, look=watch), watch

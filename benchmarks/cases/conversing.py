"""What a message costs as its conversation grows to a thousand exchanges: each request holds all that came before."""

from collections.abc import Iterator

from benchmarks.arithmetic import growth, ratios
from benchmarks.bench import PROGRAM, Bench, bare
from benchmarks.councils import council
from benchmarks.process import Spent, spend
from benchmarks.results import Curve, Figure
from benchmarks.watch import Watched, curves, watched

CASE = "conversation"
_SERVANTS = 2
_CHARS = 200


def conversation(bench: Bench) -> Iterator[Figure | Curve]:
    """Two servants with a thousand exchanges of 200 characters each, before an API that answers at once."""
    exchanges, width = bench.size(1000, 20), bench.size(100, 10)
    runs, loops = list[Watched](), list[Spent]()
    for _ in range(bench.rounds()):
        runs.append(_run(bench, exchanges))
        command = bare("httpx_lanes", bench.api.at_once, _SERVANTS, exchanges - 1, _CHARS)
        loops.append(spend(command, bench.folder, bench.environ()))
    ours, theirs = tuple(run.spent.cpu_s for run in runs), tuple(loop.cpu_s for loop in loops)
    sides = {"overlord-run": ours, "bare httpx": theirs}
    yield Figure(CASE, "CPU, over bare httpx", "×", ratios(ours, theirs), sides=sides)
    lines = [[(replies / _SERVANTS, cost) for replies, cost in run.cpu_ms(width)] for run in runs]
    grown = tuple(growth(*zip(*line, strict=True), first=exchanges / 10, last=exchanges) for line in lines)
    yield Figure(CASE, f"CPU of exchange {exchanges:,} over that of {exchanges // 10:,}", "×", grown)
    yield from curves("conversation", lines)


def _run(bench: Bench, exchanges: int) -> Watched:
    playbook = bench.file("long.yml", council(_SERVANTS, exchanges - 1, chars=_CHARS))
    state_dir = bench.fresh("long")
    environ = bench.environ(base_url=bench.api.at_once, state_dir=state_dir)
    return watched([*PROGRAM, playbook.name], bench.folder, environ, state_dir)

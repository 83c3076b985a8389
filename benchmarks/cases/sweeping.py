"""How many calls a second there are, by how many may be under way at once."""

from collections.abc import Iterator
from statistics import median

from benchmarks.bench import PROGRAM, Bench, bare
from benchmarks.councils import council
from benchmarks.results import Curve
from benchmarks.rounds import Contestant, take_turns, wall

_CONCURRENCIES = (1, 10, 50, 100, 200, 500, 1000)
_REDIRECTS = 5
_QUICK_UP_TO = 100  # servants: those runs are over soon, so each can be measured often
_SCRIPTS = {
    "bare aiohttp": "aiohttp_pool",
    "bare httpx, a connection each": "httpx_lanes",
    "bare httpx": "httpx_pool",
}


def sweep(bench: Bench) -> Iterator[Curve]:
    """Runs of one to a thousand servants with a task and five redirects, whole processes."""
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in ("overlord-run", *_SCRIPTS)}
    for servants in (2, 4) if bench.is_quick else _CONCURRENCIES:
        playbook = bench.file(f"sweep-{servants}.yml", council(servants, _REDIRECTS))
        contestants = [Contestant("overlord-run", [*PROGRAM, playbook.name])]
        for name, script in _SCRIPTS.items():
            contestants.append(Contestant(name, bare(script, bench.api.thinking, servants, _REDIRECTS)))
        rounds = bench.rounds(5 if servants <= _QUICK_UP_TO else 1)
        turns = take_turns(contestants, bench.folder, bench.environ(), rounds, warm_up=False)
        for name in turns:
            points[name].append((servants, servants * (_REDIRECTS + 1) / median(wall(turns, name))))
    for name, line in points.items():
        yield Curve("concurrency", name, tuple(line))

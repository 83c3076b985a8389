"""Whole runs, which store everything durably, against bare loops, which store nothing."""

from collections.abc import Iterator

from benchmarks.bench import PROGRAM, Bench, bare
from benchmarks.councils import council, said
from benchmarks.results import Figure
from benchmarks.rounds import MB, Contestant, Turns, compared, peak_mb, take_turns

OURS = "overlord-run"


def few(bench: Bench) -> Iterator[Figure]:
    """Three servants, who have a task and two redirects each."""
    turns = _run(bench, servants=3, redirects=2, against={"bare httpx": "httpx_pool"})
    yield from compared("3-servants", turns, wall_bar=1.3)


def many(bench: Bench) -> Iterator[Figure]:
    """Two hundred servants, the same."""
    against = {"bare aiohttp": "aiohttp_pool", "bare httpx": "httpx_pool"}
    turns = _run(bench, servants=bench.size(200, 10), redirects=2, against=against)
    yield from compared("200-servants", turns, wall_bar=2.5)


def throng(bench: Bench) -> Iterator[Figure]:
    """A thousand servants, who have ten redirects each; the program ends well, so no call failed."""
    servants, redirects = bench.size(1000, 20), bench.size(10, 2)
    against = {"bare httpx, a connection each": "httpx_lanes"}
    turns = _run(bench, servants=servants, redirects=redirects, against=against, warm_up=False)
    yield from compared("1000-servants", turns, cpu_bar=1.5)
    texts = servants * said(redirects, 0) / MB
    beyond = tuple(peak - texts for peak in peak_mb(turns, OURS))
    yield memory("1000-servants", servants, beyond)


def memory(case: str, servants: int, beyond: tuple[float, ...]) -> Figure:
    """Return the figure of a run's memory beyond its conversations' texts, in MB."""
    return Figure(case, f"peak memory beyond the texts, {servants:,} servants", "MB", beyond, 60 + 0.025 * servants)


def _run(bench: Bench, *, servants: int, redirects: int, against: dict[str, str], warm_up: bool = True) -> Turns:
    playbook = bench.file(f"{servants}-{redirects}.yml", council(servants, redirects))
    contestants = [Contestant(OURS, [*PROGRAM, playbook.name])]
    for name, script in against.items():
        contestants.append(Contestant(name, bare(script, bench.api.thinking, servants, redirects)))
    return take_turns(contestants, bench.folder, bench.environ(), bench.rounds(), warm_up=warm_up)

"""Where the CPU of a call goes."""

import json
import sys
from collections.abc import Iterator

from benchmarks.bench import REPO, Bench
from benchmarks.councils import council
from benchmarks.process import spend
from benchmarks.profiled import PARTS, REST
from benchmarks.results import Figure

CASE = "profile"
_REDIRECTS = 10


def profile(bench: Bench) -> Iterator[Figure]:
    """Five hundred servants with ten redirects each, whole process, imports included."""
    bench.file("profiled.yml", council(bench.size(500, 5), _REDIRECTS))
    told = bench.folder / "profiled.json"
    found = []
    for _ in range(bench.rounds(3)):
        command = [sys.executable, "-m", "benchmarks.profiled", str(told), "profiled.yml"]
        spend(command, bench.folder, {**bench.environ(), "PYTHONPATH": str(REPO)})
        found.append(json.loads(told.read_text("utf-8")))
    for name in (*(name for name, _ in PARTS), REST):
        shares = tuple(100 * spent.get(name, 0) / sum(spent.values()) for spent in found)
        yield Figure(CASE, name, "%", shares)

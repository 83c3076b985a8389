"""How long the event loop stands still while a disk is slow."""

import json
import sys
from collections.abc import Iterator

from benchmarks.bench import REPO, Bench
from benchmarks.councils import council
from benchmarks.process import spend
from benchmarks.results import Figure

CASE = "slow-disk"
_SYNC_S = 2.0


def stalling(bench: Bench) -> Iterator[Figure]:
    """A run of four servants on a disk whose every sync takes two seconds."""
    bench.file("slow.yml", council(4, 0))
    sync_s = 0.2 if bench.is_quick else _SYNC_S
    lags, syncs = [], []
    for _ in range(bench.rounds()):
        told = bench.folder / "stalled.json"
        command = [sys.executable, "-m", "benchmarks.stalled", str(told), str(sync_s), "slow.yml"]
        spend(command, bench.folder, {**bench.environ(), "PYTHONPATH": str(REPO)})
        found = json.loads(told.read_text("utf-8"))
        lags.append(1000 * found["lag_s"])
        syncs.append(found["syncs"])
    yield Figure(CASE, f"event loop lag, {max(syncs)} syncs of {sync_s:g} s", "ms", tuple(lags), 100.0)

"""What it costs to look at a run of ten thousand messages, and to carry it on."""

import shutil
from collections.abc import Iterator

from benchmarks.bench import PROGRAM, Bench
from benchmarks.cases.growing import WAITS_FOR_A_PERSON, big_run
from benchmarks.results import Figure
from benchmarks.rounds import Contestant, cpu, peak_mb, take_turns

CASE = "reading"
_STATUS_S = 1.0


def reading(bench: Bench) -> Iterator[Figure]:
    """Look at the run with each command in turn; what changes it works on a copy."""
    big, copy = big_run(bench), bench.fresh("copy")

    def anew() -> None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(big, copy)

    anew()
    contestants = [
        Contestant("status", [*PROGRAM, "status"]),
        Contestant("list", [*PROGRAM, "list"]),
        Contestant("show", [*PROGRAM, "show", "s1"]),
        Contestant("verify", [*PROGRAM, "verify"]),
        Contestant("send", [*PROGRAM, "send", "s1", "One more."], prepare=anew),
        Contestant("resume", [*PROGRAM, "resume"], exit_code=WAITS_FOR_A_PERSON, prepare=anew),
    ]
    turns = take_turns(contestants, bench.folder, bench.environ(state_dir=copy), bench.rounds(), warm_up=False)
    for name in turns:
        yield Figure(CASE, f"CPU of {name}", "s", cpu(turns, name), _STATUS_S if name == "status" else None)
    for name in turns:
        yield Figure(CASE, f"peak memory of {name}", "MB", peak_mb(turns, name))
    shutil.rmtree(copy)

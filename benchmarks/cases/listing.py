"""What it costs to list many runs."""

import sys
from collections.abc import Iterator

from benchmarks.bench import PROGRAM, Bench
from benchmarks.councils import council
from benchmarks.process import spend
from benchmarks.results import Figure
from benchmarks.rounds import Contestant, cpu, take_turns

CASE = "1000-runs"
_LIST_S = 1.0
# One process makes all of them: a process each would take longer than all that is measured here.
_MAKE = """
import sys
from overlord_run.cli.main import execute
assert all(execute(["3.yml", "--rehearse", "-q"]) == 0 for _ in range(int(sys.argv[1])))
"""


def listing(bench: Bench) -> Iterator[Figure]:
    """List a thousand rehearsed runs of three servants with a redirect each."""
    runs, environ = bench.size(1000, 10), bench.environ(state_dir=bench.fresh("listed"))
    bench.file("3.yml", council(3, 1))
    spend([sys.executable, "-c", _MAKE, str(runs)], bench.folder, environ)
    turns = take_turns([Contestant("list", [*PROGRAM, "list"])], bench.folder, environ, bench.rounds())
    yield Figure(CASE, f"CPU of list over {runs:,} runs", "s", cpu(turns, "list"), _LIST_S)

"""The command line: `python -m benchmarks [--quick] [--only CASE]...`."""

import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.api import serve
from benchmarks.bench import Bench
from benchmarks.cases import CASES
from benchmarks.machine import facts
from benchmarks.report import head, line
from benchmarks.results import Curve, Figure, Results


def main(words: Sequence[str]) -> int:
    """Measure the cases that are asked for; print a table and write the results as JSON."""
    parser = ArgumentParser("python -m benchmarks", description="Measure the program against the bare loop.")
    parser.add_argument("--only", action="append", choices=CASES, metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="one round, small sizes: whether it works, not how fast")
    parser.add_argument("--rounds", type=int, default=5, help="how often each case is measured at most (5)")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the results go")
    asked = parser.parse_args(words)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, serve(Path(name)) as api:
        bench = Bench(api, Path(name), asked.quick, asked.rounds)
        for results in measure(bench, asked.only or list(CASES)):
            asked.json.write_text(results.to_json(), encoding="utf-8")
    print(f"\n{results.seconds:.0f} s; the results are in {asked.json}")
    return 0


def measure(bench: Bench, names: Sequence[str]) -> Iterator[Results]:
    """Measure cases and tell each figure as it is found; yield all results so far after each case."""
    began = time.monotonic()
    figures, curves = list[Figure](), list[Curve]()
    told = facts(bench.api.server, bench.folder)
    print("\n".join(f"{name}: {fact}" for name, fact in told.items()), end="\n\n")
    print(head())
    for name in names:
        case_began = time.monotonic()
        for found in CASES[name](bench):
            if isinstance(found, Curve):
                curves.append(found)
            else:
                figures.append(found)
                print(line(found), flush=True)
        print(f"{'':18}{name} took {time.monotonic() - case_began:.0f} s", flush=True)
        yield Results(told, time.monotonic() - began, tuple(figures), tuple(curves))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

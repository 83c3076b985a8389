"""How fast the program starts: before the first call there is nothing but Python and imports.

Nothing here waits for anything, so the bars are for CPU, which is the time on a machine that does nothing else.
"""

import sys
from collections.abc import Iterator

from benchmarks.bench import PROGRAM, Bench
from benchmarks.councils import council
from benchmarks.results import Figure
from benchmarks.rounds import Contestant, compared, take_turns

_IMPORTS = "import click, yaml, jsonschema, jinja2"
_SERVANTS = 20


def first_help(bench: Bench) -> Iterator[Figure]:
    """Compare `--help` with the import of the library that prints it."""
    ours = Contestant("--help", [*PROGRAM, "--help"])
    bare = Contestant("import click", [sys.executable, "-c", "import click"])
    yield from compared("help", take_turns((ours, bare), bench.folder, bench.environ(), bench.rounds()), cpu_bar=2.0)


def one_playbook(bench: Bench) -> Iterator[Figure]:
    """Compare the check of one playbook with the imports that it cannot do without."""
    bench.file("20.yml", council(_SERVANTS, 2))
    ours = Contestant("validate", [*PROGRAM, "validate", "20.yml"])
    turns = take_turns((ours, _imports()), bench.folder, bench.environ(), bench.rounds())
    yield from compared("validate", turns, cpu_bar=1.3)


def many_playbooks(bench: Bench) -> Iterator[Figure]:
    """Compare the check of many playbooks with that of one."""
    files = bench.size(200, 10)
    bench.file("20.yml", council(_SERVANTS, 2))
    for number in range(files):
        bench.file(f"many/{number}.yml", council(_SERVANTS, 2))
    whole = Contestant(f"{files} playbooks", [*PROGRAM, "validate", "many"])
    one = Contestant("one playbook", [*PROGRAM, "validate", "20.yml"])
    yield from compared("validate-many", take_turns((whole, one), bench.folder, bench.environ(), bench.rounds()))


def dry_run(bench: Bench) -> Iterator[Figure]:
    """Compare the plan of a run with the imports that it cannot do without."""
    bench.file("20.yml", council(_SERVANTS, 2))
    ours = Contestant("run --dry-run", [*PROGRAM, "20.yml", "--dry-run"])
    yield from compared("dry-run", take_turns((ours, _imports()), bench.folder, bench.environ(), bench.rounds()))


def _imports() -> Contestant:
    return Contestant("its imports", [sys.executable, "-c", _IMPORTS])

"""The cases by name, in the order in which they are measured."""

from collections.abc import Callable, Iterator, Mapping

from benchmarks.bench import Bench
from benchmarks.cases.conversing import conversation
from benchmarks.cases.growing import growth_of_a_run
from benchmarks.cases.libraries import libraries
from benchmarks.cases.listing import listing
from benchmarks.cases.profiling import profile
from benchmarks.cases.reading import reading
from benchmarks.cases.running import few, many, throng
from benchmarks.cases.stalling import stalling
from benchmarks.cases.starting import dry_run, first_help, many_playbooks, one_playbook
from benchmarks.cases.sweeping import sweep
from benchmarks.results import Curve, Figure

Case = Callable[[Bench], Iterator[Figure | Curve]]

CASES: Mapping[str, Case] = {
    "help": first_help,
    "validate": one_playbook,
    "validate-many": many_playbooks,
    "dry-run": dry_run,
    "3-servants": few,
    "200-servants": many,
    "1000-servants": throng,
    "10000-messages": growth_of_a_run,
    "reading": reading,
    "1000-runs": listing,
    "conversation": conversation,
    "slow-disk": stalling,
    "profile": profile,
    "libraries": libraries,
    "concurrency": sweep,
}

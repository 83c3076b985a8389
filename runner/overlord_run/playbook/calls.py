"""Know how many calls a run may have, and tell where a playbook has more."""

from collections.abc import Iterable, Iterator

from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

MOST_CALLS = 100_000
"""Of a run, each round of a block counted. A call that has ended keeps 6 KB in memory besides its texts, so these are
600 MB, and 4 KB in the run's folder: more than that is not sent by one process."""

_FEWER = "send it to fewer servants or in fewer rounds, or make several playbooks of it"


def too_many_calls(at_startup: int, asked: Iterable[tuple[Place, int]]) -> Iterator[Problem]:
    """Find the redirect with which a run has more calls than it may have; what stands behind it is not looked at.

    Args:
        at_startup: How many servants have a task.
        asked: Where each redirect says whom it goes to, and how many calls it makes in all its rounds.
    """
    total = at_startup
    for place, calls in asked:
        total += calls
        if total > MOST_CALLS:
            message = f"up to this redirect the run makes {total:,} calls; at most {MOST_CALLS:,} are allowed"
            yield problem(place, "too-many-calls", message, _FEWER)
            return

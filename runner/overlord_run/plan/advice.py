"""Give the advice of a good colleague on a playbook that has no errors: warnings, each of a rule of its own."""

from itertools import chain, islice

from overlord_run.plan.deeds import check_deeds
from overlord_run.plan.pauses import check_pauses
from overlord_run.plan.ultras import check_limited, check_several
from overlord_run.plan.unfenced import check_unfenced
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.rules import MAX_PROBLEMS
from overlord_run.problem import Problem

_CHECKS = (check_unfenced, check_deeds, check_pauses, check_several, check_limited)


def advise(playbook: Playbook) -> list[Problem]:
    """Return the warnings about a playbook whose texts have all been read from their files."""
    found = chain.from_iterable(check(playbook) for check in _CHECKS)
    return list(islice(dict.fromkeys(islice(found, 10 * MAX_PROBLEMS)), MAX_PROBLEMS))

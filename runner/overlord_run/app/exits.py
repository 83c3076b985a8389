"""Say what the state of a run means as an exit code."""

from collections.abc import Mapping

from overlord_run.errors import Exit
from overlord_run.store.state import State

EXITS: Mapping[str, Exit] = {
    "completed": Exit.OK,
    "partial": Exit.FAILED,
    "failed": Exit.FAILED,
    "awaiting-human": Exit.WAITING,
    "rejected": Exit.REJECTED,
    "stopped": Exit.FAILED,
}
"""What the state in which a run is at rest means as an exit code."""


def exit_of(state: State) -> Exit | None:
    """Return what a run's state means as an exit code; None while the run is not at rest."""
    if state.state == "stopped" and state.account.reached is not None:
        return Exit.LIMIT
    return EXITS.get(state.state)

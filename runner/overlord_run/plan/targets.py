"""Work out which servants a redirect goes to, and how many of them must answer."""

from collections.abc import Iterable, Sequence

from overlord_run.playbook.model import Assignment

_EVERYBODY = "all"
_ROLE = "role:"


def targets(assignments: Iterable[Assignment], to: Sequence[str]) -> tuple[str, ...]:
    """Return the slots that `to` names (`all`, a slot, `role:NAME`), each once, in the order of the assignments."""
    wanted = set(to)
    return tuple(
        assignment.slot
        for assignment in assignments
        if _EVERYBODY in wanted or assignment.slot in wanted or f"{_ROLE}{assignment.role}" in wanted
    )


def required(require: str | int, count: int) -> int:
    """Return how many of `count` targets must answer: at least 1, a percentage rounded up."""
    if isinstance(require, int):
        return require
    if require.endswith("%"):
        percentage = int(require.removesuffix("%"))
        return max(1, -(-percentage * count // 100))
    return count if require == _EVERYBODY else 1

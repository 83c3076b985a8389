"""Tell where dear models are asked more than once, or without a limit."""

from collections.abc import Iterator

from overlord_run.playbook.address import parse_address
from overlord_run.playbook.model import Assignment, Playbook
from overlord_run.playbook.money import Limits
from overlord_run.playbook.names import listed
from overlord_run.playbook.rules import problem
from overlord_run.playbook.slots import Shape
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

_NORMAL, _ULTRA = "normal", "ultra"


def check_several(playbook: Playbook) -> Iterator[Problem]:
    """Yield a warning where more than one servant is on an ultra model; a `for_each` counts as several."""
    found = _on_ultra(playbook)
    several = found[1:2] or [place for place in found if playbook.assignments[place].for_each is not None]
    for place in several:
        slots = listed(_slot(playbook.assignments[one]) for one in found)
        message = f"more than one servant is on an ultra model: {slots}"
        hint = "let one of them judge, and give the others the model normal"
        yield problem(_place(playbook, place), "several-ultras", message, hint, "warning")


def check_limited(playbook: Playbook) -> Iterator[Problem]:
    """Yield a warning where a servant is on an ultra model, and no budget of any kind ends the run."""
    if playbook.engine.budget.limits != Limits() or _is_at_home(playbook):
        return
    for place in _on_ultra(playbook)[:1]:
        message = f"no budget limits what {listed([_slot(playbook.assignments[place])])} may cost on an ultra model"
        hint = "write engine: {budget: {requests: 20}}; usd, tokens and time are limits too"
        yield problem(_place(playbook, place), "no-budget", message, hint, "warning")


def _on_ultra(playbook: Playbook) -> list[int]:
    """Return the places of the assignments whose model is `ultra`, or has its id; none where `normal` has it too."""
    models = playbook.models
    if models[_ULTRA].id == models[_NORMAL].id:
        return []
    return [
        place
        for place, one in enumerate(playbook.assignments)
        if models[one.model or playbook.roles[one.role].model or _NORMAL].id == models[_ULTRA].id
    ]


def _slot(assignment: Assignment) -> str:
    """Return what a message calls the servants of an assignment: their slot, the shape of it, or else their role."""
    told = Shape.of(assignment.slot).told()
    return f"role:{assignment.role}" if told == "…" else told


def _place(playbook: Playbook, assignment: int) -> Place:
    path = ("assignments", assignment)
    return playbook.places.get((*path, "model")) or playbook.places[(*path, "slot")]


def _is_at_home(playbook: Playbook) -> bool:
    """Say whether the models are on this machine, where nothing is billed."""
    url = playbook.engine.base_url
    return url is not None and parse_address(url).is_loopback

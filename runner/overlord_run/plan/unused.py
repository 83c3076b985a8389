"""Tell what a playbook or role declares and no template reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from overlord_run.plan.language.templates import MAPPING_METHODS
from overlord_run.playbook.model import Input, Playbook
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import problem
from overlord_run.problem import Problem

Path = tuple[str, ...]
"""A name that is read, and what follows it: `("inputs", "plan")`."""


def unused_in_playbook(playbook: Playbook, paths: Sequence[Path]) -> Iterator[Problem]:
    """Yield a warning for each input and constant that is not among what tasks, `with`, messages and outputs read."""
    yield from _unused_inputs(playbook.inputs, _read_below("inputs", paths))
    constants = _read_below("vars", paths)
    for name in playbook.vars:
        if constants is not None and name not in constants:
            place = playbook.places["vars", name]
            hint = f"remove it, or read it as vars.{name}"
            yield problem(place, "unused-var", f"no template reads the constant {shown(name)}", hint, "warning")


def unused_in_role(inputs: Mapping[str, Input], own: Iterable[Path], others: Iterable[Path] = ()) -> Iterator[Problem]:
    """Yield a warning for each of a role's inputs that nobody reads.

    Args:
        inputs: What the role declares.
        own: What its system prompt reads.
        others: What the playbook's templates read; of these `servant.with.NAME` and `servants.SLOT.with.NAME` count.
    """
    read_inside = _read_below("inputs", own)
    read_outside = [rest for path in others if (rest := _after_with(path)) is not None]
    if read_inside is not None and () not in read_outside:
        yield from _unused_inputs(inputs, read_inside | {rest[0] for rest in read_outside})


def _unused_inputs(inputs: Mapping[str, Input], used: Set[str] | None) -> Iterator[Problem]:
    for name, declared in inputs.items():
        if used is not None and name not in used:
            hint = f"remove it, or read it as inputs.{name}"
            message = f"no template reads the input {shown(name)}"
            yield problem(declared.place, "unused-input", message, hint, "warning")


def _read_below(root: str, paths: Iterable[Path]) -> set[str] | None:
    """Return the names that are read below `root`; None where it is read whole, and so each of them may be."""
    names = {path[1] if path[1:] else "" for path in paths if path[0] == root}
    return None if "" in names or not names.isdisjoint(MAPPING_METHODS) else names


def _after_with(path: Path) -> Path | None:
    """Return what follows `servant.with` or `servants.SLOT.with`: nothing where all of it is read.

    None where the path is about something else.
    """
    match path:
        case ("servant", "with", *rest) | ("servants", _, "with", *rest):
            return tuple(rest)
        case ("servant",) | ("servants",) | ("servants", _):
            return ()
    return None

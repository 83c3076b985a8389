"""Check what `with` gives to roles against the inputs that they declare, as far as it is no template."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from overlord_run.playbook.declarations import misfit
from overlord_run.playbook.model import Assignment, Playbook, Role
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.slots import holds_template
from overlord_run.playbook.source import Path
from overlord_run.playbook.texts import Text
from overlord_run.playbook.written import how_to_write
from overlord_run.problem import Problem


def check_values(playbook: Playbook, roles: Collection[str]) -> list[Problem]:
    """Return what is wrong with the values for the inputs of some roles.

    Args:
        playbook: Its roles hold the inputs that their files declare.
        roles: The names of the roles to look at.
    """
    return list(islice(_check(playbook, roles), MAX_PROBLEMS + 1))


def _check(playbook: Playbook, roles: Collection[str]) -> Iterator[Problem]:
    for name in roles:
        role = playbook.roles[name]
        yield from _check_given(playbook, ("roles", name, "with"), role.values, role)
    wanted = frozenset(roles)
    for index, assignment in enumerate(playbook.assignments):
        if assignment.role in wanted:
            role = playbook.roles[assignment.role]
            yield from _check_given(playbook, ("assignments", index, "with"), assignment.values, role)
            yield from _check_missing(assignment, role)


def _check_given(playbook: Playbook, path: Path, values: Mapping[str, Any], role: Role) -> Iterator[Problem]:
    for name, value in values.items():
        place = playbook.places[*path, name]
        if name not in role.inputs:
            known = f"it declares {listed(role.inputs)}" if role.inputs else "it declares none"
            hint = did_you_mean(name, role.inputs) or known
            message = f"the role {shown(role.name)} has no input {shown(name)}"
            yield problem(place, "unknown-input", message, hint)
        elif reason := _misfit(role, name, value):
            declared = role.inputs[name]
            hint = how_to_write(declared.type, _plain(value), playbook.written.get((*path, name)))
            hint = hint or f"it is declared in {declared.place.file}, on line {declared.place.line}"
            yield problem(place, "bad-input-value", f"{shown(name)} {reason}", hint)


def _check_missing(assignment: Assignment, role: Role) -> Iterator[Problem]:
    for name, declared in role.inputs.items():
        if declared.required and name not in role.values and name not in assignment.values:
            message = (
                f"{shown(assignment.slot)} lacks a value for the input {shown(name)} of its role {shown(role.name)}"
            )
            hint = f"give it one: with: {{{name}: …}}"
            yield problem(assignment.place, "missing-input", message, hint)


def _misfit(role: Role, name: str, value: Any) -> str:
    """Return why a value does not fit; of one that holds templates only what is sure before they are rendered."""
    declared = role.inputs[name]
    plain = _plain(value)
    if not _holds_template(value):
        return misfit(declared.type, declared.checks, plain)
    return "" if isinstance(value, Text) else misfit(declared.type, {}, plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value.source.removesuffix("\n")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _holds_template(value: Any) -> bool:
    if isinstance(value, Text):
        return holds_template(value.source)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_template, items))

"""Fill a role's inputs: with what `with` gives, rendered for one servant, and the defaults for the rest."""

from collections.abc import Mapping
from typing import Any

from overlord_run.plan.draft import Draft
from overlord_run.plan.inputs import fit, read_value
from overlord_run.plan.seats import Seat
from overlord_run.playbook.model import Input, Playbook
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place, Text


def fill(draft: Draft, playbook: Playbook, seat: Seat, scope: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the value of each input of a servant's role, and whether all fit; what does not is a problem of the draft.

    A text for an input that is no string is read as `-i` would read it. A text's last line break is left out.

    Args:
        draft: Renders the templates, and keeps the problems.
        playbook: The playbook; what it gives without templates has been checked.
        seat: The servant's.
        scope: What the templates of `with` see; those of an assignment also see the element that it is made for.
    """
    assignment = playbook.assignments[seat.place]
    of_assignment = {**scope, **seat.element}
    role = playbook.roles[assignment.role]
    values: dict[str, Any] = {}
    all_fit = True
    for name, declared in role.inputs.items():
        if name in assignment.values:
            place = playbook.places["assignments", seat.place, "with", name]
            values[name], fits = _value(draft, declared, assignment.values[name], of_assignment, place)
        elif name in role.values:
            place = playbook.places["roles", role.name, "with", name]
            values[name], fits = _value(draft, declared, role.values[name], scope, place)
        else:
            values[name], fits = declared.default, True
        all_fit &= fits
    return values, all_fit


def _value(draft: Draft, declared: Input, raw: Any, scope: Mapping[str, Any], place: Place) -> tuple[Any, bool]:
    rendered = _rendered(draft, raw, scope)
    value = read_value(declared.type, rendered) if isinstance(raw, Text) else rendered
    value, reason = fit(declared.type, declared.checks, value)
    is_broken = draft.is_broken(raw)
    if reason and not is_broken:
        hint = f"it is declared in {declared.place.file}, on line {declared.place.line}"
        draft.add(problem(place, "role-input", f"{shown(declared.name)} {reason}", hint))
    return value, not (reason or is_broken)


def _rendered(draft: Draft, raw: Any, scope: Mapping[str, Any]) -> Any:
    if isinstance(raw, Text):
        return draft.render(raw, scope).removesuffix("\n")
    if isinstance(raw, Mapping):
        return {name: _rendered(draft, item, scope) for name, item in raw.items()}
    if isinstance(raw, list):
        return [_rendered(draft, item, scope) for item in raw]
    return raw

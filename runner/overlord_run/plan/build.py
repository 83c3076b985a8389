"""Build a plan from a playbook and its inputs: targets worked out, and every text rendered that waits for no reply."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from overlord_run.plan.called import check_called, taking_part
from overlord_run.plan.draft import Draft
from overlord_run.plan.fill import fill
from overlord_run.plan.frame import system_message
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.inputs import bind
from overlord_run.plan.model import Plan, PlannedModel, PlannedOutput, PlannedServant
from overlord_run.plan.reads import reads_host
from overlord_run.plan.redirects import PlannedExpect
from overlord_run.plan.seats import Seat, seats
from overlord_run.plan.sequence import plan_expect, plan_redirects
from overlord_run.plan.sites import resolved
from overlord_run.plan.targets import Roll, required
from overlord_run.plan.views import servant_view
from overlord_run.playbook.model import Playbook, Profile, Provenance, Role

_MODEL = "normal"
_PROFILE: Profile = "consultation"
_STARTUP_REQUIRE = "all"


def build(
    playbook: Playbook,
    inputs: Mapping[str, Any],
    *,
    model_ids: Mapping[str, str],
    host: Mapping[str, str],
    limit: Sequence[str] = (),
) -> Plan:
    """Return the plan of a playbook that has no problems of its own, and whose texts have been read from their files.

    Args:
        playbook: What to plan.
        inputs: The values that were given, by name.
        model_ids: The operator's own ids for models, by alias; the parameters stay the playbook's.
        host: What templates see as `host`.
        limit: `all`, slots or `role:NAME`: only the servants that these call are in the plan. Empty: all are.

    Raises:
        InvalidPlaybookError: Templates cannot be rendered, `with` does not fit, or `for_each` makes what cannot be; it
            carries all that is wrong.
        UsageError: The inputs' values do not fit, or the limit names nobody.
    """
    values = bind(playbook.inputs, inputs)
    scope = {"inputs": values, "vars": playbook.vars, "host": host, "playbook": {"name": playbook.name}}
    draft = Draft()
    everybody = seats(draft, playbook, scope)
    roll = Roll((seat.slot, seat.role) for seat in everybody)
    for found in check_called(playbook, everybody, roll):
        draft.add(found)
    draft.require_no_problems()
    left = taking_part(everybody, roll, limit)
    servants = tuple(_servant(draft, playbook, seat, scope) for seat in left)
    redirects = plan_redirects(draft, playbook, servants, scope)
    draft.require_no_problems()
    return Plan(
        name=playbook.name,
        description=playbook.description,
        inputs=values,
        vars=playbook.vars,
        host=host if reads_host(playbook) else None,
        models=_models(playbook, servants, model_ids),
        servants=servants,
        redirects=redirects,
        outputs=tuple(PlannedOutput(one.name, one.value, one.text, one.file) for one in playbook.outputs),
        last=[STARTUP, *(message.id for message in playbook.messages())][-1],
        startup_require=_startup_require(playbook, servants),
        recovery=playbook.engine.recovery or "manual",
        sources=_sources(playbook, servants),
        limit=tuple(limit),
        warnings=tuple(draft.warnings),
    )


def _sources(playbook: Playbook, servants: Sequence[PlannedServant]) -> dict[str, Provenance]:
    found = {servant.role: playbook.roles[servant.role].provenance for servant in servants}
    return {role: source for role, source in found.items() if source is not None}


def _startup_require(playbook: Playbook, servants: Sequence[PlannedServant]) -> int:
    asked = sum(servant.task is not None for servant in servants)
    return min(required(playbook.engine.startup_require or _STARTUP_REQUIRE, asked), asked)


def _servant(draft: Draft, playbook: Playbook, seat: Seat, scope: Mapping[str, Any]) -> PlannedServant:
    assignment = playbook.assignments[seat.place]
    role = playbook.roles[assignment.role]
    servant = PlannedServant(
        slot=seat.slot,
        name=seat.name,
        role=role.name,
        model=assignment.model or role.model or _MODEL,
        profile=assignment.profile or role.profile or _PROFILE,
        values={},
        system="",
        task=None,
    )
    before_filling = servant_view(servant)
    del before_filling["with"]
    with draft.about(seat.told):
        values, all_fit = fill(draft, playbook, seat, {**scope, "servant": before_filling})
        servant = replace(servant, values=values)
        if not all_fit:  # what goes wrong with a value that does not fit only follows from that
            return servant
        view = servant_view(servant)
        expect = plan_expect(assignment.expect)
        return replace(
            servant,
            system=_system(draft, servant, role, {"inputs": servant.values, "servant": view}),
            task=_task(draft, playbook, seat, {**scope, "servant": view}, expect),
            expect=expect,
        )


def _task(
    draft: Draft, playbook: Playbook, seat: Seat, scope: Mapping[str, Any], expect: PlannedExpect | None
) -> str | None:
    """Return the first message. A role's, which may be shared, does not see the element that a servant is made for."""
    own, shared = playbook.assignments[seat.place].task, playbook.roles[seat.role].task
    ending = "" if expect is None else expect.ending
    if own is not None:
        return draft.render(resolved(own), {**scope, **seat.element}, ending)
    return None if shared is None else draft.render(resolved(shared), scope, ending)


def _system(draft: Draft, servant: PlannedServant, role: Role, scope: Mapping[str, Any]) -> str:
    return system_message(
        role_text=draft.render(resolved(role.system), scope),
        slot=servant.slot,
        name=servant.name,
        role=servant.role,
        profile=servant.profile,
    )


def _models(
    playbook: Playbook, servants: Sequence[PlannedServant], model_ids: Mapping[str, str]
) -> dict[str, PlannedModel]:
    used = {servant.model for servant in servants}
    return {
        alias: PlannedModel(alias, model_ids.get(alias, model.id), model.params, model.timeout_s, model.json_mode)
        for alias, model in playbook.models.items()
        if alias in used
    }

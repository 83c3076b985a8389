"""Check whom redirects go to, how many of them must answer, and that every servant is asked something."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Set

from overlord_run.errors import Problem
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.sequence import every_redirect
from overlord_run.playbook.slots import Slots
from overlord_run.playbook.texts import Place

ALL = "all"
ROLE = "role:"


def check_redirects(fields: Fields, found: Set[Place]) -> Iterator[Problem]:
    """Find redirects that go to nobody or require too many answers, and servants that nobody asks.

    Args:
        fields: The playbook.
        found: Where problems are already.
    """
    slots = Slots(
        (slot, each.string("role") or "", each.has("for_each"))
        for each in fields.listed("assignments")
        if (slot := each.string("slot"))
    )
    wrong = list(_check_targets(fields, slots)) if slots else []
    yield from wrong
    yield from _check_require(fields, slots)
    if not (wrong or found):
        yield from _check_asked(fields, slots)


def _check_targets(fields: Fields, slots: Slots) -> Iterator[Problem]:
    declared = fields.mapping("roles")
    assigned = slots.made_roles.union(slots.roles.values())
    for redirect in every_redirect(fields):
        for target, place in redirect.strings("to"):
            if target.startswith(ROLE):
                yield from _check_role(target.removeprefix(ROLE), place, assigned, declared)
            elif target != ALL and target not in slots:
                meant = f"did you mean '{ROLE}{target}'?" if target in declared else did_you_mean(target, slots.told())
                hint = meant or f"assigned are {listed(slots.told())}"
                yield problem(place, "unknown-slot", f"there is no slot {shown(target)}", hint)


def _check_role(role: str, place: Place, assigned: Collection[str], declared: Collection[str]) -> Iterator[Problem]:
    if role in assigned:
        return
    if role in declared:
        hint = "assign it, or send the message to somebody else"
        yield problem(place, "no-target", f"no slot has the role {shown(role)}", hint)
        return
    hint = did_you_mean(role, declared) or f"declared are {listed(declared)}"
    yield problem(place, "unknown-role", f"there is no role {shown(role)}", hint)


def _check_require(fields: Fields, slots: Slots) -> Iterator[Problem]:
    """Find where more answers are required than there can be; whom `for_each` makes is not yet known."""
    members = Counter(slots.roles.values())
    startup = fields.inner("engine").inner("startup")
    required = startup.integer("require")
    count = len(slots.roles)
    if required is not None and not slots.made and required > count > 0:
        message = f"{required} answers are required at the startup, and there {are_servants(count)}"
        yield problem(startup.place_of("require"), "require-too-many", message, "require fewer, or all")
    for redirect in every_redirect(fields):
        required = redirect.integer("require")
        targets = {target for target, _ in redirect.strings("to")}
        if required is None or _may_be_more(targets, slots):
            continue
        count = _count(targets, slots.roles, members)
        if required > count > 0:
            yield problem(
                redirect.place_of("require"), "require-too-many", too_many(required, count), "require fewer, or all"
            )


def too_many(required: int, count: int) -> str:
    """Return what is wrong with a redirect that requires more answers than the servants it goes to can give."""
    return f"{required} answers are required, and it goes to {count} {'servant' if count == 1 else 'servants'}"


def are_servants(count: int) -> str:
    """Return how many servants there are, as the end of a sentence."""
    return "is 1 servant" if count == 1 else f"are {count} servants"


def _may_be_more(targets: Collection[str], slots: Slots) -> bool:
    """Return whether a redirect goes to servants of a `for_each`."""
    if not slots.made:
        return False
    roles = {target.removeprefix(ROLE) for target in targets if target.startswith(ROLE)}
    return ALL in targets or not roles.isdisjoint(slots.made_roles) or any(map(slots.may_make, targets))


def _count(targets: Collection[str], roles: Mapping[str, str], members: Mapping[str, int]) -> int:
    """Return how many slots a redirect goes to, without listing them: there may be 10,000 of each."""
    if ALL in targets:
        return len(roles)
    whole = sum(members.get(target.removeprefix(ROLE), 0) for target in targets if target.startswith(ROLE))
    return whole + sum(1 for target in targets if target in roles and ROLE + roles[target] not in targets)


def _check_asked(fields: Fields, slots: Slots) -> Iterator[Problem]:
    targets = {target for redirect in every_redirect(fields) for target, _ in redirect.strings("to")}
    names_one_that_is_made = any(not target.startswith(ROLE) and target not in slots.roles for target in targets)
    taskless = {role for role, each in fields.named("roles") if not (each.has("task") or each.has("task_file"))}
    for assignment in fields.listed("assignments"):
        slot, role = assignment.string("slot") or "", assignment.string("role") or ""
        has_task = assignment.has("task") or assignment.has("task_file") or role not in taskless
        may_be_named = assignment.has("for_each") and names_one_that_is_made
        if not has_task and not may_be_named and targets.isdisjoint({ALL, slot, ROLE + role}):
            message = f"nobody asks {shown(slot)} anything: it has no task, and no redirect goes to it"
            hint = "give it or its role a task, or send it a redirect"
            yield problem(assignment.place_of("slot"), "never-asked", message, hint)

"""Check whom redirects go to, how many of them must answer, and that every servant is asked something."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Set

from overlord_run.errors import Problem
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Place
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.sequence import every_redirect

ALL = "all"
ROLE = "role:"


def check_redirects(fields: Fields, found: Set[Place]) -> Iterator[Problem]:
    """Find redirects that go to nobody or require too many answers, and servants that nobody asks.

    Args:
        fields: The playbook.
        found: Where problems are already.
    """
    roles = {slot: each.string("role") or "" for each in fields.listed("assignments") if (slot := each.string("slot"))}
    wrong = list(_check_targets(fields, roles)) if roles else []
    yield from wrong
    yield from _check_require(fields, roles)
    if not (wrong or found):
        yield from _check_asked(fields, roles)


def _check_targets(fields: Fields, roles: Mapping[str, str]) -> Iterator[Problem]:
    declared = fields.mapping("roles")
    assigned = set(roles.values())
    for redirect in every_redirect(fields):
        for target, place in redirect.strings("to"):
            if target.startswith(ROLE):
                yield from _check_role(target.removeprefix(ROLE), place, assigned, declared)
            elif target != ALL and target not in roles:
                meant = f"did you mean '{ROLE}{target}'?" if target in declared else did_you_mean(target, roles)
                hint = meant or f"assigned are {listed(roles)}"
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


def _check_require(fields: Fields, roles: Mapping[str, str]) -> Iterator[Problem]:
    members = Counter(roles.values())
    startup = fields.inner("engine").inner("startup")
    required = startup.integer("require")
    if required is not None and required > len(roles) > 0:
        message = f"{required} answers are required at the startup, and there {_are(len(roles))}"
        yield problem(startup.place_of("require"), "require-too-many", message, "require fewer, or all")
    for redirect in every_redirect(fields):
        required = redirect.integer("require")
        count = _count({target for target, _ in redirect.strings("to")}, roles, members)
        if required is not None and required > count > 0:
            message = (
                f"{required} answers are required, and it goes to {count} {'servant' if count == 1 else 'servants'}"
            )
            yield problem(redirect.place_of("require"), "require-too-many", message, "require fewer, or all")


def _are(servants: int) -> str:
    return "is 1 servant" if servants == 1 else f"are {servants} servants"


def _count(targets: Collection[str], roles: Mapping[str, str], members: Mapping[str, int]) -> int:
    """Return how many slots a redirect goes to, without listing them: there may be 10,000 of each."""
    if ALL in targets:
        return len(roles)
    whole = sum(members.get(target.removeprefix(ROLE), 0) for target in targets if target.startswith(ROLE))
    return whole + sum(1 for target in targets if target in roles and ROLE + roles[target] not in targets)


def _check_asked(fields: Fields, roles: Mapping[str, str]) -> Iterator[Problem]:
    targets = {target for redirect in every_redirect(fields) for target, _ in redirect.strings("to")}
    taskless = {role for role, each in fields.named("roles") if not (each.has("task") or each.has("task_file"))}
    for assignment in fields.listed("assignments"):
        slot = assignment.string("slot") or ""
        has_task = assignment.has("task") or assignment.has("task_file") or roles[slot] not in taskless
        if not has_task and targets.isdisjoint({ALL, slot, ROLE + roles[slot]}):
            message = f"nobody asks {shown(slot)} anything: it has no task, and no redirect goes to it"
            hint = "give it or its role a task, or send it a redirect"
            yield problem(assignment.place_of("slot"), "never-asked", message, hint)

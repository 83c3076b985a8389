"""Check whom redirects go to, what they wait for, and that every servant is asked something."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter

from overlord_run.errors import Problem
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Place
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.slots import Slots

ALL = "all"
ROLE = "role:"

MOST_CYCLES = 5
LONGEST_CYCLE = 10


def check_redirects(fields: Fields, found: Set[Place]) -> Iterator[Problem]:
    """Find redirects that go to nobody, wait for nothing known or for each other, and servants that nobody asks.

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
    yield from _check_ids(fields)
    yield from _check_cycles(fields)
    if not (wrong or found):
        yield from _check_asked(fields, slots)


def _check_targets(fields: Fields, slots: Slots) -> Iterator[Problem]:
    declared = fields.mapping("roles")
    assigned = slots.made_roles.union(slots.roles.values())
    for redirect in fields.listed("redirects"):
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
    for redirect in fields.listed("redirects"):
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


def _check_ids(fields: Fields) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for redirect in fields.listed("redirects"):
        if (id_ := redirect.string("id")) is not None:
            place = redirect.place_of("id")
            if id_ in first:
                message = f"the id {shown(id_)} is taken, on line {first[id_].line}"
                yield problem(place, "duplicate-id", message, "give each redirect an id of its own")
            first.setdefault(id_, place)
    for redirect in fields.listed("redirects"):
        for id_, place in redirect.strings("after"):
            if id_ not in first:
                hint = did_you_mean(id_, first) or "a redirect that waits for none but the startup has after: []"
                yield problem(place, "unknown-redirect", f"there is no redirect {shown(id_)}", hint)


def _check_cycles(fields: Fields) -> Iterator[Problem]:
    graph, places = _waits(fields)
    for _ in range(MOST_CYCLES):
        cycle = _find_cycle(graph)
        if not cycle:
            return
        begin = next(index for index, id_ in enumerate(cycle) if id_ in places)
        ids = [*cycle[begin:], *cycle[: begin + 1]]
        ids = ids if len(cycle) < LONGEST_CYCLE else [*ids[:LONGEST_CYCLE], "…"]
        message = f"redirects wait for each other: {' → '.join(ids)}"
        hint = "without 'after' a redirect waits for the one before it; after: [] starts it at once"
        yield problem(places[cycle[begin]], "cycle", message, hint)
        graph = {id_: waits - set(cycle) for id_, waits in graph.items() if id_ not in cycle}


def _waits(fields: Fields) -> tuple[dict[str, set[str]], dict[str, Place]]:
    """Return the ids that each redirect waits for, and where those that say so say it."""
    graph: dict[str, set[str]] = {}
    places: dict[str, Place] = {}
    before: set[str] = set()
    for redirect in fields.listed("redirects"):
        id_ = redirect.string("id")
        if id_ is None or id_ in graph:
            continue
        graph[id_] = before
        if redirect.has("after"):
            graph[id_] = {waited for waited, _ in redirect.strings("after")}
            places[id_] = redirect.key_of("after")
        before = {id_}
    return graph, places


def _find_cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return ids of which each waits for the next, and the last for the first; none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle[:0:-1]
    return []


def _check_asked(fields: Fields, slots: Slots) -> Iterator[Problem]:
    targets = {target for redirect in fields.listed("redirects") for target, _ in redirect.strings("to")}
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

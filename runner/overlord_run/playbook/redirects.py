"""Check whom redirects go to, how often and how many of them must answer, and that every servant is asked something."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from itertools import islice

from msgspec import Struct

from overlord_run.playbook.calls import too_many_calls
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.slots import Slots
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

ALL = "all"
ROLE = "role:"
MOST_ROUNDS = 100
"""Of a block; the schema says so too."""


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
    asked = list(_messages(fields))
    wrong = list(islice(_check_targets(fields, asked, slots), MAX_PROBLEMS + 1)) if slots else []
    yield from wrong
    members = Counter(slots.roles.values())
    yield from _check_require(fields, asked, slots, members)
    yield from too_many_calls(_at_startup(fields), _calls(asked, slots.roles, members))
    if not (wrong or found):
        yield from _check_asked(fields, asked, slots)


class _Message(Struct, frozen=True):
    """A redirect that goes to somebody.

    Attributes:
        to: Each target, with its place.
        targets: The same, each once.
        rounds: How often it is sent at most; once where that is out of range, which is told already.
    """

    fields: Fields
    to: Sequence[tuple[str, Place]]
    targets: Set[str]
    rounds: int


def _messages(fields: Fields) -> Iterator[_Message]:
    for top in fields.listed("redirects"):
        rounds = top.inner("repeat").integer("max") or 1
        for each, times in [(top, 1), *((inner, rounds) for inner in top.listed("redirects"))]:
            if each.has("to"):
                to = each.strings("to")
                yield _Message(each, to, {target for target, _ in to}, times if times <= MOST_ROUNDS else 1)


def _check_targets(fields: Fields, asked: Sequence[_Message], slots: Slots) -> Iterator[Problem]:
    declared = fields.mapping("roles")
    assigned = slots.made_roles.union(slots.roles.values())
    for message in asked:
        for target, place in message.to:
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


def _check_require(
    fields: Fields, asked: Sequence[_Message], slots: Slots, members: Mapping[str, int]
) -> Iterator[Problem]:
    """Find where more answers are required than there can be; whom `for_each` makes is not yet known."""
    startup = fields.inner("engine").inner("startup")
    required = startup.integer("require")
    count = len(slots.roles)
    if required is not None and not slots.made and required > count > 0:
        message = f"{required} answers are required at the startup, and there {are_servants(count)}"
        yield problem(startup.place_of("require"), "require-too-many", message, "require fewer, or all")
    for each in asked:
        required = each.fields.integer("require")
        if required is None or _may_be_more(each.targets, slots):
            continue
        count = _count(each.targets, slots.roles, members)
        if required > count > 0:
            place = each.fields.place_of("require")
            yield problem(place, "require-too-many", too_many(required, count), "require fewer, or all")


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


def _calls(
    asked: Sequence[_Message], roles: Mapping[str, str], members: Mapping[str, int]
) -> Iterator[tuple[Place, int]]:
    """Yield how many calls each redirect makes at least: whom `for_each` makes is not yet known."""
    for message in asked:
        yield message.fields.key_of("to"), message.rounds * _count(message.targets, roles, members)


def _at_startup(fields: Fields) -> int:
    """Return how many servants have a task, of those who are written out."""
    return sum(has_task and not each.has("for_each") for each, has_task in _tasks(fields))


def _tasks(fields: Fields) -> Iterator[tuple[Fields, bool]]:
    """Yield each assignment, and whether it or its role has a task."""
    taskless = {role for role, each in fields.named("roles") if not (each.has("task") or each.has("task_file"))}
    for each in fields.listed("assignments"):
        yield each, each.has("task") or each.has("task_file") or each.string("role") not in taskless


def _check_asked(fields: Fields, asked: Sequence[_Message], slots: Slots) -> Iterator[Problem]:
    targets = {target for message in asked for target in message.targets}
    names_one_that_is_made = any(not target.startswith(ROLE) and target not in slots.roles for target in targets)
    for assignment, has_task in _tasks(fields):
        slot, role = assignment.string("slot") or "", assignment.string("role") or ""
        may_be_named = assignment.has("for_each") and names_one_that_is_made
        if not has_task and not may_be_named and targets.isdisjoint({ALL, slot, ROLE + role}):
            message = f"nobody asks {shown(slot)} anything: it has no task, and no redirect goes to it"
            hint = "give it or its role a task, or send it a redirect"
            yield problem(assignment.place_of("slot"), "never-asked", message, hint)

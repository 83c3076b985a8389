"""Check whom redirects go to once all servants are known, and choose those that take part."""

from collections.abc import Collection, Iterator, Sequence

from overlord_run.errors import UsageError
from overlord_run.plan.seats import Seat
from overlord_run.plan.targets import ROLE, Roll
from overlord_run.playbook.calls import too_many_calls
from overlord_run.playbook.model import BlockRedirect, MessageRedirect, Playbook, Redirect
from overlord_run.playbook.names import did_you_mean, listed, next_name, shown
from overlord_run.playbook.redirects import are_servants, too_many
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import Path
from overlord_run.problem import Problem

_FEWER = "require fewer, or all"


def check_called(playbook: Playbook, seats: Sequence[Seat], roll: Roll) -> Iterator[Problem]:
    """Find what could not be known before `for_each` had made its servants.

    A redirect that goes to a slot that nobody is in, requires more answers than it can have, has more calls than a run
    may make, or leaves somebody without a question. One that goes to a role without servants is none: it is skipped.
    """
    if all(assignment.for_each is None for assignment in playbook.assignments):
        return
    messages = list(_messages(playbook.redirects, ("redirects",)))
    calls = ((playbook.places[*path, "to"], rounds * len(roll.called(one.to))) for path, one, rounds in messages)
    if found := next(too_many_calls(_at_startup(playbook, seats), calls), None):
        yield found
        return  # to look at the others takes as long as there are calls
    slots = [seat.slot for seat in seats]
    required = playbook.engine.startup_require
    if isinstance(required, int) and required > len(slots):
        message = f"{required} answers are required at the startup, and there {are_servants(len(slots))}"
        yield problem(playbook.places["engine", "startup", "require"], "require-too-many", message, _FEWER)
    for path, redirect, _ in messages:
        yield from _check_message(playbook, path, redirect, roll, slots)
    yield from _check_asked(playbook, seats, roll)


def taking_part(seats: Sequence[Seat], roll: Roll, limit: Sequence[str]) -> tuple[Seat, ...]:
    """Return the seats that a limit leaves; without one all of them.

    Args:
        seats: All seats.
        roll: The servants in them.
        limit: What `all`, slots or `role:NAME` it names.

    Raises:
        UsageError: A name calls nobody.
    """
    if not limit:
        return tuple(seats)
    for name in roll.strangers(limit):
        message = f"--limit names {shown(name)}, and nobody in this playbook is called so"
        raise UsageError(message, next=next_name(name, roll.names(), "Targets are"))
    left = frozenset(roll.called(limit))
    return tuple(seat for seat in seats if seat.slot in left)


def _messages(
    redirects: Sequence[Redirect], path: Path, rounds: int = 1
) -> Iterator[tuple[Path, MessageRedirect, int]]:
    """Yield each message, those in blocks too, with the path in the playbook's file that leads to it and its rounds."""
    for place, redirect in enumerate(redirects):
        if isinstance(redirect, MessageRedirect):
            yield (*path, place), redirect, rounds
        elif isinstance(redirect, BlockRedirect):
            most = 1 if redirect.repeat is None else redirect.repeat.max
            yield from _messages(redirect.redirects, (*path, place, "redirects"), most)


def _at_startup(playbook: Playbook, seats: Sequence[Seat]) -> int:
    """Return how many servants have a task."""
    return sum(
        playbook.assignments[seat.place].task is not None or playbook.roles[seat.role].task is not None
        for seat in seats
    )


def _check_message(
    playbook: Playbook, path: Path, redirect: MessageRedirect, roll: Roll, slots: Collection[str]
) -> Iterator[Problem]:
    for number, name in enumerate(redirect.to):
        if roll.strangers([name]) and not name.startswith(ROLE):
            where = playbook.places.get((*path, "to", number)) or playbook.places[*path, "to"]
            hint = did_you_mean(name, slots) or f"there are {listed(slots)}"
            yield problem(where, "unknown-slot", f"there is no slot {shown(name)} with these inputs", hint)
    count = len(roll.called(redirect.to))
    if isinstance(redirect.require, int) and redirect.require > count > 0:
        where = playbook.places[*path, "require"]
        yield problem(where, "require-too-many", too_many(redirect.require, count), _FEWER)


def _check_asked(playbook: Playbook, seats: Sequence[Seat], roll: Roll) -> Iterator[Problem]:
    names = {name for redirect in playbook.messages() for name in redirect.to}
    asked = frozenset(roll.called(names))
    for seat in seats:
        assignment = playbook.assignments[seat.place]
        for_each, task = assignment.for_each, assignment.task or playbook.roles[seat.role].task
        if for_each is not None and task is None and seat.slot not in asked:
            message = f"{seat.told}nobody asks {shown(seat.slot)} anything: it has no task, and no redirect goes to it"
            hint = "give it or its role a task, or send it a redirect"
            yield problem(for_each.slot.place, "never-asked", message, hint)

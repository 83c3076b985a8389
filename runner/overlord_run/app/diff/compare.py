"""Compare facts: values in, differences out."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from overlord_run.store.state import State

DEEPEST = 16
"""Mappings that lie deeper than this are compared whole."""

Outcome = Literal["changed", "added", "removed"]


class Absent(Enum):
    """The value of what is not there; `None` is a value of its own."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Subject(NamedTuple):
    """What facts are about.

    Attributes:
        kind: `playbook run servant message request result output`; a request is one message to one servant, and a
            result what came of it.
        name: The message's id, or the output's name.
        slot: The servant's.
    """

    kind: str
    name: str = ""
    slot: str = ""


Facts = Mapping[Subject, Mapping[str, Any]]


class Change(Struct, frozen=True):
    """One fact that is another one, or `ABSENT`, on the other side. `fact` is the path to it, like `params.seed`."""

    fact: str
    before: Any
    after: Any


class Difference(Struct, frozen=True):
    """What differs about a subject. Of one that only one side has, `changes` are its facts that say something."""

    subject: Subject
    outcome: Outcome
    changes: tuple[Change, ...]


class Side(Struct, frozen=True):
    """One of the two that are compared.

    Attributes:
        label: What the person called it.
        exists: Whether there is such a thing; a playbook may have been made, or deleted, since.
        run: The state of a run; None of a playbook.
    """

    label: str
    exists: bool = True
    run: State | None = None


class Comparison(Struct, frozen=True):
    """How two runs, or what two playbooks would send, differ.

    Attributes:
        counts: How many requests or results are `same changed added removed`.
    """

    before: Side
    after: Side
    differences: tuple[Difference, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


def compare(before: Facts, after: Facts) -> tuple[Difference, ...]:
    """Return what differs; what only `before` has stands behind what it followed there."""
    found = (_difference(subject, before.get(subject), after.get(subject)) for subject in _merged(before, after))
    return tuple(difference for difference in found if difference is not None)


def count(before: Facts, after: Facts) -> dict[str, int]:
    """Return how many subjects are `same changed added removed`."""
    outcomes = Counter(difference.outcome for difference in compare(before, after))
    same = len({*before, *after}) - outcomes.total()
    return {"same": same, **{outcome: outcomes[outcome] for outcome in ("changed", "added", "removed")}}


def _difference(
    subject: Subject, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Difference | None:
    changes = tuple(_changes("", before or {}, after or {}, 0))
    if before is not None and after is not None:
        return Difference(subject, "changed", changes) if changes else None
    telling = tuple(change for change in changes if _says_something(change))
    return Difference(subject, "added" if before is None else "removed", telling)


def _changes(path: str, before: Mapping[str, Any], after: Mapping[str, Any], depth: int) -> Iterator[Change]:
    for key in _merged(before, after):
        fact = f"{path}.{key}" if path else key
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        if depth < DEEPEST and _are_entered(one, other):
            yield from _changes(fact, _entered(one), _entered(other), depth + 1)
        elif not _is_same(one, other):
            yield Change(fact, one, other)


def _are_entered(one: Any, other: Any) -> bool:
    """Say whether two values are compared member by member: two mappings, or one that says something and nothing."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return True
    return any(isinstance(value, Mapping) and value and rest is ABSENT for value, rest in ((one, other), (other, one)))


def _entered(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_same(one: Any, other: Any) -> bool:
    """Say whether two values are the same JSON: `1`, `1.0` and `true` are three, the order of keys means nothing."""
    if ABSENT in (one, other) or (isinstance(one, str) and isinstance(other, str)):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _says_something(change: Change) -> bool:
    value = change.after if change.before is ABSENT else change.before
    return value not in (None, "", [], {})


def _merged(before: Iterable[Any], after: Iterable[Any]) -> list[Any]:
    """Return the members of both: those of `after` in their order, each other one behind what it followed before."""
    known, last = set(after), None
    following: dict[Any, list[Any]] = {None: []}
    for member in before:
        if member in known:
            last = member
            following[member] = []
        else:
            following[last].append(member)
    return [*following[None], *(one for member in after for one in (member, *following.get(member, ())))]

"""Check in what order redirects go: their ids, what they wait for and need, and what stands in a block."""

from collections.abc import Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter

from overlord_run.playbook.fields import Fields
from overlord_run.playbook.names import did_you_mean, is_reserved, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

OF_PERSONS = "send"
"""What the ids of persons' messages begin with: `send.1` must not be the first round of a redirect."""

MOST_CYCLES = 5
LONGEST_CYCLE = 10
_WAITS = ("after", "needs")


def every_redirect(fields: Fields) -> Iterator[Fields]:
    """Yield each redirect of a playbook, a block before those in it."""
    for redirect in fields.listed("redirects"):
        yield redirect
        yield from redirect.listed("redirects")


def check_sequence(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    """Find ids that are taken, and redirects that wait for nothing known, for another block's, or for each other."""
    yield from _check_names(fields)
    owners = {id_: "" for each in fields.listed("redirects") if (id_ := each.string("id"))}
    blocks = [each for each in fields.listed("redirects") if each.has("redirects")]
    for block in blocks:
        name = block.string("id") or ""
        owners |= {id_: name for each in block.listed("redirects") if (id_ := each.string("id"))}
        yield from _check_nesting(block)
    for level in (fields, *blocks):
        name = level.string("id") or "" if level is not fields else ""
        yield from _check_waits(level, name, owners)
        yield from _check_cycles(level)


def _check_names(fields: Fields) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for redirect in every_redirect(fields):
        id_ = redirect.string("id")
        if id_ is None:
            continue
        place = redirect.place_of("id")
        if is_reserved(id_) or id_ == OF_PERSONS:
            yield problem(place, "reserved-name", f"the name {shown(id_)} is reserved", "choose another name")
        if id_ in first:
            message = f"the id {shown(id_)} is taken, on line {first[id_].line}"
            yield problem(place, "duplicate-id", message, "give each redirect an id of its own")
        first.setdefault(id_, place)


def _check_nesting(block: Fields) -> Iterator[Problem]:
    for each in block.listed("redirects"):
        if each.has("redirects"):
            message = f"the block {shown(each.string('id'))} stands in a block"
            yield problem(each.key_of("redirects"), "nested-block", message, "put its redirects into the outer one")


def _check_waits(level: Fields, block: str, owners: Mapping[str, str]) -> Iterator[Problem]:
    """Find ids in `after` and `needs` that are not of this level.

    Args:
        level: The playbook, or a block.
        block: The block's id; empty for the playbook.
        owners: The id of the block that each redirect stands in, by its own.
    """
    for redirect in level.listed("redirects"):
        for key in _WAITS:
            for id_, place in redirect.strings(key):
                if owners.get(id_) != block:
                    message, hint = _stranger(id_, key, block, owners)
                    yield problem(place, "unknown-redirect", message, hint)


def _stranger(id_: str, key: str, block: str, owners: Mapping[str, str]) -> tuple[str, str]:
    """Return what is wrong with an id that is not of a level, and what to do."""
    if id_ not in owners:
        here = (other for other, owner in owners.items() if owner == block)
        hint = did_you_mean(id_, here) or "a redirect that waits for none but the startup has after: []"
        return f"there is no redirect {shown(id_)}", hint
    if owners[id_]:
        return f"{shown(id_)} stands in the block {shown(owners[id_])}", f"write {owners[id_]} here"
    return f"{shown(id_)} stands outside of the block {shown(block)}", f"write it into the block's own {shown(key)}"


def _check_cycles(level: Fields) -> Iterator[Problem]:
    graph, places = _waits(level)
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


def _waits(level: Fields) -> tuple[dict[str, set[str]], dict[str, Place]]:
    """Return the ids that each redirect waits for, and where those that say so say it."""
    graph: dict[str, set[str]] = {}
    places: dict[str, Place] = {}
    before: set[str] = set()
    for redirect in level.listed("redirects"):
        id_ = redirect.string("id")
        if id_ is None or id_ in graph:
            continue
        after = {waited for waited, _ in redirect.strings("after")} if redirect.has("after") else before
        graph[id_] = after | {waited for waited, _ in redirect.strings("needs")}
        said = [key for key in _WAITS if redirect.has(key)]
        if said:
            places[id_] = redirect.key_of(said[0])
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

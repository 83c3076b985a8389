"""Follow the references of a schema: each leads to a schema in it, and none in a circle that never enters the value."""

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import unquote

from overlord_run.expect.keywords import Path, in_place
from overlord_run.playbook.names import LONGEST_ECHO, did_you_mean, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place, Schema
from overlord_run.problem import Problem

REFERENCE = "$ref"

_BY_PATH = "write #, or a path such as #/$defs/NAME"


class NowhereError(Exception):
    """A reference leads nowhere; `known` are the names that stand where it leaves the schema."""

    def __init__(self, known: Collection[str]) -> None:
        super().__init__()
        self.known = known


def resolve(reference: str, root: Any) -> tuple[Path, Any]:
    """Return the path in a schema that a reference names, `#` or `#/` and a JSON Pointer, and what stands there.

    Raises:
        NowhereError: Nothing stands there.
    """
    path: list[str | int] = []
    here = root
    for part in unquote(reference).split("/")[1:]:
        step: str | int = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list) and part.isdecimal() and len(part) <= len(str(len(here))):
            step = int(part)
        is_there = step < len(here) if isinstance(step, int) else isinstance(here, dict) and step in here
        if not is_there:
            raise NowhereError(here if isinstance(here, dict) else ())
        here = here[step]
        path.append(step)
    return tuple(path), here


def check_references(schema: Schema, known: Mapping[Path, Any]) -> Iterator[Problem]:
    """Find references that lead nowhere, out of the schema, or in a circle.

    Args:
        schema: The schema.
        known: Every schema in it by its path.
    """
    wrong = [found for path, node in known.items() for found in _check_reference(schema, path, node, known)]
    yield from wrong or _check_circle(schema, known)


def _reference(node: Any) -> str | None:
    reference = node.get(REFERENCE) if isinstance(node, dict) else None
    return reference if isinstance(reference, str) else None


def _check_reference(schema: Schema, path: Path, node: Any, known: Collection[Path]) -> Iterator[Problem]:
    reference = _reference(node)
    if reference is None:
        return
    place = schema.place((*path, REFERENCE))
    if not reference.startswith("#"):
        message = f"'$ref' leads out of the schema, to {shown(reference)}"
        yield problem(place, "schema-reference", message, "copy what it names under $defs, and write #/$defs/NAME")
    elif reference != "#" and not reference.startswith("#/"):
        yield problem(place, "schema-reference", f"'$ref' names an anchor, {shown(reference)}", _BY_PATH)
    else:
        yield from _check_target(place, reference, schema, known)


def _check_target(place: Place, reference: str, schema: Schema, known: Collection[Path]) -> Iterator[Problem]:
    try:
        path, _ = resolve(reference, schema.content)
    except NowhereError as error:
        hint = did_you_mean(reference.rpartition("/")[2], error.known) or _BY_PATH
        yield problem(place, "schema-reference", f"'$ref' leads nowhere: there is no {shown(reference)}", hint)
        return
    if path not in known:
        yield problem(place, "schema-reference", f"'$ref' leads to what is no schema, {shown(reference)}", _BY_PATH)


def _check_circle(schema: Schema, known: Mapping[Path, Any]) -> Iterator[Problem]:
    """Find schemas that apply each other to the same value for ever."""
    graph = {path: set(in_place(node, path)) for path, node in known.items()}
    for path, node in known.items():
        reference = _reference(node)
        if reference is not None:
            graph[path].add(resolve(reference, schema.content)[0])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        at = next(path for path in circle if _reference(known[path]) is not None)
        message = f"the schema at {pointer(at)} refers to itself, and never goes into the value"
        hint = "refer to it below properties or items"
        yield problem(schema.place((*at, REFERENCE)), "schema-reference", message, hint)


def pointer(path: Path) -> str:
    """Return a path within a schema as a reference names it."""
    parts = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return shown("/".join(["#", *parts]), longest=2 * LONGEST_ECHO)

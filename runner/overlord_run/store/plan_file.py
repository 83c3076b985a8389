"""Write the frozen plan, `plan.json`, read it back, and check that it is the one that the run began with."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from overlord_run.errors import StoreError
from overlord_run.plan.digest import digest
from overlord_run.store.compare import odd_line, unreadable_json
from overlord_run.store.disk import open_to_read, unreadable
from overlord_run.store.notation import decode

_SCHEMA_VERSION = 1
_TOKENS_AT_ONCE = 1000
_NOT_CONTENT = ("schemaVersion", "digest")


def plan_parts(plan: Mapping[str, Any]) -> Iterator[bytes]:
    """Give a plan as it stands in `plan.json`, in parts: that of a thousand servants is megabytes."""
    tokens = json.JSONEncoder(indent=2, allow_nan=False).iterencode(plan)
    while part := "".join(islice(tokens, _TOKENS_AT_ONCE)):
        yield part.encode("ascii")
    yield b"\n"


def plan_bytes(plan: Mapping[str, Any]) -> bytes:
    """Return a plan as it stands in `plan.json`."""
    return b"".join(plan_parts(plan))


def read_plan(path: Path, plan_digest: str) -> Mapping[str, Any]:
    """Return the plan that a run began with; how its values are written down is for `verify` to tell.

    Raises:
        StoreError: It cannot be read, or is another one.
    """
    try:
        with open_to_read(path) as file:
            found = file.read()
    except OSError as error:
        raise unreadable(path, error) from error
    plan = _parsed(found, plan_digest)
    if isinstance(plan, tuple):
        place, what = plan
        message = f"{path}: {place} {what}"
        raise StoreError(message, next="put a backup of the run's folder in its place", code="plan-damaged")
    return plan


def plan_difference(found: bytes, plan_digest: str) -> tuple[str, str] | None:
    """Return the place and what is wrong there in a `plan.json` that should have `plan_digest`, or None."""
    plan = _parsed(found, plan_digest)
    if isinstance(plan, tuple):
        return plan
    written = plan_bytes(plan)
    return (
        None if written == found else (f"line {odd_line(found, written)}", "the same values are written in another way")
    )


def _parsed(found: bytes, plan_digest: str) -> Mapping[str, Any] | tuple[str, str]:
    """Return the plan that these bytes hold, or the place and what is wrong there."""
    try:
        plan: Mapping[str, Any] = decode(found)
        actual = _digest(plan)
    except ValueError as error:
        return unreadable_json(found, error)
    except AttributeError:
        return "line 1", "it is no plan"
    facts = (
        (plan.get("schemaVersion") == _SCHEMA_VERSION, "schemaVersion", f"is not {_SCHEMA_VERSION}"),
        (plan.get("digest") == actual, "digest", f"is {plan.get('digest')}; the content has {actual}"),
        (actual == plan_digest, "digest", f"is {actual}; the run began with {plan_digest}"),
    )
    return next(((place, message) for fits, place, message in facts if not fits), plan)


def _digest(plan: Mapping[str, Any]) -> str:
    return digest({key: value for key, value in plan.items() if key not in _NOT_CONTENT})

"""Check the values that inputs are given: from a command line, from a file, or by a role's `with`."""

import json
from collections.abc import Mapping
from typing import Any

from overlord_run.errors import UsageError
from overlord_run.playbook.declarations import misfit
from overlord_run.playbook.model import Input
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.scalars import LARGEST_INTEGER

_VERBATIM = frozenset({"string", "file"})
_SHAPES: Mapping[str, str] = {"file": "PATH", "files": "GLOB"}
_HINTS: Mapping[str, str] = {
    "string": "Write it in UTF-8.",
    "integer": "Write digits only, such as 5.",
    "number": "Write a number, such as 0.5.",
    "boolean": "Write true or false.",
    "array": 'Write JSON, such as ["a", "b"].',
    "object": 'Write JSON, such as {"a": 1}.',
    "file": "Give a file in UTF-8.",
}


def parse_argument(declared: Input, raw: str) -> Any:
    """Return the value that `-i NAME=VALUE` gives an input: the declared type decides how it is read.

    A string, and the text of a file, is taken as it is; anything else is JSON.

    Raises:
        UsageError: It is not written as the type asks.
    """
    value, reason = fit(declared.type, {}, read_value(declared.type, raw))
    if reason:
        message = f"input '{declared.name}' {reason}"
        raise UsageError(message, next=_HINTS[declared.type])
    return value


def read_value(type_: str, raw: str) -> Any:
    """Return the value of a type that a text spells, or the text where it spells none."""
    if type_ in _VERBATIM:
        return raw
    try:
        return json.loads(raw, parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        return raw


def bind(declared: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for each declared input, in their order: what is given, else its default.

    Raises:
        UsageError: Values are missing, do not fit, or are given to inputs that nobody declares; all are told.
    """
    failures: list[str] = []
    values: dict[str, Any] = {}
    for name, one in declared.items():
        if name in given:
            values[name], reason = fit(one.type, one.checks, given[name])
            failures += [f"input '{name}' {reason}"] if reason else []
        elif one.required:
            failures.append(f"input '{name}' is missing")
        else:
            values[name] = one.default
    undeclared = [name for name in given if name not in declared]
    failures += [f"the playbook declares no input {shown(name)}" for name in undeclared]
    if failures:
        raise UsageError("; ".join(failures), next=_next(declared, given, undeclared))
    return values


def fit(type_: str, checks: Mapping[str, Any], value: Any) -> tuple[Any, str]:
    """Return a value as its type wants it, and why it does not fit, or nothing.

    Args:
        type_: An input's type.
        checks: Its `enum pattern minimum maximum items`.
        value: A plain value. A number without a fraction fits an integer, and becomes one.
    """
    if type_ == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    return value, misfit(type_, checks, value) or _unreadable(value)


def _unreadable(value: Any) -> str:
    """Return why a value, at any depth, is not JSON that every reader takes, or nothing."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return "holds bytes that are no text"
    except ValueError:
        return "holds a number that is not finite"
    except RecursionError:
        return "is nested too deeply"
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, int) and abs(item) > LARGEST_INTEGER:
            return "holds a number of more than 64 bits"
        if isinstance(item, dict | list):
            pending.extend(item.values() if isinstance(item, dict) else item)
    return ""


def _next(declared: Mapping[str, Input], given: Mapping[str, Any], undeclared: list[str]) -> str:
    """Return what to do about the first thing that is wrong."""
    for name in undeclared:
        near = did_you_mean(name, declared)
        return f"D{near[1:]}" if near else f"Declared: {listed(declared) or 'none'}."
    missing = [one for name, one in declared.items() if one.required and name not in given]
    if missing:
        flags = " ".join(f"-i {one.name}={_SHAPES.get(one.type, 'VALUE')}" for one in missing)
        return f"Give {flags}"
    return "Correct what -i, -I or --inputs gives."


def _refuse_constant(name: str) -> Any:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return mapping

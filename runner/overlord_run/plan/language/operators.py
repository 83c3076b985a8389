"""Compute `+ - * / // %` and comparisons for templates, on values whose size is bounded."""

import operator
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from jinja2 import Undefined

from overlord_run.plan.language.meter import MADE, Meter, RefusedError, size
from overlord_run.plan.language.values import kind, plain
from overlord_run.playbook.scalars import LARGEST_INTEGER

_TOO_LARGE = "the number is too large"

_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}

# By the names that Jinja's parser gives them.
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda item, container: item in container,
    "notin": lambda item, container: item not in container,
}


def compute(meter: Meter, symbol: str, left: object, right: object) -> Any:
    """Return what `left symbol right` is.

    Numbers have at most 64 bits; texts are joined by `+`, lists too; a text is repeated by `*`.

    Raises:
        RefusedError: The two do not go together, or the result is too large.
        UndefinedError: One of them is undefined.
    """
    meter.charge(MADE)
    _require_defined(left, right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _compute_number(symbol, left, right)
    if symbol == "+":
        return _join(meter, left, right)
    if symbol == "*" and isinstance(left, str) and isinstance(right, int):
        return repeat(meter, left, right)
    hint = "`~` joins any two values as texts" if isinstance(left, str) or isinstance(right, str) else ""
    message = f"`{symbol}` does not go with {kind(left)} and {kind(right)}"
    raise RefusedError(message, hint=hint)


def compare(meter: Meter, name: str, left: object, right: object) -> bool:
    """Return whether a comparison holds, under Jinja's name for it, like `lteq`.

    Raises:
        RefusedError: The two cannot be compared, or are too large.
        UndefinedError: One of them is undefined.
    """
    _require_defined(left, right)
    if name in ("in", "notin"):
        container = _container(meter, right)
        refusal = f"{kind(left)} cannot be looked for in {kind(right)}"
    else:
        container = _comparable(meter, right)
        refusal = f"{kind(left)} and {kind(right)} have no order"
    try:
        return _COMPARISONS[name](_comparable(meter, left), container)
    except TypeError as error:
        raise RefusedError(refusal) from error


def repeat(meter: Meter, text: str, times: int) -> str:
    """Return a text `times` times over.

    Raises:
        RefusedError: The result is too large.
    """
    meter.charge(size(text) * max(times, 0))
    return text * times


def _require_defined(*values: object) -> None:
    for value in values:
        if isinstance(value, Undefined):
            str(value)


def _compute_number(symbol: str, left: float, right: float) -> Any:
    try:
        result = _ARITHMETIC[symbol](left, right)
    except ZeroDivisionError as error:
        message = "a number is divided by zero"
        raise RefusedError(message) from error
    except OverflowError as error:
        raise RefusedError(_TOO_LARGE) from error
    if abs(result) > LARGEST_INTEGER if isinstance(result, int) else not isfinite(result):
        raise RefusedError(_TOO_LARGE)
    return result


def _join(meter: Meter, left: object, right: object) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        meter.charge(size(left) + size(right))
        return str(left) + str(right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        meter.charge(8 * (len(left) + len(right)))
        return [*left, *right]
    message = f"`+` does not go with {kind(left)} and {kind(right)}"
    raise RefusedError(message, hint="`~` joins any two values as texts")


def _comparable(meter: Meter, value: object) -> Any:
    if isinstance(value, str):
        meter.charge(size(value))
        return value
    return plain(meter, value)


def _container(meter: Meter, value: object) -> Any:
    if isinstance(value, str):
        # A text is searched for another: a few bytes of work for each of its own at worst.
        meter.charge(4 * size(value))
        return value
    if isinstance(value, Mapping):
        return value
    return plain(meter, value)

"""Provide the tests of templates: what may stand behind `is`, and what `select` and its kin take.

A test takes the meter, the value before the `is`, and the arguments behind its name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Undefined

from overlord_run.plan.language.meter import Meter, RefusedError
from overlord_run.plan.language.operators import compare, compute
from overlord_run.plan.language.values import refuse


def _comparison(name: str) -> Callable[..., bool]:
    def holds(meter: Meter, value: object, other: object) -> bool:
        return compare(meter, name, value, other)

    return holds


def _of_kind(*types: type) -> Callable[..., bool]:
    def holds(_meter: Meter, value: object) -> bool:
        return isinstance(_defined(value), types)

    return holds


def _defined(value: object) -> object:
    if isinstance(value, Undefined):
        refuse(value)
    return value


def _is_number(_meter: Meter, value: object) -> bool:
    return isinstance(_defined(value), int | float) and not isinstance(value, bool)


def _is_integer(_meter: Meter, value: object) -> bool:
    return isinstance(_defined(value), int) and not isinstance(value, bool)


def _is_divisible(meter: Meter, value: object, divisor: object) -> bool:
    if not _is_integer(meter, value) or not _is_integer(meter, divisor):
        message = "only whole numbers are divisible"
        raise RefusedError(message)
    return bool(compute(meter, "%", value, divisor) == 0)


CONDITIONS: Mapping[str, Callable[..., Any]] = {
    "boolean": _of_kind(bool),
    "defined": lambda _meter, value: not isinstance(value, Undefined),
    "divisibleby": _is_divisible,
    "eq": _comparison("eq"),
    "equalto": _comparison("eq"),
    "even": lambda meter, value: _is_divisible(meter, value, 2),
    "false": lambda _meter, value: _defined(value) is False,
    "float": _of_kind(float),
    "ge": _comparison("gteq"),
    "gt": _comparison("gt"),
    "in": _comparison("in"),
    "integer": _is_integer,
    "iterable": _of_kind(str, Mapping, list, tuple, range),
    "le": _comparison("lteq"),
    "lt": _comparison("lt"),
    "mapping": _of_kind(Mapping),
    "ne": _comparison("ne"),
    "none": lambda _meter, value: _defined(value) is None,
    "number": _is_number,
    "odd": lambda meter, value: not _is_divisible(meter, value, 2),
    "sequence": _of_kind(str, list, tuple, range),
    "string": _of_kind(str),
    "true": lambda _meter, value: _defined(value) is True,
    "undefined": lambda _meter, value: isinstance(value, Undefined),
}

"""Provide the filters of templates.

A filter takes the meter, the value before the `|`, and the arguments in its parentheses.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from jinja2 import Undefined

from overlord_run.plan.language import lists, texts
from overlord_run.plan.language.arguments import apply
from overlord_run.plan.language.meter import Meter, RefusedError
from overlord_run.plan.language.values import refuse, text
from overlord_run.playbook.names import shown
from overlord_run.playbook.scalars import LARGEST_INTEGER

_LONGEST_NUMBER = 40
_MOST_DIGITS = 20
_NO_DEFAULT = object()


def _default(_meter: Meter, value: object, fallback: object = "", boolean: object = False) -> Any:  # noqa: FBT002 - as Jinja names them
    if isinstance(value, Undefined) or (boolean and not value):
        return fallback
    return value


def _map(meter: Meter, value: object, name: object = None, *args: Any, **kwargs: Any) -> list[Any]:
    """Apply a filter to each element, or take an attribute of each."""
    if name is None:
        found: list[Any] = apply("map", lists.pluck, meter, (value, *args), kwargs)
        return found
    chosen = lists.look_up(FILTERS, "filter", name)
    return [apply(str(name), chosen, meter, (item, *args), kwargs) for item in lists.stepwise(meter, value)]


def _int(meter: Meter, value: object, default: object = _NO_DEFAULT) -> Any:
    number = _number(meter, value, "int", default)
    return int(number) if isinstance(number, int | float) else number


def _float(meter: Meter, value: object, default: object = _NO_DEFAULT) -> Any:
    number = _number(meter, value, "float", default)
    return float(number) if isinstance(number, int | float) else number


def _number(meter: Meter, value: object, name: str, default: object) -> Any:
    if isinstance(value, Undefined):
        refuse(value)
    number = _read_number(value) if isinstance(value, str | int | float) else None
    if number is not None and abs(number) <= LARGEST_INTEGER:
        return number
    if default is _NO_DEFAULT:
        message = f"`{name}` finds no number in {shown(text(meter, value))}"
        raise RefusedError(message, hint=f"give a fallback: {name}(default=0)")
    return default


def _read_number(value: str | float) -> float | None:
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_NUMBER:
        return None
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    return None


def _round(_meter: Meter, value: object, precision: int = 0) -> Any:
    if not isinstance(value, int | float):
        lists.refuse_kind("round", "a number", value)
    if abs(precision) > _MOST_DIGITS:
        message = f"`round` keeps at most {_MOST_DIGITS} digits"
        raise RefusedError(message)
    if isinstance(value, float) and not isfinite(value):
        message = "the number is not finite"
        raise RefusedError(message)
    return round(value, precision) if precision else round(value)


def _abs(_meter: Meter, value: object) -> Any:
    if not isinstance(value, int | float):
        lists.refuse_kind("abs", "a number", value)
    return abs(value)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "as_data": texts.as_data,
    "capitalize": texts.on_text("capitalize", texts.TEXT_METHODS["capitalize"]),
    "count": lists.length,
    "d": _default,
    "default": _default,
    "first": lists.first,
    "float": _float,
    "indent": texts.indent,
    "int": _int,
    "items": lists.pairs,
    "join": lists.join,
    "last": lists.last,
    "length": lists.length,
    "list": lists.elements,
    "lower": texts.on_text("lower", texts.TEXT_METHODS["lower"]),
    "map": _map,
    "max": lists.largest,
    "min": lists.smallest,
    "reject": lists.reject,
    "rejectattr": lists.reject_by,
    "replace": texts.on_text("replace", texts.TEXT_METHODS["replace"]),
    "reverse": lists.reverse,
    "round": _round,
    "select": lists.select,
    "selectattr": lists.select_by,
    "slug": texts.slug,
    "sort": lists.ordered,
    "string": text,
    "sum": lists.total,
    "to_json": texts.to_json,
    "trim": texts.on_text("trim", texts.TEXT_METHODS["strip"]),
    "truncate": texts.truncate,
    "unique": lists.unique,
    "upper": texts.on_text("upper", texts.TEXT_METHODS["upper"]),
    "wordcount": texts.count_words,
}

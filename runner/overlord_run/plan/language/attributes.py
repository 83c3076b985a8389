"""Say what a template may reach of a value: a mapping's keys, a reply's facts, a loop's state, and a few methods."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.runtime import LoopContext
from jinja2.utils import Namespace
from msgspec import Struct

from overlord_run.plan.language.meter import MADE, MAX_STEPS, Meter, RefusedError, size
from overlord_run.plan.language.texts import TEXT_METHODS
from overlord_run.plan.language.values import NO_JSON, ByName, ReplyText, kind, quoted, refuse

REPLY_ATTRIBUTES = ("text", "json", "model", "finish_reason", "cut")
LOOP_ATTRIBUTES = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth", "depth0"}
)


class Function(Struct, frozen=True):
    """Something that a template may call: a function, or a method bound to its value.

    Attributes:
        implementation: Takes the meter, then `bound`, then what the template gives.
    """

    name: str
    implementation: Callable[..., Any]
    bound: tuple[Any, ...] = ()


def find(value: object, name: object) -> Any:
    """Return what `value.name` or `value[name]` is, or an undefined value that knows what is missing.

    In a mapping a key wins over a method. Nothing else of Python is to be reached: no attribute, no other method.
    """
    if isinstance(value, Undefined):
        refuse(value)
    if isinstance(value, Mapping) and isinstance(name, str):
        return _find_key(value, name)
    if isinstance(name, int) and isinstance(value, str | list | tuple | range):
        return _find_index(value, name)
    if isinstance(name, str) and not name.startswith("_"):
        return _find_attribute(value, name)
    return _missing(value, f"{kind(value)} has no {quoted(name)}")


def _find_key(value: Mapping[Any, Any], name: str) -> Any:
    if name in value:
        return value[name]
    if name in MAPPING_METHODS:
        return Function(name, MAPPING_METHODS[name], (value,))
    if isinstance(value, ByName):
        return _missing(value, value.missing(quoted(name)))
    return _missing(value, f"the mapping has no {quoted(name)}")


def _find_index(value: Any, index: int) -> Any:
    try:
        return value[index]
    except IndexError:
        return _missing(value, f"{kind(value)} of {len(value)} has no element {index}")


def _find_attribute(value: object, name: str) -> Any:
    if isinstance(value, ReplyText) and name in REPLY_ATTRIBUTES:
        return _find_in_reply(value, name)
    if isinstance(value, str) and name in TEXT_METHODS:
        return Function(name, TEXT_METHODS[name], (value,))
    if isinstance(value, LoopContext):
        return _find_in_loop(value, name)
    if isinstance(value, Namespace):
        return getattr(value, name, _missing(value, f"the namespace has no {quoted(name)}"))
    return _missing(value, f"{kind(value)} has no {quoted(name)}")


def _find_in_reply(reply: ReplyText, name: str) -> Any:
    value = getattr(reply, name)
    return _missing(reply, "the reply has no 'json': its message expects none") if value is NO_JSON else value


def _find_in_loop(loop: LoopContext, name: str) -> Any:
    if name in LOOP_ATTRIBUTES:
        return getattr(loop, name)
    if name == "cycle":
        return Function(name, _cycle, (loop,))
    return _missing(loop, f"a loop has no {quoted(name)}")


def _missing(value: object, message: str) -> StrictUndefined:
    return StrictUndefined(hint=message, obj=value)


def _get(meter: Meter, mapping: Mapping[str, Any], key: str, default: object = None) -> Any:
    meter.charge(size(key))
    return mapping.get(key, default)


def _keys(meter: Meter, mapping: Mapping[str, Any]) -> list[str]:
    meter.charge(MADE * len(mapping))
    return list(mapping)


def _values(meter: Meter, mapping: Mapping[str, Any]) -> list[Any]:
    meter.charge(MADE * len(mapping))
    return list(mapping.values())


def items(meter: Meter, mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return a mapping's keys and values as pairs."""
    meter.charge(2 * MADE * len(mapping))
    return list(mapping.items())


def _cycle(_meter: Meter, loop: LoopContext, *values: Any) -> Any:
    if not values:
        message = "`cycle` needs values to go through"
        raise RefusedError(message)
    return loop.cycle(*values)


def _range(meter: Meter, start: int, stop: int | None = None, step: int = 1, /) -> range:
    meter.charge(MADE)
    if step == 0:
        message = "the step of `range` cannot be 0"
        raise RefusedError(message)
    bounds = (0, start) if stop is None else (start, stop)
    numbers = range(*bounds, step)
    if numbers and max(abs(numbers[0]), abs(numbers[-1])) > MAX_STEPS:
        message = f"`range` goes up to {MAX_STEPS:,}"
        raise RefusedError(message, rule="template-limit")
    return numbers


def _namespace(meter: Meter, **values: Any) -> Namespace:
    meter.charge(MADE * (1 + len(values)))
    return Namespace(**values)


MAPPING_METHODS: Mapping[str, Callable[..., Any]] = {"get": _get, "items": items, "keys": _keys, "values": _values}

FUNCTIONS: Mapping[str, Function] = {"namespace": Function("namespace", _namespace), "range": Function("range", _range)}

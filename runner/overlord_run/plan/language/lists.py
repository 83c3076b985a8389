"""Do with a list what templates may do: the filters that take one.

Each charges the meter for what it reads and makes before it does so. A text counts as the list of its characters, a
mapping as the list of its keys.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Undefined

from overlord_run.plan.language.arguments import apply
from overlord_run.plan.language.attributes import find, items
from overlord_run.plan.language.conditions import CONDITIONS
from overlord_run.plan.language.meter import MADE, Meter, RefusedError, size
from overlord_run.plan.language.operators import compute
from overlord_run.plan.language.texts import lower
from overlord_run.plan.language.values import kind, quoted, refuse, text
from overlord_run.playbook.names import did_you_mean

_TRUTHY = "truthy"


def pairs(meter: Meter, value: object) -> list[tuple[str, Any]]:
    """Return a mapping's keys and values as pairs; the filter `items`."""
    return items(meter, value) if isinstance(value, Mapping) else refuse_kind("items", "a mapping", value)


def length(_meter: Meter, value: object) -> int:
    """Return how many characters, elements or keys a value has."""
    if not isinstance(value, str | Mapping | list | tuple | range):
        refuse_kind("length", "text, a list or a mapping", value)
    return len(value)


def elements(meter: Meter, value: object) -> list[Any]:
    """Return a list's elements as a new list."""
    if not isinstance(value, str | Mapping | list | tuple | range):
        refuse_kind("this filter", "a list", value)
    meter.charge(MADE * (1 + len(value)))
    return list(value)


def first(meter: Meter, value: object) -> Any:
    """Return the first element, undefined where there is none."""
    chosen = elements(meter, value)
    return chosen[0] if chosen else StrictUndefined(hint="there is no first one, the list is empty")


def last(meter: Meter, value: object) -> Any:
    """Return the last element, undefined where there is none."""
    chosen = elements(meter, value)
    return chosen[-1] if chosen else StrictUndefined(hint="there is no last one, the list is empty")


def reverse(meter: Meter, value: object) -> Any:
    """Return a text or a list from its end to its beginning."""
    if isinstance(value, str):
        meter.charge(size(value))
        return value[::-1]
    return elements(meter, value)[::-1]


def join(meter: Meter, value: object, separator: object = "", attribute: object = None) -> str:
    """Return the elements as one text, with `separator` between them."""
    between = text(meter, separator)
    chosen = [text(meter, item) for item in _chosen(meter, value, attribute)]
    meter.charge(size(between) * len(chosen))
    return between.join(chosen)


def total(meter: Meter, value: object, attribute: object = None, start: object = 0) -> Any:
    """Return the sum of the elements."""
    result = start
    for item in _chosen(meter, value, attribute):
        result = compute(meter, "+", result, item)
    return result


def ordered(
    meter: Meter,
    value: object,
    reverse: object = False,  # noqa: FBT002 - as Jinja names them
    case_sensitive: object = False,  # noqa: FBT002 - as Jinja names them
    attribute: object = None,
) -> list[Any]:
    """Return the elements in order; the filter `sort`."""
    keyed = list(_keyed(meter, value, attribute, case_sensitive=bool(case_sensitive)))
    # Each is compared with about log2(n) others.
    meter.charge(sum(_weight(key) for key, _ in keyed) * len(keyed).bit_length())
    try:
        keyed.sort(key=lambda pair: pair[0], reverse=bool(reverse))
    except TypeError as error:
        message = "a list of texts and numbers has no order"
        raise RefusedError(message) from error
    return [item for _, item in keyed]


def unique(meter: Meter, value: object, case_sensitive: object = False, attribute: object = None) -> list[Any]:  # noqa: FBT002 - as Jinja names them
    """Return the elements without those that came before."""
    seen: dict[str | float, Any] = {}
    for key, item in _keyed(meter, value, attribute, case_sensitive=bool(case_sensitive)):
        seen.setdefault(key, item)
    return list(seen.values())


def smallest(meter: Meter, value: object, case_sensitive: object = False, attribute: object = None) -> Any:  # noqa: FBT002 - as Jinja names them
    """Return the element that comes first in order; the filter `min`."""
    return first(meter, ordered(meter, value, case_sensitive=case_sensitive, attribute=attribute))


def largest(meter: Meter, value: object, case_sensitive: object = False, attribute: object = None) -> Any:  # noqa: FBT002 - as Jinja names them
    """Return the element that comes last in order; the filter `max`."""
    return last(meter, ordered(meter, value, case_sensitive=case_sensitive, attribute=attribute))


def pluck(meter: Meter, value: object, attribute: object, **fallback: object) -> list[Any]:
    """Return an attribute of each element, `default` where it is missing."""
    if not fallback.keys() <= {"default"}:
        message = "`map` takes attribute= and default="
        raise RefusedError(message)
    found = [reach(item, attribute) for item in stepwise(meter, value)]
    return [fallback.get("default", item) if isinstance(item, Undefined) else item for item in found]


def select(meter: Meter, value: object, name: object = _TRUTHY, *args: Any) -> list[Any]:
    """Return the elements for which a test holds."""
    return [item for item in stepwise(meter, value) if _holds(meter, item, name, args)]


def reject(meter: Meter, value: object, name: object = _TRUTHY, *args: Any) -> list[Any]:
    """Return the elements for which a test does not hold."""
    return [item for item in stepwise(meter, value) if not _holds(meter, item, name, args)]


def select_by(meter: Meter, value: object, attribute: object, name: object = _TRUTHY, *args: Any) -> list[Any]:
    """Return the elements for whose attribute a test holds; the filter `selectattr`."""
    return [item for item in stepwise(meter, value) if _holds(meter, reach(item, attribute), name, args)]


def reject_by(meter: Meter, value: object, attribute: object, name: object = _TRUTHY, *args: Any) -> list[Any]:
    """Return the elements for whose attribute a test does not hold; the filter `rejectattr`."""
    return [item for item in stepwise(meter, value) if not _holds(meter, reach(item, attribute), name, args)]


def stepwise(meter: Meter, value: object) -> Iterator[Any]:
    """Yield the elements, each counted as a loop step."""
    for item in elements(meter, value):
        meter.step(MADE)
        yield item


def reach(item: Any, attribute: object) -> Any:
    """Return what `attribute`, like `a.b` or an index, is of an element; undefined where it is missing.

    Raises:
        RefusedError: `attribute` is no text and no whole number.
    """
    if not isinstance(attribute, str | int):
        refuse_kind("attribute", "text", attribute)
    for part in [attribute] if isinstance(attribute, int) else attribute.split("."):
        item = find(item, int(part) if isinstance(part, str) and part.isdecimal() else part)
        if isinstance(item, Undefined):
            break
    return item


def look_up(table: Mapping[str, Callable[..., Any]], word: str, name: object) -> Callable[..., Any]:
    """Return what `name` names in a table of filters or tests.

    Raises:
        RefusedError: It names nothing.
    """
    if isinstance(name, str) and name in table:
        return table[name]
    hint = did_you_mean(name, table) if isinstance(name, str) else ""
    message = f"there is no {word} named {quoted(name)}"
    raise RefusedError(message, hint=hint or f"there are: {', '.join(table)}")


def refuse_kind(name: str, wanted: str, value: object) -> NoReturn:
    """Raise that a filter does not take such a value.

    Raises:
        RefusedError: The value is of another kind.
        UndefinedError: It is undefined.
    """
    if isinstance(value, Undefined):
        refuse(value)
    quoted = name if " " in name else f"`{name}`"
    message = f"{quoted} needs {wanted}, not {kind(value)}"
    raise RefusedError(message)


def _chosen(meter: Meter, value: object, attribute: object) -> Iterator[Any]:
    return (item if attribute is None else reach(item, attribute) for item in stepwise(meter, value))


def _keyed(
    meter: Meter, value: object, attribute: object, *, case_sensitive: bool
) -> Iterator[tuple[str | float, Any]]:
    for item in stepwise(meter, value):
        key = item if attribute is None else reach(item, attribute)
        yield _sort_key(meter, key, case_sensitive=case_sensitive), item


def _sort_key(meter: Meter, value: object, *, case_sensitive: bool) -> str | float:
    if isinstance(value, str):
        return text(meter, value) if case_sensitive else lower(meter, value)
    if not isinstance(value, int | float):
        refuse_kind("this filter", "texts or numbers", value)
    return value


def _weight(key: str | float) -> int:
    return size(key) if isinstance(key, str) else 1


def _holds(meter: Meter, item: object, name: object, args: tuple[Any, ...]) -> bool:
    if name == _TRUTHY:
        return not isinstance(item, Undefined) and bool(item)
    return bool(apply(str(name), look_up(CONDITIONS, "test", name), meter, (item, *args), {}))

"""Say what comes of a kind of value: what is below it, what a loop meets, what a filter, a method or an operator gives.

What no value of the kind can do is refused, in the words of a render wherever that has some: the language itself is
asked about a specimen. Nothing is known, None, of what comes of a value that nothing is known of.
"""

from collections.abc import Mapping
from typing import NoReturn

from overlord_run.plan.language.attributes import MAPPING_METHODS
from overlord_run.plan.language.filters import FILTERS
from overlord_run.plan.language.kinds import (
    BOOLEAN,
    FUNCTION,
    KEY,
    NUMBER,
    REPLY,
    REPLY_WITHOUT_JSON,
    TEXT,
    Kind,
    Known,
    OfOneKind,
    kind_of,
    list_of,
    names_below,
    specimen,
    tuple_of,
    value_in,
    words,
)
from overlord_run.plan.language.meter import Meter, RefusedError
from overlord_run.plan.language.operators import compare, compute
from overlord_run.plan.language.values import plain_elements, text, true_or_false
from overlord_run.playbook.names import did_you_mean, listed, shown

_KEYS = "going through a mapping gives its keys: take its pairs (… | items) or its values (….values())"
_NO_EXPECT = "give its message an 'expect' with the schema of the answer"

_METHODS_OF_TEXT: Mapping[str, Known] = {
    "count": NUMBER,
    "endswith": BOOLEAN,
    "split": list_of(TEXT),
    "splitlines": list_of(TEXT),
    "startswith": BOOLEAN,
}

# Filters that refuse some kinds, whatever the value is; the others of lists take what `list` takes.
_PARTICULAR = frozenset({"abs", "count", "items", "length", "round"})
_OVER_A_LIST = frozenset(
    {"first", "join", "last", "list", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr"}
    | {"sort", "sum", "unique"}
)
_GIVE_TEXT = frozenset(
    {"as_data", "capitalize", "indent", "join", "lower", "replace", "slug", "string", "to_json", "trim"}
    | {"truncate", "upper"}
)
_GIVE_NUMBER = frozenset({"abs", "count", "length", "round", "wordcount"})
_GIVE_LIST = frozenset({"list", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "unique"})
_GIVE_ONE = frozenset({"first", "last", "max", "min"})


def attribute(known: Known, name: str) -> Known:
    """Return what is known of `value.name`.

    Raises:
        RefusedError: No such value has it.
    """
    if known is None:
        return None
    names = names_below(known)
    if name in names:
        return names[name]
    if not isinstance(known, Kind) and name in MAPPING_METHODS:
        return FUNCTION
    hint = did_you_mean(name, names)
    if known is KEY:
        hint = _KEYS
    elif known is REPLY_WITHOUT_JSON and name == "json":
        hint = _NO_EXPECT
    elif not hint and (known is REPLY or not isinstance(known, Kind)):
        hint = f"there are: {listed(names)}"
    message = f"{words(known)} has no {shown(name)}"
    raise RefusedError(message, rule="unknown-attribute", hint=hint or f"what is read here is {words(known)}")


def item(known: Known, key: Known) -> Known:
    """Return what is known of `value[key]`, where the key is worked out.

    Raises:
        RefusedError: No such value has elements by such a key.
    """
    if key is NUMBER:
        return element(known)
    return None if known is None or isinstance(known, Kind) else value_in(known)


def element(known: Known, index: int | None = None) -> Known:
    """Return what is known of `value[index]`, of any element where the index is worked out.

    Raises:
        RefusedError: No such value has elements, or not so many.
    """
    if known is None:
        return None
    if not isinstance(known, Kind) or not isinstance(known.specimen, str | list | tuple):
        _refuse_number(known)
    if not known.parts or index is None:
        return known.element
    if not -len(known.parts) <= index < len(known.parts):
        message = f"it has no element {index}, only {len(known.parts)}"
        raise RefusedError(message, rule="unknown-attribute", hint="the first is 0")
    return known.parts[index]


def each(known: Known) -> Known:
    """Return what a loop over a value meets.

    Raises:
        RefusedError: No loop goes over such a value.
    """
    if known is None:
        return None
    if not isinstance(known, Kind):
        return KEY
    if isinstance(known.specimen, str | list | tuple):
        return known.element
    hint = "it is a method, call it: name()" if known is FUNCTION else f"what stands behind 'in' is {words(known)}"
    message = f"a loop needs a list or a mapping, not {words(known)}"
    raise RefusedError(message, hint=hint)


def goes_over_keys(known: Known) -> bool:
    """Say whether a loop over a value meets a mapping's keys."""
    return known is not None and (not isinstance(known, Kind) or known.element is KEY)


def taken_apart(known: Known, count: int) -> tuple[Known, ...]:
    """Return what is known of each of the `count` names that a value is taken apart into.

    Raises:
        RefusedError: Such a value is not taken apart, or not into so many.
    """
    if known is None or not isinstance(known, Kind):
        return (None,) * count
    if known is KEY:
        message = f"a key of a mapping is not taken apart into {count}"
        raise RefusedError(message, hint=_KEYS)
    if known.parts and len(known.parts) != count:
        message = f"a pair is not taken apart into {count}"
        raise RefusedError(message, hint="it is taken apart into a key and a value")
    return known.parts or (each(known),) * count


def sliced(known: Known) -> Known:
    """Return what is known of `value[a:b]`.

    Raises:
        RefusedError: Such a value has no slices.
    """
    if known is None or _is_text(known):
        return known if known is None else TEXT
    if isinstance(known, Kind) and isinstance(known.specimen, list | tuple):
        return list_of(known.element)
    message = f"{words(known)} has no slices"
    raise RefusedError(message, hint="slices are of texts and lists")


def called(function: Known, owner: Known, name: str) -> Known:
    """Return what is known of a call, given what is called: `name` of an owner, where there is one.

    Raises:
        RefusedError: It cannot be called.
    """
    if function is None:
        return None
    # A slot of that name may be made; what is called can only be the method.
    is_method = isinstance(owner, OfOneKind) and name in MAPPING_METHODS
    if function is not FUNCTION and not is_method:
        message = f"{words(function)} cannot be called"
        raise RefusedError(message, hint="leave out the parentheses")
    return _METHODS_OF_TEXT.get(name, TEXT) if _is_text(owner) else _of_mapping(owner, name)


def filtered(known: Known, name: str) -> Known:
    """Return what a filter gives of a value.

    Raises:
        RefusedError: The filter takes no such value.
    """
    if known is FUNCTION:
        text(Meter(), specimen(known))
    if known is not None and (name in _PARTICULAR or name in _OVER_A_LIST):
        FILTERS[name if name in _PARTICULAR else "list"](Meter(), specimen(known))
    if name in _GIVE_TEXT or (name == "reverse" and _is_text(known)):
        return TEXT
    if name in _GIVE_NUMBER:
        return NUMBER
    if name == "items":
        return _of_mapping(known, name)
    if name in _GIVE_LIST:
        return list_of(each(known))
    return each(known) if name in _GIVE_ONE else None


def reached_in_each(known: Known, path: str) -> Known:
    """Return what is known of an attribute of each element, like `json.score` or `0.name`.

    Raises:
        RefusedError: There are no elements, or none has it.
    """
    found = each(known)
    for part in path.split("."):
        found = element(found, int(part)) if part.isdecimal() else attribute(found, part)
    return found


def mapped(known: Known, name: str) -> Known:
    """Return the list of what a filter gives of each element.

    Raises:
        RefusedError: There are no elements, or the filter takes none of them.
    """
    return list_of(filtered(each(known), name))


def computed(symbol: str, left: Known, right: Known) -> Known:
    """Return what an operator gives.

    Raises:
        RefusedError: It does not go with such values.
    """
    if left is None or right is None:
        return None
    return kind_of(compute(Meter(), symbol, specimen(left), specimen(right)))


def require_comparable(name: str, left: Known, right: Known) -> None:
    """Refuse a comparison, under Jinja's name for it, that such values do not take.

    Raises:
        RefusedError: They have no order, or the one cannot be looked for in the other.
    """
    if left is not None and right is not None:
        compare(Meter(), name, specimen(left), specimen(right))


def require_printable(known: Known) -> None:
    """Refuse what does not print.

    Raises:
        RefusedError: It is a function.
    """
    if known is not None:
        text(Meter(), specimen(known))


def require_condition(known: Known) -> None:
    """Refuse what is neither true nor false.

    Raises:
        RefusedError: It is of another kind.
    """
    if known is not None:
        true_or_false(specimen(known))


def require_list(known: Known) -> None:
    """Refuse what is no list.

    Raises:
        RefusedError: It is of another kind.
    """
    if known is not None:
        plain_elements(Meter(), specimen(known), most=0)


def _is_text(known: Known) -> bool:
    return isinstance(known, Kind) and isinstance(known.specimen, str)


def _of_mapping(known: Known, method: str) -> Known:
    if known is None or isinstance(known, Kind) or method == "get":
        return None
    if method == "keys":
        return list_of(KEY)
    value = value_in(known)
    return list_of(value if method == "values" else tuple_of((KEY, value)))


def _refuse_number(known: Mapping[str, Known] | Kind) -> NoReturn:
    message = f"{words(known)} has no elements by number"
    hint = "" if isinstance(known, Kind) else "read it by a name, or go through its values (….values())"
    raise RefusedError(message, rule="unknown-attribute", hint=hint or f"what is read here is {words(known)}")

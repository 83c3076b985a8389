"""Say what kind of value a template meets before there is one: what can be read below it, and what goes with it."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct, field

from overlord_run.plan.language.attributes import REPLY_ATTRIBUTES, Function
from overlord_run.plan.language.texts import TEXT_METHODS
from overlord_run.plan.language.values import kind, text

Known: TypeAlias = "Mapping[str, Known] | Kind | None"
"""What is known of a value: what is below each name of a mapping, a kind, or None where only rendering can tell."""

_MOST = 100


class Kind(Struct, frozen=True):
    """What is known of a value that is no mapping.

    Attributes:
        specimen: Some value of that kind: what the language says of it, it says of all of them.
        names: What can be read of it by name.
        element: What a loop over it meets.
        parts: What a pair is taken apart into; empty for anything else.
        words: What it is called, where that is not what its specimen is called.
    """

    specimen: Any
    names: Mapping[str, Known] = field(default_factory=dict)
    element: Known = None
    parts: tuple[Known, ...] = ()
    words: str = ""


class OfOneKind(Mapping[str, Known]):
    """A mapping of many names whose values are alike."""

    @property
    @abstractmethod
    def value(self) -> Known:
        """What is known of each of them."""


FUNCTION = Kind(Function("function", text))
NUMBER = Kind(1)
# Its words tell it from a number: to Python, True is 1.
BOOLEAN = Kind(True, words=kind(True))  # noqa: FBT003 - the value itself
_METHODS: Mapping[str, Known] = dict.fromkeys(TEXT_METHODS, FUNCTION)
CHARACTER = Kind("a", _METHODS)
TEXT = Kind("a", _METHODS, CHARACTER)
KEY = Kind("a", _METHODS, CHARACTER, words="a key of a mapping")

_OF_A_REPLY: Mapping[str, Known] = {
    **dict.fromkeys(REPLY_ATTRIBUTES, TEXT),
    "json": None,
    "cut": BOOLEAN,
    **_METHODS,
}
REPLY = Kind("a", _OF_A_REPLY, CHARACTER, words="the reply")
REPLY_WITHOUT_JSON = Kind(
    "a", {name: known for name, known in _OF_A_REPLY.items() if name != "json"}, CHARACTER, words="the reply"
)


def list_of(element: Known) -> Kind:
    """Return the kind of a list, given what its elements are."""
    return Kind([], element=element)


def tuple_of(parts: tuple[Known, ...]) -> Kind:
    """Return the kind of values that stand together, as a mapping's keys and values do."""
    return Kind((), element=either(parts), parts=parts)


def kind_of(value: Any) -> Known:
    """Return what is known of a value that is there: a constant, or what two specimens give."""
    match value:
        case str():
            return TEXT
        case bool():
            return BOOLEAN
        case int() | float():
            return NUMBER
        case list():
            return list_of(either(kind_of(item) for item in value))
        case Mapping():
            return {name: kind_of(item) for name, item in value.items()}
    return None


def specimen(known: Mapping[str, Known] | Kind) -> Any:
    """Return some value of a kind."""
    return known.specimen if isinstance(known, Kind) else {}


def words(known: Mapping[str, Known] | Kind) -> str:
    """Return what a value is, in a playbook's words."""
    return (known.words if isinstance(known, Kind) else "") or kind(specimen(known))


def is_named_by_path(known: Mapping[str, Known] | Kind) -> bool:
    """Say whether what stands below a value is among the names that a playbook gives: slots, ids, a reply's facts."""
    return known is REPLY or known is REPLY_WITHOUT_JSON or not isinstance(known, Kind)


def names_below(known: Known) -> Mapping[str, Known]:
    """Return what can be read of a value by name, as far as that is known."""
    if known is None:
        return {}
    return known.names if isinstance(known, Kind) else known


def either(several: Iterable[Known]) -> Known:
    """Return what is known of a value that is one of several."""
    iterator = iter(several)
    known = next(iterator, None)
    for other in iterator:
        if other is not known:
            known = _either(known, other)
    return known


def value_in(known: Mapping[str, Known]) -> Known:
    """Return what is known of a value in a mapping, whichever key it has."""
    if isinstance(known, OfOneKind):
        return known.value
    return either(known.values()) if len(known) <= _MOST else None


def _either(one: Known, other: Known) -> Known:
    if isinstance(one, Kind) and isinstance(other, Kind):
        return _either_kind(one, other)
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys() and len(one) <= _MOST:
        return {name: either((one[name], other[name])) for name in one}
    return None


def _either_kind(one: Kind, other: Kind) -> Known:
    """Return the kind of a value that is of two; of two replies that of one that has all that either has."""
    if one == other:
        return one
    return REPLY if REPLY in (one, other) and REPLY_WITHOUT_JSON in (one, other) else None

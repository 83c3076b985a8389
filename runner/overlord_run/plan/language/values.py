"""Say which values a template works with, how they print, and what JSON they are."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, NoReturn, Self, TypeVar

from jinja2 import Undefined

from overlord_run.plan.language.meter import MADE, MAX_VALUE_DEPTH, Meter, RefusedError, size
from overlord_run.playbook.names import shown

_Value_co = TypeVar("_Value_co", covariant=True)

NO_JSON = object()
"""Stands where a reply holds no JSON value that is known to fit; null is one."""


def _no_json() -> Any:
    return NO_JSON


class ReplyText(str):
    """A reply as templates see it: a text that also knows where it comes from. It is never a template itself.

    Attributes:
        model: The model that answered.
        finish_reason: Why the answer ended, as the API says; empty where it does not.
        cut: Whether the answer ended at the token limit.
    """

    __slots__ = ("_json", "_read_json", "cut", "finish_reason", "model")

    _read_json: Callable[[], Any] | None
    model: str
    finish_reason: str
    cut: bool

    def __new__(
        cls,
        text: str,
        *,
        read_json: Callable[[], Any] = _no_json,
        model: str = "",
        finish_reason: str = "",
        cut: bool = False,
    ) -> Self:
        """Return the text with what is known of it; `read_json` gives its value when that is asked for."""
        reply = super().__new__(cls, text)
        reply._read_json = read_json
        reply.model = model
        reply.finish_reason = finish_reason
        reply.cut = cut
        return reply

    @property
    def json(self) -> Any:
        """The JSON value of the reply where its message expects one, else `NO_JSON`."""
        if self._read_json is not None:
            self._json, self._read_json = self._read_json(), None
        return self._json

    @property
    def text(self) -> str:
        """The reply without what it knows of itself."""
        return str(self)


class ByName(Mapping[str, _Value_co]):
    """A mapping by slots or ids, which says in its own words that one is missing."""

    @abstractmethod
    def missing(self, name: str) -> str:
        """Return what is wrong where a template reads a name, in quotes, that is not there."""


class Answers(ByName[ReplyText]):
    """The replies to one message, slot → reply: those that were given, in the order of the message's targets."""

    __slots__ = ("_given", "_targets", "message_id")

    def __init__(self, message_id: str, targets: tuple[str, ...], given: Mapping[str, ReplyText]) -> None:
        self.message_id = message_id
        self._targets = targets
        self._given = given

    def __getitem__(self, slot: str) -> ReplyText:
        return self._given[slot]

    def __iter__(self) -> Iterator[str]:
        return (slot for slot in self._targets if slot in self._given)

    def __len__(self) -> int:
        return len(self._given)

    def missing(self, name: str) -> str:
        """Return that a servant did not answer."""
        return f"{name} gave no reply to '{self.message_id}'"


class Approvals(ByName[Mapping[str, str]]):
    """What persons said to the pauses that they approved, by the pause's id."""

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, Mapping[str, str]]) -> None:
        self._given = given

    def __getitem__(self, name: str) -> Mapping[str, str]:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def missing(self, name: str) -> str:
        """Return that no person said yes."""
        return f"nobody has approved {name}"


def kind(value: object) -> str:
    """Return what a value is, in a playbook's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return "something that is no value"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "text"),
    ((int, float), "a number"),
    (Mapping, "a mapping"),
    ((list, tuple, range), "a list"),
)


def quoted(value: object) -> str:
    """Return a value as a message names it: a text or number itself, of anything that may be large only its kind."""
    return shown(value) if isinstance(value, str | int | float) else kind(value)


def true_or_false(value: object) -> bool:
    """Return a condition's value. A text that is not empty, or a number, is no condition.

    Raises:
        RefusedError: It is neither true nor false.
    """
    if not isinstance(value, bool):
        message = f"a condition must be true or false, and this is {kind(value)}"
        raise RefusedError(message, hint="compare it with something")
    return value


def plain_elements(meter: Meter, value: object, most: int) -> list[Any]:
    """Return the JSON values in a list. Texts in them are not copied, and cost nothing: they may be whole files.

    Raises:
        RefusedError: It is no list, it is longer than `most`, or an element is no JSON value or is too large.
        UndefinedError: It, or something in it, is undefined.
    """
    if isinstance(value, Undefined):
        refuse(value)
    if not isinstance(value, list | tuple | range):
        message = f"a list is needed here, and this is {kind(value)}"
        hint = "of a mapping take its pairs: … | items; of one value make a list: [value]"
        raise RefusedError(message, rule="not-a-list", hint=hint)
    if len(value) > most:
        message = f"the list has {len(value):,} elements; at most {most:,} are allowed"
        raise RefusedError(message, rule="template-limit", hint="make it shorter")
    return [plain(meter, item, are_texts_free=True) for item in value]


def plain(meter: Meter, value: object, depth: int = 0, *, margin: int = 0, are_texts_free: bool = False) -> Any:
    """Return the JSON value that a template's value is.

    It is walked as a tree, and charged so: a value that holds another many times over is refused before it is copied.
    `margin` is charged besides, for each value and each level that it is nested; a text costs its size, unless texts
    are free.

    Raises:
        RefusedError: It is no JSON value, it is nested too deeply, or it is too large.
        UndefinedError: It, or something in it, is undefined.
    """
    meter.charge(MADE + margin * depth)
    if isinstance(value, str):
        meter.charge(0 if are_texts_free else size(value))
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _finite(value)
    if depth >= MAX_VALUE_DEPTH:
        message = f"the value is nested more than {MAX_VALUE_DEPTH} deep"
        raise RefusedError(message, rule="template-limit")

    def inner(item: object) -> Any:
        return plain(meter, item, depth + 1, margin=margin, are_texts_free=are_texts_free)

    if isinstance(value, Mapping):
        return {key_text(meter, key): inner(item) for key, item in value.items()}
    if not isinstance(value, list | tuple | range):
        refuse(value)
    return [inner(item) for item in value]


def text(meter: Meter, value: object) -> str:
    """Return a value as it prints: a text as it is, anything else as JSON.

    Raises:
        RefusedError: It cannot be printed, or is too large.
        UndefinedError: It is undefined.
    """
    if isinstance(value, str):
        meter.charge(size(value))
        return str(value)
    return json_text(meter, value)


def json_text(meter: Meter, value: object, indent: int | None = None) -> str:
    """Return a value as JSON, with every character that JSON allows as it is.

    Raises:
        RefusedError: It is no JSON value, or is too large.
        UndefinedError: It, or something in it, is undefined.
    """
    before = meter.work
    content = plain(meter, value, margin=indent or 0)
    meter.charge(meter.work - before)
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent)


def refuse(value: object) -> NoReturn:
    """Raise what is wrong with something that is no value: it is undefined, or a macro, or a function.

    Raises:
        RefusedError: It is a macro or a function.
        UndefinedError: It is undefined.
    """
    if isinstance(value, Undefined):
        str(value)
    message = "this is not a value"
    raise RefusedError(message, hint="a macro or a function is called: name()")


def key_text(meter: Meter, key: object) -> str:
    """Return a mapping's key.

    Raises:
        RefusedError: It is no text.
        UndefinedError: It is undefined.
    """
    if isinstance(key, Undefined):
        refuse(key)
    if not isinstance(key, str):
        message = f"a mapping's key must be text, not {kind(key)}"
        raise RefusedError(message)
    meter.charge(size(key))
    return str(key)


def _finite(value: float) -> float:
    if not isfinite(value):
        message = "the number is not finite"
        raise RefusedError(message)
    return value

"""Check values against a schema with jsonschema, each keyword metered.

jsonschema looks for patterns with Python's `re`, compares the items of a list in pairs, and quotes whole values in its
messages. The first two are done otherwise here; what a message may quote is charged before the keyword is applied.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import create
from referencing import Registry

from overlord_run.expect.keywords import KEYWORDS, spelt_out
from overlord_run.expect.meter import CALL, ERROR, Meter, TooMuchWorkError
from overlord_run.expect.tell import tell
from overlord_run.playbook.patterns import parse_pattern

MAX_MISFITS = 5
"""Of one value, that are told."""

_MORE = "and more"
_TOO_MUCH = "$: takes too much work to check; a shorter answer is wanted"
_OF_THE_ROOT = frozenset({"$schema", "$id"})
_LOOKED_AT_WHOLE = frozenset({"const", "enum", "not", "oneOf"})

_Errors: TypeAlias = Iterator[ValidationError]


class Fitting:
    """What a schema says of the values that one reply holds; looking at all of them takes a limited amount of work.

    Args:
        schema: One that has no problems.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        # A `$schema` would have jsonschema change over to its own keywords at every reference to the root.
        root = spelt_out({key: value for key, value in schema.items() if key not in _OF_THE_ROOT})
        # The default registry would go to the network. `format` is not checked, so what jsonschema carries along for it
        # from schema to schema is free to carry the meter.
        self._validator: Any = _validator_class()(root, registry=Registry(), format_checker=_Course())

    def misfits(self, value: Any) -> tuple[str, ...]:
        """Return what does not fit, each with its place: the first few, or nothing where all fits.

        The value must live as long as this.
        """
        told: dict[str, None] = {}
        try:
            for error in self._validator.iter_errors(value):
                told |= dict.fromkeys(tell(error))
                if len(told) > MAX_MISFITS:
                    return (*list(told)[:MAX_MISFITS], _MORE)
        except (TooMuchWorkError, RecursionError):
            return (*told, _TOO_MUCH)
        return tuple(told)

    def has_type(self, value: Any) -> bool:
        """Return whether a value has a type that the schema names at its top, where it names any."""
        names = self._validator.schema.get("type", [])
        names = [names] if isinstance(names, str) else names
        return not names or any(self._validator.is_type(value, name) for name in names)


def canonical(value: Any) -> str:
    """Return a text that two values share where JSON Schema calls them equal: 1 and 1.0 are, 1 and true are not."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value


class _Course:
    """What has been done so far to look at the values of one reply.

    Attributes:
        meter: The work.
        patterns: The patterns that were met, compiled.
    """

    __slots__ = ("meter", "patterns")

    def __init__(self) -> None:
        self.meter = Meter()
        self.patterns: dict[str, Any] = {}

    def is_in(self, source: str, text: str) -> bool:
        """Return whether a pattern is found in a text; at worst RE2 takes each byte through its whole program."""
        if source not in self.patterns:
            self.patterns[source] = parse_pattern(source)
        pattern = self.patterns[source]
        self.meter.charge(CALL + self.meter.measure(text) * pattern.programsize)
        return pattern.search(text) is not None


@cache
def _validator_class() -> Any:
    """Return jsonschema's validator with its keywords and ours, each charged."""
    known: Mapping[str, Any] = Draft202012Validator.VALIDATORS
    keywords = {name: apply for name, apply in known.items() if name in KEYWORDS and name != "format"} | {
        "additionalProperties": _additional_properties,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "uniqueItems": _unique_items,
    }
    charged = {name: _charged(name, apply) for name, apply in keywords.items()}
    return create(Draft202012Validator.META_SCHEMA, charged, type_checker=Draft202012Validator.TYPE_CHECKER)


def _charged(name: str, apply: Callable[..., Iterable[ValidationError] | None]) -> Any:
    def apply_charged(validator: Any, value: Any, instance: Any, schema: Any) -> _Errors:
        meter = validator.format_checker.meter
        looked_at = meter.measure(value) if name in _LOOKED_AT_WHOLE else 0
        entries = len(value) if isinstance(value, list | dict) else 0
        meter.charge(CALL + looked_at + entries + meter.measure(instance))
        for error in apply(validator, value, instance, schema) or ():
            meter.charge(ERROR)
            yield error

    return apply_charged


def _pattern(validator: Any, source: str, instance: Any, _: Any) -> _Errors:
    if isinstance(instance, str) and not validator.format_checker.is_in(source, instance):
        yield ValidationError("pattern")


def _pattern_properties(validator: Any, by_pattern: Any, instance: Any, _: Any) -> _Errors:
    for source, key in product(by_pattern, instance if isinstance(instance, dict) else ()):
        if validator.format_checker.is_in(source, key):
            yield from validator.descend(instance[key], by_pattern[source], path=key, schema_path=source)


def _additional_properties(validator: Any, inner: Any, instance: Any, beside: Any) -> _Errors:
    named, sources = beside.get("properties", {}), beside.get("patternProperties", {})
    for key in instance if isinstance(instance, dict) else ():
        if key not in named and not any(validator.format_checker.is_in(source, key) for source in sources):
            yield from validator.descend(instance[key], inner, path=key)


def _unique_items(_: Any, is_wanted: bool, instance: Any, __: Any) -> _Errors:  # noqa: FBT001 - jsonschema's signature
    seen: set[str] = set()
    for index, item in enumerate(instance) if is_wanted and isinstance(instance, list) else ():
        key = canonical(item)
        if key in seen:
            yield ValidationError("uniqueItems", path=[index], instance=item)
        seen.add(key)

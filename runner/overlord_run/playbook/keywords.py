"""Apply the keywords of our schemas to a document, in a time that grows with the document alone.

jsonschema makes a validator anew for each value that it looks at, and an error for each branch of `oneOf` and `not`
that does not fit: of a sound playbook with 10,000 redirects that is most of the work. Here each part of a schema has
one validator, made when it is first met, and keys that exclude each other are counted. What jsonschema does in the
square of a list's length, or tells without the key that is wrong, is done otherwise too.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import create

_Errors: TypeAlias = Iterator[ValidationError]

_AS_THEY_ARE = ("const", "enum", "maxItems", "maxProperties", "maximum", "minItems", "minLength", "minimum")
_IGNORED = "x-"
"""How a key begins that is nobody's business; that is all that our schemas say by `patternProperties`."""

_TYPES: Mapping[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    dict: frozenset({"object"}),
    float: frozenset({"number"}),
    int: frozenset({"integer", "number"}),
    list: frozenset({"array"}),
    str: frozenset({"string"}),
    type(None): frozenset({"null"}),
}
_WHOLE = frozenset({"integer", "number"})


def validator_of(schema: Mapping[str, Any]) -> Any:
    """Return jsonschema's validator of one of our schemas, which holds no references and does not change any more."""
    parts = _Parts()
    keywords = {name: Draft7Validator.VALIDATORS[name] for name in _AS_THEY_ARE} | {
        "additionalProperties": parts.additional_properties,
        "allOf": parts.all_of,
        "anyOf": parts.any_of,
        "dependencies": parts.dependencies,
        "items": parts.items,
        "not": _not,
        "oneOf": _one_of,
        "pattern": _pattern,
        "properties": parts.properties,
        "propertyNames": parts.property_names,
        "required": _required,
        "type": _type,
        "uniqueItems": _unique_items,
    }
    return create(Draft7Validator.META_SCHEMA, keywords)(schema)


class _Parts:
    """The keywords that hold parts of a schema, and a validator of each part that was met, by the part's identity."""

    __slots__ = ("_validators",)

    def __init__(self) -> None:
        self._validators: dict[int, Any] = {}

    def _errors(self, validator: Any, part: Mapping[str, Any], instance: Any) -> _Errors:
        known = self._validators.get(id(part))
        if known is None:
            known = self._validators[id(part)] = validator.evolve(schema=part)
        errors: _Errors = known.iter_errors(instance)
        return errors

    def additional_properties(self, validator: Any, inner: Any, instance: Any, schema: Mapping[str, Any]) -> _Errors:
        """Check the values of the keys that are not known, unless the mapping is too large anyway."""
        if not isinstance(instance, dict) or len(instance) > schema.get("maxProperties", len(instance)):
            return
        known = schema.get("properties", {})
        others = {key: value for key, value in instance.items() if key not in known}
        if inner is False and not all(key.startswith(_IGNORED) for key in others):
            yield ValidationError("additionalProperties")
        elif inner is not False:
            for key, value in others.items():
                yield from _at(key, self._errors(validator, inner, value))

    def properties(self, validator: Any, by_name: Mapping[str, Any], instance: Any, _: Any) -> _Errors:
        """Check the values of the keys that are known."""
        if isinstance(instance, dict):
            for key, value in instance.items():
                if key in by_name:
                    yield from _at(key, self._errors(validator, by_name[key], value))

    def property_names(self, validator: Any, inner: Mapping[str, Any], instance: Any, _: Any) -> _Errors:
        """Check the keys of a mapping."""
        for key in instance if isinstance(instance, dict) else ():
            yield from self._errors(validator, inner, key)

    def items(self, validator: Any, inner: Mapping[str, Any], instance: Any, schema: Mapping[str, Any]) -> _Errors:
        """Check each item of a list, unless the list is too long anyway."""
        if isinstance(instance, list) and len(instance) <= schema.get("maxItems", len(instance)):
            for index, item in enumerate(instance):
                yield from _at(index, self._errors(validator, inner, item))

    def dependencies(self, validator: Any, by_name: Mapping[str, Any], instance: Any, schema: Any) -> _Errors:
        """Find each key that stands without one it goes with; `validator_value` is the two of them.

        What a key wants of the mapping is told as of the mapping's whole schema, which knows all its keys.
        """
        for key, wanted in by_name.items() if isinstance(instance, dict) else ():
            if key not in instance:
                continue
            if isinstance(wanted, dict):
                for error in self._errors(validator, wanted, instance):
                    error.schema = schema
                    yield error
                continue
            for other in [name for name in wanted if name not in instance]:
                yield ValidationError("dependencies", validator_value=(key, other))

    def all_of(self, validator: Any, inner: Sequence[Mapping[str, Any]], instance: Any, _: Any) -> _Errors:
        """Check a value by all of some schemas."""
        for each in inner:
            yield from self._errors(validator, each, instance)

    def any_of(self, validator: Any, inner: Sequence[Mapping[str, Any]], instance: Any, _: Any) -> _Errors:
        """Find a value that fits none of some schemas; `context` holds what each of them finds."""
        found: list[ValidationError] = []
        for index, each in enumerate(inner):
            errors = list(self._errors(validator, each, instance))
            if not errors:
                return
            for error in errors:
                error.schema_path.appendleft(index)
            found += errors
        yield ValidationError("anyOf", context=found)


def _at(step: str | int, errors: _Errors) -> _Errors:
    for error in errors:
        error.path.appendleft(step)
        yield error


def _not(_: Any, inner: Mapping[str, Any], instance: Any, __: Any) -> _Errors:
    """Find keys that stand beside each other, or a key that is none: that is all that our schemas say by `not`."""
    if "enum" in inner:
        fits = instance in inner["enum"]
    else:
        fits = isinstance(instance, dict) and all(key in instance for key in inner["required"])
    if fits:
        yield ValidationError("not")


def _one_of(_: Any, branches: Sequence[Mapping[str, Any]], instance: Any, __: Any) -> _Errors:
    """Find several keys of which one has to be there, or none: that is all that our schemas say by `oneOf`."""
    if isinstance(instance, dict) and sum(branch["required"][0] in instance for branch in branches) != 1:
        yield ValidationError("oneOf")


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> _Errors:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError("pattern")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as ECMAScript reads it, whose `$` does not match before a line break at the end."""
    return re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)


def _required(_: Any, required: Sequence[str], instance: Any, __: Any) -> _Errors:
    """Find each key that is missing; `validator_value` is the key, which jsonschema tells in its message only."""
    if isinstance(instance, dict):
        for key in required:
            if key not in instance:
                yield ValidationError("required", validator_value=key)


def _type(_: Any, wanted: str | Sequence[str], instance: Any, __: Any) -> _Errors:
    """Find a value of another type. A whole number may be written as 1.0."""
    types = _WHOLE if isinstance(instance, float) and instance.is_integer() else _TYPES[type(instance)]
    if types.isdisjoint((wanted,) if isinstance(wanted, str) else wanted):
        yield ValidationError("type")


def _unique_items(_: Any, __: bool, instance: Any, ___: Any) -> _Errors:  # noqa: FBT001 - jsonschema's signature
    """Find each item that stands earlier in its list, in linear time: jsonschema compares all pairs of mixed types."""
    seen: set[str | tuple[str]] = set()
    for index, item in enumerate(instance if isinstance(instance, list) else ()):
        key = item if isinstance(item, str) else (_canonical(item),)
        if key in seen:
            yield ValidationError("uniqueItems", path=[index], instance=item)
        seen.add(key)


def _canonical(item: Any) -> str:
    return json.dumps(int(item) if isinstance(item, float) and item.is_integer() else item, sort_keys=True)

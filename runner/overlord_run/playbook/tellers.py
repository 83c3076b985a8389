"""Put the errors of jsonschema into the user's words, each at the key or the value that is wrong."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from overlord_run.playbook.formats import FORMATS
from overlord_run.playbook.names import did_you_mean, listed, nearest, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import Document, Path
from overlord_run.playbook.texts import Place
from overlord_run.playbook.written import how_to_write
from overlord_run.problem import Problem

LONGEST_EXAMPLE = 80
_MOST_KEYS = 16
"""How many keys a hint lists: all that any mapping of ours has."""

TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def tell(error: Any, document: Document) -> Iterator[Problem]:
    """Tell what a `ValidationError` of one of our schemas means; one error may be several problems."""
    return _TELLERS[error.validator](error, document)


def type_of(value: Any) -> str:
    """Return in words what a plain value is."""
    if isinstance(value, bool):
        return TYPES["boolean"]
    if isinstance(value, int | float):
        return TYPES["number"]
    names = {str: "string", list: "array", dict: "object", type(None): "null"}
    return TYPES[names[type(value)]]


def subject(path: Path) -> str:
    """Return what stands at a path, in words: `'timeout'`, `item 2 of 'to'`, `the file`."""
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return shown(last)
    return f"item {last + 1} of {subject(path[:-1])}"


def _is_name(error: Any) -> bool:
    """Return whether the error is about a key, not about a value."""
    return "propertyNames" in error.absolute_schema_path


def _where(error: Any, document: Document) -> tuple[Place, str]:
    path = tuple(error.absolute_path)
    if _is_name(error):
        return document.key((*path, error.instance)), shown(error.instance)
    return document.place(path), subject(path)


def _owner(path: Path, document: Document) -> tuple[Place, str]:
    """Return where something is missing in a mapping, and the words for `in what`."""
    if not path:
        return document.place(path), ""
    named = isinstance(path[-1], str)
    return (document.key(path) if named else document.place(path)), f" in {subject(path)}"


def _hint(schema: dict[str, Any]) -> str:
    example = _example(schema)
    return f"for example {example}" if example else "its form is shown by: overlord-run schema"


def _example(schema: dict[str, Any]) -> str:
    """Return the first example of a schema as JSON, which is YAML too, or nothing where there is no short one."""
    written = [json.dumps(example, ensure_ascii=False) for example in schema.get("examples", ())]
    return next((example for example in written if len(example) <= LONGEST_EXAMPLE), "")


def _unknown_key(error: Any, document: Document) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    known = error.schema["properties"]
    place = f" in {subject(path)}" if path else ""
    for key in _unknown(error):
        hint = did_you_mean(key, known) or f"known here: {listed(known, most=_MOST_KEYS)}"
        yield problem(document.key((*path, key)), "unknown-key", f"unknown key {shown(key)}{place}", hint)


def _unknown(error: Any) -> Iterator[str]:
    return (key for key in error.instance if key not in error.schema["properties"] and not key.startswith("x-"))


def _stands_misspelt(keys: list[str], error: Any) -> bool:
    """Say whether one of some keys that are missing stands there with a slip in it, which is told already."""
    if error.schema.get("additionalProperties") is not False:
        return False
    return any(nearest(each, error.schema["properties"]) in keys for each in _unknown(error))


def _missing_key(error: Any, document: Document) -> Iterator[Problem]:
    place, within = _owner(tuple(error.absolute_path), document)
    key = error.validator_value
    if _stands_misspelt([key], error):
        return
    example = _example(error.schema["properties"][key])
    yield problem(place, "missing-key", f"{shown(key)} is missing{within}", f"add it, for example {key}: {example}")


def _wrong_type(error: Any, document: Document, types: list[str] | None = None) -> Iterator[Problem]:
    place, what = _where(error, document)
    expected = types or error.validator_value
    expected = [expected] if isinstance(expected, str) else expected
    words = " or ".join(TYPES[name] for name in expected)
    message = f"{what} must be {words}, not {type_of(error.instance)}"
    if error.instance is None:
        message = f"{what} is empty; it must be {words}"
    yield problem(place, "wrong-type", message, _type_hint(error, document, expected))


def _type_hint(error: Any, document: Document, expected: list[str]) -> str:
    written = document.marks[tuple(error.absolute_path)].written
    pattern = error.schema.get("pattern", "")
    is_number = "string" in expected and isinstance(error.instance, int | float)
    if is_number and re.search(pattern, written or ""):
        return how_to_write("string", error.instance, written)
    if pattern in FORMATS and error.instance is not None:
        return FORMATS[pattern].hint
    return _hint(error.schema)


def _not_allowed(error: Any, document: Document) -> Iterator[Problem]:
    place, what = _where(error, document)
    if error.instance == "full-trust":
        hint = "write consultation or implementation; what a servant returns is applied by the Overlord"
        yield problem(place, "full-trust", "full-trust repair is never delegated", hint)
        return
    allowed = error.validator_value
    near = did_you_mean(error.instance, allowed) if isinstance(error.instance, str) else ""
    hint = near or f"write one of {listed(allowed)}"
    yield problem(place, "not-allowed", f"{what} cannot be {shown(error.instance)}", hint)


def _version(error: Any, document: Document) -> Iterator[Problem]:
    place, _ = _where(error, document)
    message = f"format version {shown(error.instance)} is not understood; version 1 is"
    if error.instance is None:
        message = "'overlord' is empty; it must be the format version"
    yield problem(place, "version", message, "write overlord: 1")


def _format(error: Any, document: Document) -> Iterator[Problem]:
    place, what = _where(error, document)
    form = FORMATS[error.validator_value]
    message = form.message.format(subject=what, value=shown(error.instance))
    yield problem(place, form.rule, message, form.hint)


def _bound(error: Any, document: Document) -> Iterator[Problem]:
    place, what = _where(error, document)
    bound = "at least" if error.validator == "minimum" else "at most"
    message = f"{what} is {shown(error.instance)}; it must be {bound} {error.validator_value}"
    yield problem(place, "out-of-range", message, _hint(error.schema))


def _too_short(error: Any, document: Document) -> Iterator[Problem]:
    place, what = _where(error, document)
    yield problem(place, "too-short", f"{what} is empty", _hint(error.schema))


def _too_long(error: Any, document: Document) -> Iterator[Problem]:
    place, what = _where(error, document)
    message = f"{what} holds {len(error.instance):,} values; at most {error.validator_value:,} are allowed"
    yield problem(place, "too-long", message, "split it")


def _repeated(error: Any, document: Document) -> Iterator[Problem]:
    place, what = _where(error, document)
    yield problem(place, "repeated", f"{what} repeats {shown(error.instance)}", "keep it once")


def _one_of(error: Any, document: Document) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    choices = [branch["required"][0] for branch in error.validator_value]
    given = [key for key in error.instance if key in choices]
    if given:
        yield _exclusive(given, path, document)
        return
    if _stands_misspelt(choices, error):
        return
    place, within = _owner(path, document)
    yield problem(
        place, "one-of", f"one of {listed(choices)} is missing{within}", f"add {choices[0]}, or another of them"
    )


def _not(error: Any, document: Document) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    if _is_name(error):
        message = f"{shown(error.instance)} cannot be set in {subject(path)}: the runner sets it itself"
        yield problem(document.key((*path, error.instance)), "reserved-param", message, "remove it")
    else:
        excluded = error.validator_value["required"]
        yield _exclusive([key for key in error.instance if key in excluded], path, document)


def _lonely(error: Any, document: Document) -> Iterator[Problem]:
    key, other = error.validator_value
    place = document.key((*error.absolute_path, key))
    yield problem(place, "goes-with", f"'{key}' stands without '{other}'", f"remove it, or add '{other}'")


def _exclusive(given: list[str], path: Path, document: Document) -> Problem:
    """Return the problem of keys that exclude each other, at the second of them in the file."""
    place = document.key((*path, given[1]))
    return problem(place, "one-of", f"{listed(given)} exclude each other", "keep one of them")


def _any_of(error: Any, document: Document) -> Iterator[Problem]:
    """Tell the errors of the one branch whose type the value has, or that it has none of the types."""
    types: list[str] = []
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    for inners in branches.values():
        wrong = [inner for inner in inners if inner.validator == "type" and not inner.relative_path]
        if not wrong:
            return (found for inner in inners for found in tell(inner, document))
        types += [inner.validator_value for inner in wrong]
    return _wrong_type(error, document, types)


_TELLERS: dict[str, Callable[[Any, Document], Iterator[Problem]]] = {
    "additionalProperties": _unknown_key,
    "anyOf": _any_of,
    "const": _version,
    "dependencies": _lonely,
    "enum": _not_allowed,
    "maxItems": _too_long,
    "maxProperties": _too_long,
    "maximum": _bound,
    "minItems": _too_short,
    "minLength": _too_short,
    "minimum": _bound,
    "not": _not,
    "oneOf": _one_of,
    "pattern": _format,
    "propertyNames": _format,
    "required": _missing_key,
    "type": _wrong_type,
    "uniqueItems": _repeated,
}

"""Put what does not fit a schema into words that a model can act on: where, what is wanted, what stands there."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

LONGEST = 400
LONGEST_PLACE = 120
LONGEST_VALUE = 60
MOST_LISTED = 12

TYPES = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_TELLING_APART = frozenset({"type", "const", "enum"})
"""The keywords by which people tell the forms apart that a value may have."""


def tell(error: Any) -> Iterator[str]:
    """Yield what a `ValidationError` means; one may be several misfits."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        yield from _tell_forms(error)
        return
    yield cut(f"{_where(error)}: {_TELLERS[error.validator](error)}", LONGEST)


def shown(value: Any) -> str:
    """Return a value as JSON on one line, cut; of one that holds others only what it is."""
    if isinstance(value, dict | list):
        return TYPES["object" if isinstance(value, dict) else "array"]
    if isinstance(value, str):
        return json.dumps(cut(value, LONGEST_VALUE), ensure_ascii=False)
    return json.dumps(value)


def cut(text: str, longest: int) -> str:
    """Return a text, or where it is longer its beginning and `…`."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _where(error: Any) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else _member(step) for step in error.absolute_path)
    place = cut(f"${steps}", LONGEST_PLACE)
    return f"{place}, the key {shown(error.instance)}" if "propertyNames" in error.absolute_schema_path else place


def _member(key: str) -> str:
    return f".{key}" if key.isidentifier() else f"[{shown(key)}]"


def _listed(values: Iterable[Any], word: Callable[[Any], str] = shown) -> str:
    words = [word(value) for value in values]
    return ", ".join(words[:MOST_LISTED]) + (", …" if len(words) > MOST_LISTED else "")


def _tell_forms(error: Any) -> Iterator[str]:
    """Tell what is wrong with the form that the value seems to have, or which forms there are."""
    forms: dict[Any, list[Any]] = {}
    for inner in error.context:
        forms.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [inners for inners in forms.values() if not any(map(_tells_apart, inners))]
    if len(meant) == 1:
        yield from (words for inner in meant[0] for words in tell(inner))
        return
    types = [inners[0] for inners in forms.values() if inners[0].validator == "type" and not inners[0].relative_path]
    what = f"fits none of the {len(forms)} forms under {error.validator}"
    if len(types) == len(forms):
        what = _type(error, [name for inner in types for name in _names(inner.validator_value)])
    yield cut(f"{_where(error)}: {what}", LONGEST)


def _tells_apart(error: Any) -> bool:
    return error.validator in _TELLING_APART and len(error.relative_path) <= 1


def _names(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _type(error: Any, names: list[str] | None = None) -> str:
    wanted = dict.fromkeys(TYPES[name] for name in names or _names(error.validator_value))
    return f"must be {' or '.join(wanted)}, not {shown(error.instance)}"


def _enum(error: Any) -> str:
    return f"must be one of {_listed(error.validator_value, _written)}, not {shown(error.instance)}"


def _const(error: Any) -> str:
    return f"must be {_written(error.validator_value)}, not {shown(error.instance)}"


def _written(value: Any) -> str:
    """Return a value of a schema as JSON, cut."""
    return cut(json.dumps(value, ensure_ascii=False), LONGEST_VALUE)


def _bound(words: str) -> Callable[[Any], str]:
    return lambda error: f"must be {words} {shown(error.validator_value)}, not {shown(error.instance)}"


def _size(words: str, unit: str) -> Callable[[Any], str]:
    return lambda error: f"must have {words} {error.validator_value} {unit}, not {len(error.instance)}"


def _pattern(error: Any) -> str:
    return f"must match the pattern {shown(error.validator_value)}, and {shown(error.instance)} does not"


def _required(error: Any) -> str:
    return f"lacks {_listed(key for key in error.validator_value if key not in error.instance)}"


def _dependent(error: Any) -> str:
    wanted = (key for name, keys in error.validator_value.items() if name in error.instance for key in keys)
    return f"lacks {_listed(key for key in wanted if key not in error.instance)}, which goes with what it has"


def _contains(error: Any) -> str:
    least, most = error.schema.get("minContains", 1), error.schema.get("maxContains")
    bounds = f"at least {least}" if most is None else f"at least {least} and at most {most}"
    return f"must have {bounds} of the items that its schema's contains describes"


_TELLERS: Mapping[Any, Callable[[Any], str]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "multipleOf": _bound("a multiple of"),
    "minLength": _size("at least", "characters"),
    "maxLength": _size("at most", "characters"),
    "minItems": _size("at least", "items"),
    "maxItems": _size("at most", "items"),
    "minProperties": _size("at least", "keys"),
    "maxProperties": _size("at most", "keys"),
    "pattern": _pattern,
    "required": _required,
    "dependentRequired": _dependent,
    "contains": _contains,
    "minContains": _contains,
    "maxContains": _contains,
    "uniqueItems": lambda _: "stands in the array twice",
    "not": lambda error: "fits what it must not fit" if error.validator_value else "must not be there",
    "oneOf": lambda _: "fits several of the forms under oneOf, and must fit one",
}

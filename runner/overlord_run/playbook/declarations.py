"""Check what inputs declare, and whether a value fits a declaration."""

from collections.abc import Iterator, Mapping, Set
from typing import Any, get_args

from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Input, InputType
from overlord_run.playbook.names import is_reserved, listed, shown
from overlord_run.playbook.patterns import PatternError, is_in, parse_pattern
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import Path
from overlord_run.playbook.tellers import TYPES, type_of
from overlord_run.playbook.texts import Place
from overlord_run.playbook.written import how_to_write
from overlord_run.problem import Problem

KEYWORDS = ("enum", "pattern", "minimum", "maximum", "items")

_INPUT_TYPES: dict[str, InputType] = {name: name for name in get_args(InputType)}
_WORDS = {"file": TYPES["string"], "files": TYPES["array"]}
_VALUES = ("string", "integer", "number", "boolean", "array", "object")
_TYPES_WITH = {
    "default": _VALUES,
    "enum": _VALUES,
    "pattern": ("string",),
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
    "items": ("array",),
}


def build_inputs(fields: Fields) -> dict[str, Input]:
    """Return the inputs that the mapping under `inputs` declares, by name."""
    return {name: _input(name, declared) for name, declared in fields.named("inputs")}


def _input(name: str, fields: Fields) -> Input:
    return Input(
        name=name,
        type=_INPUT_TYPES.get(fields.string("type") or "", "string"),
        place=fields.key,
        description=fields.string("description") or "",
        required=not fields.has("default"),
        default=fields.content.get("default"),
        checks=_checks(fields.content),
    )


def check_declarations(fields: Fields, found: Set[Place]) -> Iterator[Problem]:
    """Find what makes no sense in the inputs that are declared under `inputs`.

    Args:
        fields: What holds `inputs`.
        found: Where problems are already; a declaration that holds one is left alone.
    """
    for name, declared in fields.named("inputs"):
        if is_reserved(name):
            yield problem(declared.key, "reserved-name", f"the name {shown(name)} is reserved", "choose another name")
        if declared.is_clear_of(found):
            broken = list(_check_keywords(declared))
            yield from broken or _check_values(declared)


def _check_keywords(declared: Fields) -> Iterator[Problem]:
    type_ = declared.content["type"]
    for keyword, types in _TYPES_WITH.items():
        if declared.has(keyword) and type_ not in types:
            message = f"an input of type {shown(type_)} takes no {shown(keyword)}"
            yield problem(declared.key_of(keyword), "input-declaration", message, "remove it")
    yield from _check_bounds(declared)
    yield from _check_pattern(declared)
    if declared.has("items"):
        yield from _check_keywords(declared.inner("items"))


def _check_bounds(declared: Fields) -> Iterator[Problem]:
    if declared.has("minimum") and declared.has("maximum"):
        least, most = declared.content["minimum"], declared.content["maximum"]
        if least > most:
            message = f"the minimum {shown(least)} is larger than the maximum {shown(most)}"
            yield problem(declared.place_of("minimum"), "input-declaration", message, "swap them")


def _check_pattern(declared: Fields) -> Iterator[Problem]:
    if declared.has("pattern"):
        source = declared.content["pattern"]
        try:
            parse_pattern(source)
        except PatternError as error:
            message = f"the pattern {shown(source)} {error}"
            yield problem(declared.place_of("pattern"), "input-declaration", message, "write it another way")


def _check_values(declared: Fields) -> Iterator[Problem]:
    """Find allowed values and a default that do not fit the rest of the declaration."""
    type_, checks = declared.content["type"], _checks(declared.content)
    others = {keyword: value for keyword, value in checks.items() if keyword != "enum"}
    for index, value in enumerate(checks.get("enum", ())):
        if reason := misfit(type_, others, value):
            path = (*declared.path, "enum", index)
            message = f"the allowed value {shown(value)} {reason}"
            yield problem(declared.document.place(path), "input-declaration", message, _how_to_mend(declared, path))
    if declared.has("default") and (reason := misfit(type_, checks, declared.content["default"])):
        hint = _how_to_mend(declared, (*declared.path, "default"))
        yield problem(declared.place_of("default"), "bad-default", f"the default {reason}", hint)


def _how_to_mend(declared: Fields, path: Path) -> str:
    """Return what to do about a value of a declaration that does not fit it."""
    document = declared.document
    hint = how_to_write(declared.content["type"], document.at(path), document.marks[path].written)
    return hint or "change it, or the declaration"


def _checks(content: Mapping[str, Any]) -> dict[str, Any]:
    return {keyword: content[keyword] for keyword in KEYWORDS if keyword in content}


def misfit(type_: str, checks: Mapping[str, Any], value: Any) -> str:
    """Return why a value does not fit an input, as the end of a sentence about it, or nothing.

    Args:
        type_: An input's type.
        checks: Its `enum pattern minimum maximum items`, without mistakes.
        value: A plain value.
    """
    if not _is_of_type(type_, value):
        return f"must be {_WORDS.get(type_) or TYPES[type_]}, not {type_of(value)}"
    if "enum" in checks and not any(_is_equal(value, allowed) for allowed in checks["enum"]):
        return f"must be one of {listed(checks['enum'])}"
    if "minimum" in checks and value < checks["minimum"]:
        return f"must be at least {checks['minimum']}"
    if "maximum" in checks and value > checks["maximum"]:
        return f"must be at most {checks['maximum']}"
    if "pattern" in checks:
        return "" if is_in(checks["pattern"], value) else f"must match the pattern {shown(checks['pattern'])}"
    return _items_misfit(checks["items"], value) if "items" in checks else ""


def _is_of_type(type_: str, value: Any) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    if type_ == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _CLASSES.get(type_, ()))


_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "file": (str,),
    "files": (list,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


def _is_equal(value: Any, allowed: Any) -> bool:
    return bool(value == allowed) and isinstance(value, bool) == isinstance(allowed, bool)


def _items_misfit(items: Mapping[str, Any], value: list[Any]) -> str:
    for index, item in enumerate(value):
        if reason := misfit(items["type"], _checks(items), item):
            return f"holds item {index + 1}, which {reason}"
    return ""

"""Read the JSON Schemas that ship with the runner, and check documents against them.

jsonschema tells a path, the document turns it into a place, and `tellers.py` puts each keyword into the user's words.
"""

import functools
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from overlord_run.errors import Problem
from overlord_run.playbook.rules import MAX_PROBLEMS
from overlord_run.playbook.source import Document
from overlord_run.playbook.tellers import tell
from overlord_run.shipped import shipped


def load(name: str) -> dict[str, Any]:
    """Return a JSON Schema that ships with the runner, such as `playbook` or `role`.

    Raises:
        FileNotFoundError: There is no schema of that name.
    """
    schema: dict[str, Any] = json.loads((shipped("schemas") / f"{name}.schema.json").read_text("utf-8"))
    return schema


def check(document: Document, name: str) -> list[Problem]:
    """Return what is wrong with a document by the schema of that name, in the schema's order."""
    errors = _validator(name).iter_errors(document.value)
    return list(islice((found for error in errors for found in tell(error, document)), MAX_PROBLEMS + 1))


@functools.cache
def _validator(name: str) -> Any:
    keywords = {
        "additionalProperties": _additional_properties,
        "dependencies": _dependencies,
        "items": _items,
        "pattern": _pattern,
        "required": _required,
        "uniqueItems": _unique_items,
    }
    return extend(Draft7Validator, keywords)(_without_references(load(name)))  # type: ignore[no-untyped-call]


def _without_references(schema: dict[str, Any]) -> dict[str, Any]:
    """Put each definition itself where a reference to it stands: following one takes longer than most checks."""
    found: list[tuple[Any, Any]] = []
    pending: list[Any] = [schema]
    while pending:
        part = pending.pop()
        children = part.items() if isinstance(part, dict) else enumerate(part)
        inner = [(key, value) for key, value in children if isinstance(value, dict | list)]
        found += [(part, key) for key, value in inner if "$ref" in value]
        pending += [value for _, value in inner]
    definitions = {f"#/definitions/{name}": definition for name, definition in schema.get("definitions", {}).items()}
    for part, key in found:
        part[key] = definitions[part[key]["$ref"]]
    return schema


def _additional_properties(
    validator: Any, inner: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Check each value of a mapping, unless the mapping is too large anyway."""
    if isinstance(instance, dict) and len(instance) <= schema.get("maxProperties", len(instance)):
        yield from Draft7Validator.VALIDATORS["additionalProperties"](validator, inner, instance, schema)


def _dependencies(validator: Any, dependencies: dict[str, Any], instance: Any, _: Any) -> Iterator[ValidationError]:
    """Find each key that stands without one it goes with; `validator_value` is the two of them."""
    if not isinstance(instance, dict):
        return
    for key, wanted in dependencies.items():
        if key in instance and isinstance(wanted, dict):
            yield from validator.descend(instance, wanted, schema_path=key)
        elif key in instance:
            for other in wanted:
                if other not in instance:
                    yield ValidationError("dependencies", validator_value=(key, other))


def _items(validator: Any, items: dict[str, Any], instance: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    """Check each item of a list, unless the list is too long anyway."""
    if isinstance(instance, list) and len(instance) <= schema.get("maxItems", len(instance)):
        for index, item in enumerate(instance):
            yield from validator.descend(item, items, path=index)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    """Check a pattern as ECMAScript does, whose `$` does not match before a line break at the end."""
    at_the_end = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(at_the_end, instance):
        yield ValidationError("pattern")


def _required(_: Any, required: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    """Find each key that is missing; `validator_value` is the key, which jsonschema tells in its message only."""
    if isinstance(instance, dict):
        for key in required:
            if key not in instance:
                yield ValidationError("required", validator_value=key)


def _unique_items(_: Any, __: bool, instance: Any, ___: Any) -> Iterator[ValidationError]:  # noqa: FBT001 - jsonschema's signature
    """Find each item that stands earlier in its list, in linear time: jsonschema compares all pairs of mixed types."""
    if not isinstance(instance, list):
        return
    seen: set[str] = set()
    for index, item in enumerate(instance):
        key = json.dumps(int(item) if isinstance(item, float) and item.is_integer() else item, sort_keys=True)
        if key in seen:
            yield ValidationError("uniqueItems", path=[index], instance=item)
        seen.add(key)

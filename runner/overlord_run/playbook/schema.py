"""Read the JSON Schemas that ship with the runner, and check documents against them.

jsonschema tells a path, the document turns it into a place, and `tellers.py` puts each keyword into the user's words.
"""

import functools
import json
from itertools import islice
from typing import Any

from overlord_run.playbook.keywords import validator_of
from overlord_run.playbook.rules import MAX_PROBLEMS
from overlord_run.playbook.source import Document
from overlord_run.playbook.tellers import tell
from overlord_run.problem import Problem
from overlord_run.shipped import shipped


def load(name: str) -> dict[str, Any]:
    """Return a JSON Schema that ships with the runner, such as `playbook` or `role`.

    Raises:
        FileNotFoundError: There is no schema of that name.
    """
    schema: dict[str, Any] = json.loads((shipped("schemas") / f"{name}.schema.json").read_text("utf-8"))
    return schema


def check(document: Document, name: str) -> list[Problem]:
    """Return what is wrong with a document by the schema of that name; of very much, more than is told."""
    errors = _validator(name).iter_errors(document.value)
    return list(islice((found for error in errors for found in tell(error, document)), MAX_PROBLEMS + 1))


@functools.cache
def _validator(name: str) -> Any:
    return validator_of(_without_references(load(name)))


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

"""Schemas with the places that a playbook gives them."""

import json
from typing import Any

from overlord_run.playbook.fields import schema_at
from overlord_run.playbook.source import read_yaml
from overlord_run.playbook.texts import Schema


def schema_of(content: Any) -> Schema:
    """Return a schema, written on one line as JSON."""
    return schema_in(json.dumps(content))


def schema_in(text: str) -> Schema:
    """Return the schema that a YAML text is."""
    return schema_at(read_yaml(text, "s.yml"), ())

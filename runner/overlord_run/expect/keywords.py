"""Know the keywords of JSON Schema, draft 2020-12: what each takes, which hold schemas, and which are not taken."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

Path = tuple[str | int, ...]
"""The keywords, keys and indexes that lead from a schema's root to a part of it."""

Takes = Literal[
    "anything",
    "count",
    "flag",
    "names",
    "names by name",
    "number",
    "pattern",
    "positive number",
    "reference",
    "schema",
    "schemas",
    "schemas by name",
    "schemas by pattern",
    "text",
    "types",
    "values",
]

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
DRAFT = "https://json-schema.org/draft/2020-12/schema"

KEYWORDS: Mapping[str, Takes] = {
    # any value
    "type": "types",
    "enum": "values",
    "const": "anything",
    # numbers
    "multipleOf": "positive number",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    # strings
    "minLength": "count",
    "maxLength": "count",
    "pattern": "pattern",
    # arrays
    "items": "schema",
    "prefixItems": "schemas",
    "contains": "schema",
    "minContains": "count",
    "maxContains": "count",
    "minItems": "count",
    "maxItems": "count",
    "uniqueItems": "flag",
    # objects
    "properties": "schemas by name",
    "patternProperties": "schemas by pattern",
    "additionalProperties": "schema",
    "propertyNames": "schema",
    "required": "names",
    "dependentRequired": "names by name",
    "dependentSchemas": "schemas by name",
    "minProperties": "count",
    "maxProperties": "count",
    # schemas that are put together
    "allOf": "schemas",
    "anyOf": "schemas",
    "oneOf": "schemas",
    "not": "schema",
    "if": "schema",
    "then": "schema",
    "else": "schema",
    "$ref": "reference",
    "$defs": "schemas by name",
    "definitions": "schemas by name",
    # words about a schema, which check nothing
    "$comment": "text",
    "$id": "text",
    "$schema": "text",
    "title": "text",
    "description": "text",
    "format": "text",
    "default": "anything",
    "examples": "values",
    "deprecated": "flag",
    "readOnly": "flag",
    "writeOnly": "flag",
    "contentEncoding": "text",
    "contentMediaType": "text",
    "contentSchema": "schema",
}

UNAVAILABLE: Mapping[str, str] = {
    "$anchor": "name the schema by its path: #/$defs/NAME",
    "$dynamicAnchor": "name the schema by its path: #/$defs/NAME",
    "$dynamicRef": "name the schema by its path: $ref: '#/$defs/NAME'",
    "$vocabulary": "leave it out",
    "unevaluatedItems": "write items: false beside prefixItems",
    "unevaluatedProperties": "write additionalProperties: false beside properties",
}
"""Keywords of the draft that are not taken, and what to write instead."""

OLDER: Mapping[str, str] = {
    "$recursiveAnchor": "leave it out",
    "$recursiveRef": "write $ref: '#'",
    "additionalItems": "write prefixItems for the first items, and items for the others",
    "dependencies": "write dependentRequired or dependentSchemas",
}
"""Keywords of older drafts, and what to write instead."""

_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})


def subschemas(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield a schema, and every schema in it, by their paths; what stands in a schema's place may be none."""
    yield path, node
    if isinstance(node, dict):
        for keyword, value in node.items():
            for step, inner in _inside(keyword, value):
                yield from subschemas(inner, (*path, keyword, *step))


def in_place(node: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of the schemas that one applies to the value that it is itself applied to, but for `$ref`."""
    for keyword in _IN_PLACE & node.keys() if isinstance(node, dict) else ():
        for step, _ in _inside(keyword, node[keyword]):
            yield (*path, keyword, *step)


def spelt_out(node: Any) -> Any:
    """Return a schema in which mappings stand for true and false: jsonschema loses the place of what false refuses."""
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    return {keyword: _spelt_out(KEYWORDS.get(keyword), value) for keyword, value in node.items()}


def _spelt_out(takes: Takes | None, value: Any) -> Any:
    match takes:
        case "schema":
            return spelt_out(value)
        case "schemas":
            return [spelt_out(inner) for inner in value]
        case "schemas by name" | "schemas by pattern":
            return {name: spelt_out(inner) for name, inner in value.items()}
    return value


def _inside(keyword: str, value: Any) -> Iterator[tuple[Path, Any]]:
    takes = KEYWORDS.get(keyword)
    if takes == "schema":
        yield (), value
    elif takes == "schemas" and isinstance(value, list):
        yield from (((index,), inner) for index, inner in enumerate(value))
    elif takes in ("schemas by name", "schemas by pattern") and isinstance(value, dict):
        yield from (((name,), inner) for name, inner in value.items())

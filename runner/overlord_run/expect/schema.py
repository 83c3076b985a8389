"""Find what is wrong with the schema of an `expect`, each problem at its line.

What is taken is draft 2020-12 without what leads out of the schema or in circles, so that a check always ends. Keywords
that the draft does not know check nothing; one may be misspelt, so they are told too.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from overlord_run.expect.keywords import DRAFT, KEYWORDS, OLDER, TYPES, UNAVAILABLE, Path, Takes, subschemas
from overlord_run.expect.references import check_references
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.patterns import PatternError, parse_pattern
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.tellers import type_of
from overlord_run.playbook.texts import Place, Schema
from overlord_run.problem import Problem

MAX_BYTES = 64 * 1024
"""Of a schema as JSON: it goes into each message that asks for it."""

_ROOT = ("$schema", "$id")


def check(playbook: Playbook) -> list[Problem]:
    """Return what is wrong with the schemas of a playbook, whose files have been read."""
    expects = [each.expect for each in playbook.assignments] + [each.expect for each in playbook.messages()]
    found = [each.schema for each in expects if each is not None and isinstance(each.schema, Schema)]
    schemas = {id(schema): schema for schema in found}
    told: dict[Problem, None] = {}
    for one in (one for schema in schemas.values() for one in check_schema(schema)):
        told[one] = None
        if len(told) == MAX_PROBLEMS:
            break
    return list(told)


def check_schema(schema: Schema) -> Iterator[Problem]:
    """Yield what is wrong with a schema."""
    size = len(json.dumps(schema.content, ensure_ascii=False).encode())
    if size > MAX_BYTES:
        message = f"the schema has {size:,} bytes as JSON; at most {MAX_BYTES:,} are allowed"
        yield problem(schema.key(()), "too-large", message, "make it smaller: it goes into each message")
        return
    known = dict(subschemas(schema.content))
    for path, node in known.items():
        yield from _check_node(schema, path, node)
    yield from check_references(schema, known)


def _check_node(schema: Schema, path: Path, node: Any) -> Iterator[Problem]:
    if isinstance(node, list) and path[-1:] == ("items",):
        message = "a list under 'items' is of an older draft"
        yield problem(schema.key(path), "schema-draft", message, "write prefixItems for it")
    elif not isinstance(node, dict | bool) or not (path or isinstance(node, dict)):
        message = f"a schema must be a mapping, not {type_of(node)}"
        yield problem(schema.place(path), "schema-keyword", message, "for example {type: string}")
    elif isinstance(node, dict):
        for keyword, value in node.items():
            yield from _check_keyword(schema, (*path, keyword), keyword, value)


def _check_keyword(schema: Schema, path: Path, keyword: str, value: Any) -> Iterator[Problem]:
    if keyword in UNAVAILABLE:
        message = f"{shown(keyword)} is not taken here"
        yield problem(schema.key(path), "schema-unavailable", message, UNAVAILABLE[keyword])
    elif keyword in OLDER:
        message = f"{shown(keyword)} is of an older draft"
        yield problem(schema.key(path), "schema-draft", message, OLDER[keyword])
    elif keyword in _ROOT:
        yield from _check_root_keyword(schema, path, keyword, value)
    elif keyword in KEYWORDS:
        yield from _check_value(schema, path, keyword, value)
    elif not keyword.startswith("x-"):
        message = f"the keyword {shown(keyword)} is not known, so it checks nothing"
        hint = did_you_mean(keyword, KEYWORDS) or "remove it, or begin it with x-"
        yield problem(schema.key(path), "schema-unknown", message, hint, "warning")


def _check_root_keyword(schema: Schema, path: Path, keyword: str, value: Any) -> Iterator[Problem]:
    if len(path) > 1:
        message = f"{shown(keyword)} inside of a schema is not taken here"
        yield problem(schema.key(path), "schema-unavailable", message, "leave it out, or write it at the top")
    elif keyword == "$schema" and value not in (DRAFT, f"{DRAFT}#"):
        message = f"the draft {shown(value)} is not understood; 2020-12 is"
        yield problem(schema.place(path), "schema-draft", message, f"leave $schema out, or write {DRAFT}")


def _check_value(schema: Schema, path: Path, keyword: str, value: Any) -> Iterator[Problem]:
    takes = KEYWORDS[keyword]
    if takes == "types":
        yield from _check_types(schema, path, value)
    elif takes in _FORMS and not _FORMS[takes][0](value):
        _, words, example = _FORMS[takes]
        message = f"{shown(keyword)} must be {words}"
        yield problem(schema.place(path), "schema-keyword", message, f"for example {keyword}: {example}")
    elif takes == "pattern":
        yield from _check_pattern(schema.place(path), value)
    elif takes == "schemas by pattern":
        for source in value:
            yield from _check_pattern(schema.key((*path, source)), source)


def _check_types(schema: Schema, path: Path, value: Any) -> Iterator[Problem]:
    names = value if isinstance(value, list) else [value]
    wrong = [name for name in names if name not in TYPES]
    if wrong or not names:
        message = f"'type' cannot be {shown(wrong[0])}" if wrong else "'type' names no type"
        near = did_you_mean(wrong[0], TYPES) if wrong and isinstance(wrong[0], str) else ""
        yield problem(schema.place(path), "schema-keyword", message, near or f"write one of {listed(TYPES)}")


def _check_pattern(place: Place, source: str) -> Iterator[Problem]:
    try:
        parse_pattern(source)
    except PatternError as error:
        message = f"the pattern {shown(source)} {error}"
        yield problem(place, "schema-keyword", message, "write it another way")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _are_names(value: Any) -> bool:
    is_texts = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return is_texts and len(set(value)) == len(value)


_FORMS: Mapping[Takes, tuple[Callable[[Any], bool], str, str]] = {
    "count": (_is_count, "a whole number from 0 on", "1"),
    "flag": (lambda value: isinstance(value, bool), "true or false", "true"),
    "names": (_are_names, "a list of texts, each once", "[decision]"),
    "names by name": (
        lambda value: isinstance(value, dict) and all(map(_are_names, value.values())),
        "a mapping of lists of texts",
        "{line: [file]}",
    ),
    "number": (_is_number, "a number", "1"),
    "pattern": (lambda value: isinstance(value, str), "text", "'^v[0-9]+$'"),
    "positive number": (lambda value: _is_number(value) and value > 0, "a number above 0", "5"),
    "reference": (lambda value: isinstance(value, str), "text", "'#/$defs/finding'"),
    "schemas": (lambda value: isinstance(value, list) and bool(value), "a list of schemas", "[{type: string}]"),
    "schemas by name": (lambda value: isinstance(value, dict), "a mapping of schemas", "{line: {type: integer}}"),
    "schemas by pattern": (lambda value: isinstance(value, dict), "a mapping of schemas", "{'^x-': {type: string}}"),
    "text": (lambda value: isinstance(value, str), "text", "what it is for"),
    "values": (lambda value: isinstance(value, list) and bool(value), "a list that is not empty", "[ship, hold]"),
}
"""What each kind of keyword takes: whether a value is that, what it is in words, and an example."""

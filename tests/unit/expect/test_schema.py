import re
from pathlib import Path

import pytest

from overlord_run.expect import rules
from overlord_run.expect.keywords import DRAFT
from overlord_run.expect.schema import MAX_BYTES, check, check_schema
from overlord_run.playbook.rules import MAX_PROBLEMS
from playbook_kit import parse
from unit.expect.schemas import schema_in

OUTSIDE = "copy what it names under $defs, and write #/$defs/NAME"
BY_PATH = "write #, or a path such as #/$defs/NAME"
TYPES = "write one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'"
BELOW = "refer to it below properties or items"
ITSELF = "refers to itself, and never goes into the value"

PLAYBOOK = """\
overlord: 1
name: council
roles: {critic: {system: You review., task: Begin.}}
assignments:
  - {slot: alder, role: critic, expect: {schema: &wrong {type: text}}}
  - {slot: birch, role: critic, expect: {schema: *wrong}}
  - {slot: oak, role: critic}
redirects:
  - {id: rank, to: all, message: Rank., expect: {schema: {minimum: low}}}
  - {id: close, to: all, message: Close.}
"""


def problems(text: str) -> list[str]:
    return [str(problem).removeprefix("s.yml:") for problem in check_schema(schema_in(text))]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        f"{{$schema: '{DRAFT}', $id: 'urn:x', title: A, description: B, format: date, x-note: [], default: 1}}",
        f"$schema: {DRAFT}#",
        "{properties: {type: {type: [string, 'null']}, $ref: {}}, required: [], minLength: 2.0, examples: [1]}",
        "{$defs: {a/b~c: {$ref: '#/$defs/list'}, list: {prefixItems: [true]}}, items: {$ref: '#/$defs/a~1b~0c'}}",
        "{anyOf: [{properties: {a: {$ref: '#'}}}, {$ref: '#/anyOf/0'}], $comment: x}",
        "{$defs: {'a b': {}}, $ref: '#/$defs/a%20b'}",
        "{definitions: {a: {}}, $ref: '#/definitions/a'}",
        "{items: {$ref: '#'}, contentSchema: {}}",
    ],
)
def test_a_schema_is_taken(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "place", "rule", "message", "hint"),
    [
        ("type: strng", "1:7", "schema-keyword", "'type' cannot be 'strng'", "did you mean 'string'?"),
        ("type: [string, 5]", "1:7", "schema-keyword", "'type' cannot be 5", TYPES),
        ("type: []", "1:7", "schema-keyword", "'type' names no type", TYPES),
        ("type:", "1:1", "schema-keyword", "'type' cannot be nothing", TYPES),
        (
            "minLength: -1",
            "1:12",
            "schema-keyword",
            "'minLength' must be a whole number from 0 on",
            "for example minLength: 1",
        ),
        (
            "minItems: 1.5",
            "1:11",
            "schema-keyword",
            "'minItems' must be a whole number from 0 on",
            "for example minItems: 1",
        ),
        ("maximum: '5'", "1:10", "schema-keyword", "'maximum' must be a number", "for example maximum: 1"),
        (
            "exclusiveMinimum: true",
            "1:19",
            "schema-keyword",
            "'exclusiveMinimum' must be a number",
            "for example exclusiveMinimum: 1",
        ),
        (
            "multipleOf: 0",
            "1:13",
            "schema-keyword",
            "'multipleOf' must be a number above 0",
            "for example multipleOf: 5",
        ),
        (
            "required: true",
            "1:11",
            "schema-keyword",
            "'required' must be a list of texts, each once",
            "for example required: [decision]",
        ),
        (
            "required: [a, a]",
            "1:11",
            "schema-keyword",
            "'required' must be a list of texts, each once",
            "for example required: [decision]",
        ),
        (
            "dependentRequired: {a: b}",
            "1:20",
            "schema-keyword",
            "'dependentRequired' must be a mapping of lists of texts",
            "for example dependentRequired: {line: [file]}",
        ),
        (
            "enum: []",
            "1:7",
            "schema-keyword",
            "'enum' must be a list that is not empty",
            "for example enum: [ship, hold]",
        ),
        (
            "uniqueItems: 1",
            "1:14",
            "schema-keyword",
            "'uniqueItems' must be true or false",
            "for example uniqueItems: true",
        ),
        ("title: 5", "1:8", "schema-keyword", "'title' must be text", "for example title: what it is for"),
        (
            "anyOf: []",
            "1:8",
            "schema-keyword",
            "'anyOf' must be a list of schemas",
            "for example anyOf: [{type: string}]",
        ),
        (
            "properties: []",
            "1:13",
            "schema-keyword",
            "'properties' must be a mapping of schemas",
            "for example properties: {line: {type: integer}}",
        ),
        (
            "patternProperties: 5",
            "1:20",
            "schema-keyword",
            "'patternProperties' must be a mapping of schemas",
            "for example patternProperties: {'^x-': {type: string}}",
        ),
        (
            "properties:\n  a: string",
            "2:6",
            "schema-keyword",
            "a schema must be a mapping, not text",
            "for example {type: string}",
        ),
        ("pattern: 5", "1:10", "schema-keyword", "'pattern' must be text", "for example pattern: '^v[0-9]+$'"),
        ("pattern: (a", "1:10", "schema-keyword", "the pattern '(a' cannot be read: missing )", "write it another way"),
        (
            "patternProperties: {(?=a): {}}",
            "1:21",
            "schema-keyword",
            "the pattern '(?=a)' cannot be read: invalid perl operator",
            "write it another way",
        ),
        ("$ref: 5", "1:7", "schema-keyword", "'$ref' must be text", "for example $ref: '#/$defs/finding'"),
        (
            "$ref: https://example.com/s.json",
            "1:7",
            "schema-reference",
            "'$ref' leads out of the schema, to 'https://example.com/s.json'",
            OUTSIDE,
        ),
        (
            "$ref: other.json#/a",
            "1:7",
            "schema-reference",
            "'$ref' leads out of the schema, to 'other.json#/a'",
            OUTSIDE,
        ),
        ("$ref: '#a'", "1:7", "schema-reference", "'$ref' names an anchor, '#a'", BY_PATH),
        (
            "{$ref: '#/$defs/fnding', $defs: {finding: {}}}",
            "1:8",
            "schema-reference",
            "'$ref' leads nowhere: there is no '#/$defs/fnding'",
            "did you mean 'finding'?",
        ),
        (
            "{$ref: '#/allOf/1', allOf: [{}]}",
            "1:8",
            "schema-reference",
            "'$ref' leads nowhere: there is no '#/allOf/1'",
            BY_PATH,
        ),
        (
            "{$ref: '#/allOf/x', allOf: [{}]}",
            "1:8",
            "schema-reference",
            "'$ref' leads nowhere: there is no '#/allOf/x'",
            BY_PATH,
        ),
        (
            "{$ref: '#/required', required: [a]}",
            "1:8",
            "schema-reference",
            "'$ref' leads to what is no schema, '#/required'",
            BY_PATH,
        ),
        ("$ref: '#'", "1:7", "schema-reference", f"the schema at '#' {ITSELF}", BELOW),
        (
            "{items: {$ref: '#/$defs/a'}, $defs: {a: {anyOf: [{not: {$ref: '#/$defs/a'}}]}}}",
            "1:63",
            "schema-reference",
            f"the schema at '#/$defs/a/anyOf/0/not' {ITSELF}",
            BELOW,
        ),
        (
            "$schema: http://json-schema.org/draft-07/schema#",
            "1:10",
            "schema-draft",
            "the draft 'http://json-schema.org/draft-07/schema#' is not understood; 2020-12 is",
            f"leave $schema out, or write {DRAFT}",
        ),
        ("items: [{}]", "1:1", "schema-draft", "a list under 'items' is of an older draft", "write prefixItems for it"),
        (
            "additionalItems: false",
            "1:1",
            "schema-draft",
            "'additionalItems' is of an older draft",
            "write prefixItems for the first items, and items for the others",
        ),
        (
            "items: {$id: a}",
            "1:9",
            "schema-unavailable",
            "'$id' inside of a schema is not taken here",
            "leave it out, or write it at the top",
        ),
        (
            "unevaluatedProperties: false",
            "1:1",
            "schema-unavailable",
            "'unevaluatedProperties' is not taken here",
            "write additionalProperties: false beside properties",
        ),
        (
            "requird: [a]",
            "1:1",
            "schema-unknown",
            "the keyword 'requird' is not known, so it checks nothing",
            "did you mean 'required'?",
        ),
        (
            "zzz: 1",
            "1:1",
            "schema-unknown",
            "the keyword 'zzz' is not known, so it checks nothing",
            "remove it, or begin it with x-",
        ),
    ],
)
def test_what_is_wrong_with_a_schema_is_told_at_its_place(
    text: str, place: str, rule: str, message: str, hint: str
) -> None:
    severity = "warning" if rule == "schema-unknown" else "error"
    assert problems(text) == [f"{place}: {severity}: {message} ({hint}) [{rule}]"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problems("{type: a, minLength: a, items: {type: b, $ref: '#/c'}}")) == 4


def test_a_schema_is_not_larger_than_what_a_message_should_hold() -> None:
    (found,) = problems(f"description: {'x' * MAX_BYTES}")
    assert found == (
        "1:1: error: the schema has 65,555 bytes as JSON; at most 65,536 are allowed "
        "(make it smaller: it goes into each message) [too-large]"
    )


def test_every_schema_of_a_playbook_is_looked_at_and_a_shared_one_told_once() -> None:
    found = check(parse(PLAYBOOK.encode(), "p.yml"))
    assert [(problem.line, problem.message) for problem in found] == [
        (5, "'type' cannot be 'text'"),
        (9, "'minimum' must be a number"),
    ]


def test_of_very_many_problems_the_first_are_told() -> None:
    wrong = "".join(f"{{type: a{at}}}, " for at in range(300))
    assert (
        len(check(parse(PLAYBOOK.replace("{minimum: low}", f"{{anyOf: [{wrong}]}}").encode(), "p.yml"))) == MAX_PROBLEMS
    )


def test_every_rule_is_a_sentence_and_is_told() -> None:
    text = "".join(path.read_text("utf-8") for path in Path(rules.__file__).parent.glob("*.py") if path.stem != "rules")
    told = set(re.findall(r'"(schema-[a-z]+)"', text))
    assert told == rules.RULES.keys()
    assert [
        rule for rule, sentence in rules.RULES.items() if not (sentence[0].isupper() and sentence.endswith("."))
    ] == []

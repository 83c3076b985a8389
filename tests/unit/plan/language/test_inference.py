from collections.abc import Mapping

import pytest

from overlord_run.plan.language.kinds import (
    BOOLEAN,
    KEY,
    NUMBER,
    REPLY,
    REPLY_WITHOUT_JSON,
    TEXT,
    Known,
    either,
    kind_of,
    list_of,
    value_in,
)
from overlord_run.plan.language.templates import Wanted, impossible
from overlord_run.playbook.texts import Place, Text

REPLIES: Known = {"alder": REPLY_WITHOUT_JSON, "oak": REPLY_WITHOUT_JSON}
KNOWN: Mapping[str, Known] = {
    "any": None,
    "file": {"path": TEXT, "text": TEXT},
    "files": list_of({"path": TEXT, "text": TEXT}),
    "flag": BOOLEAN,
    "given": {"a": TEXT, "items": TEXT},
    "mixed": {"a": TEXT, "b": NUMBER},
    "names": list_of(TEXT),
    "namespace": None,
    "number": NUMBER,
    "previous": {"rank": REPLIES},
    "range": None,
    "rank": REPLIES,
    "text": TEXT,
    "verdict": {"alder": REPLY, "oak": REPLY_WITHOUT_JSON},
}
KEYS = "going through a mapping gives its keys: take its pairs (… | items) or its values (….values())"
A_CALL = "a macro or a function is called: name()"
A_METHOD = "it is a method, call it: name()"
BRACES = "correct what stands between the braces"
LISTS = "of a mapping take its pairs: … | items; of one value make a list: [value]"
NO_EXPECT = "give its message an 'expect' with the schema of the answer"
NOT_TAKEN_APART = "a key of a mapping is not taken apart into 2"
OF_A_PAIR = "it is taken apart into a key and a value"
TILDE = "`~` joins any two values as texts"
BY_NAME = "read it by a name, or go through its values (….values())"


def told(source: str, wanted: Wanted = "text") -> list[str]:
    found = impossible(Text(source, Place("f", 1, 1)), KNOWN, wanted)
    return [f"{one.rule}: {one.message} ({one.hint})" for one in found]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        # a loop over a mapping
        (
            "{% for r in rank %}{{ r.text }}{% endfor %}",
            f"unknown-attribute: a key of a mapping has no 'text' ({KEYS})",
        ),
        ("{% for slot, r in rank %}{{ r }}{% endfor %}", f"template-error: {NOT_TAKEN_APART} ({KEYS})"),
        (
            "{% for a, b, c in rank | items %}{% endfor %}",
            f"template-error: a pair is not taken apart into 3 ({OF_A_PAIR})",
        ),
        (
            "{% for r in rank.values %}{{ r }}{% endfor %}",
            f"template-error: a loop needs a list or a mapping, not something that is no value ({A_METHOD})",
        ),
        (
            "{% for r in rank | length %}{% endfor %}",
            "template-error: a loop needs a list or a mapping, not a number (what stands behind 'in' is a number)",
        ),
        ("{{ (rank | first).text }}", f"unknown-attribute: a key of a mapping has no 'text' ({KEYS})"),
        ("{{ rank | map(attribute='text') | join }}", f"unknown-attribute: a key of a mapping has no 'text' ({KEYS})"),
        ("{{ rank | selectattr('cut') }}", f"unknown-attribute: a key of a mapping has no 'cut' ({KEYS})"),
        ("{{ rank | join(', ', 'text') }}", f"unknown-attribute: a key of a mapping has no 'text' ({KEYS})"),
        ("{{ rank.keys() | sort(attribute='text') }}", f"unknown-attribute: a key of a mapping has no 'text' ({KEYS})"),
        # what is reached by a loop, by `set`, by `with`
        (
            "{% for slot, r in rank | items %}{{ r.json }}{% endfor %}",
            f"unknown-attribute: the reply has no 'json' ({NO_EXPECT})",
        ),
        (
            "{% for r in rank.values() if r.ct %}{{ r }}{% endfor %}",
            "unknown-attribute: the reply has no 'ct' (did you mean 'cut'?)",
        ),
        (
            "{{ rank.values() | map(attribute='txt') }}",
            "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)",
        ),
        ("{{ (rank | items)[0][1].txt }}", "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)"),
        ("{{ (rank | items)[0][2] }}", "unknown-attribute: it has no element 2, only 2 (the first is 0)"),
        ("{{ rank[any].txt }}", "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)"),
        ("{% set r = rank.alder %}{{ r.txt }}", "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)"),
        ("{% set a, b = names %}{{ b.x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{% set t %}x{% endset %}{{ t.x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        (
            "{% with r = rank %}{{ r.aldr }}{% endwith %}",
            "unknown-attribute: a mapping has no 'aldr' (did you mean 'alder'?)",
        ),
        (
            "{% with r = given %}{{ r.x }}{% endwith %}",
            "unknown-attribute: a mapping has no 'x' (there are: 'a', 'items')",
        ),
        (
            "{% if flag %}{% set r = rank.alder %}{{ r.txt }}{% endif %}",
            "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)",
        ),
        (
            "{% for x in names %}{{ loop.indx }}{% endfor %}",
            "unknown-attribute: a mapping has no 'indx' (did you mean 'index'?)",
        ),
        (
            "{% macro m(x) %}{{ text.x }}{% endmacro %}",
            "unknown-attribute: text has no 'x' (what is read here is text)",
        ),
        ("{% call any() %}{{ text.x }}{% endcall %}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        (
            "{% filter upper %}{{ text.x }}{% endfilter %}",
            "unknown-attribute: text has no 'x' (what is read here is text)",
        ),
        (
            "{% for x in any %}{% else %}{{ text.x }}{% endfor %}",
            "unknown-attribute: text has no 'x' (what is read here is text)",
        ),
        ("{% if any %}{% elif text.x %}{% endif %}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        # kinds of inputs and constants
        ("{{ files.path }}", "unknown-attribute: a list has no 'path' (what is read here is a list)"),
        (
            "{% for f in files %}{{ f.txt }}{% endfor %}",
            "unknown-attribute: a mapping has no 'txt' (did you mean 'text'?)",
        ),
        ("{{ files[0].txt }}", "unknown-attribute: a mapping has no 'txt' (did you mean 'text'?)"),
        ("{{ text['x'] }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ rank[0] }}", f"unknown-attribute: a mapping has no elements by number ({BY_NAME})"),
        ("{{ rank[number] }}", f"unknown-attribute: a mapping has no elements by number ({BY_NAME})"),
        (
            "{{ number[any + 0] }}{{ number[0] }}",
            "unknown-attribute: a number has no elements by number (what is read here is a number)",
        ),
        ("{{ rank[:2] }}", "template-error: a mapping has no slices (slices are of texts and lists)"),
        # methods, filters, operators
        ("{{ text.upper }}", f"template-error: this is not a value ({A_CALL})"),
        ("{{ text.upper | as_data }}", f"template-error: this is not a value ({A_CALL})"),
        ("{{ 'x' ~ text.upper }}", f"template-error: this is not a value ({A_CALL})"),
        ("{{ rank.alder.text() }}", "template-error: text cannot be called (leave out the parentheses)"),
        ("{{ number() }}", "template-error: a number cannot be called (leave out the parentheses)"),
        ("{{ given.items() }}", "template-error: text cannot be called (leave out the parentheses)"),
        ("{{ text.split().x }}", "unknown-attribute: a list has no 'x' (what is read here is a list)"),
        ("{{ text.upper().x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ (text | reverse).x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ (names | sort | last).x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        (
            "{{ names | map('upper') | map(attribute='x') }}",
            "unknown-attribute: text has no 'x' (what is read here is text)",
        ),
        ("{{ names | map('items') }}", f"template-error: `items` needs a mapping, not text ({BRACES})"),
        (
            "{{ number | map(attribute='x') }}",
            "template-error: a loop needs a list or a mapping, not a number (what stands behind 'in' is a number)",
        ),
        ("{{ number | sort }}", f"template-error: this filter needs a list, not a number ({BRACES})"),
        ("{{ text | items }}", f"template-error: `items` needs a mapping, not text ({BRACES})"),
        (
            "{{ flag | length }}",
            f"template-error: `length` needs text, a list or a mapping, not true or false ({BRACES})",
        ),
        ("{{ text | round }}", f"template-error: `round` needs a number, not text ({BRACES})"),
        ("{{ 'n ' + number }}", f"template-error: `+` does not go with text and a number ({TILDE})"),
        ("{{ rank + [1] }}", f"template-error: `+` does not go with a mapping and a list ({TILDE})"),
        ("{{ -text }}", f"template-error: `-` does not go with a number and text ({TILDE})"),
        ("{{ 1 < text < any }}", f"template-error: a number and text have no order ({BRACES})"),
        ("{{ any == (number in text) }}", f"template-error: a number cannot be looked for in text ({BRACES})"),
        ("{{ (text if any else text).x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ (text or text).x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ [text, text][0].x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ (number, text)[1].x }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        (
            "{% with r = rank %}{{ r.keys }}{% endwith %}",
            f"template-error: this is not a value ({A_CALL})",
        ),
        ("{{ text.upper().x.y is defined }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ {'a': text.x.y} }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ any | default(text.x.y) }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ (text.x or text) }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        (
            "{{ rank.values() | selectattr('txt', 'eq', 'a') }}",
            "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)",
        ),
        (
            "{{ rank.values() | selectattr('cut', 'eq', flag) | map(attribute='txt') }}",
            "unknown-attribute: the reply has no 'txt' (did you mean 'text'?)",
        ),
        ("{{ any is eq(text.x) }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ any.m(text.x, y=1) }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
        ("{{ text[: text.x] }}", "unknown-attribute: text has no 'x' (what is read here is text)"),
    ],
)
def test_what_can_never_work_is_told(source: str, message: str) -> None:
    assert told(source) == [message]


@pytest.mark.parametrize(
    "source",
    [
        "no template",
        "{% for slot, r in rank | items %}{{ slot }}{{ r.text.upper() | as_data }}{{ r.model }}{{ r[:9] }}{% endfor %}",
        "{% for slot, r in verdict | items %}{{ r.json.decision }}{% endfor %}{{ verdict[any].json[0].x }}",
        "{% for r in rank %}{{ r }}{{ rank[r].text }}{{ r.upper() }}{% endfor %}",
        "{% for r in rank.values() %}{{ loop.index }}{{ loop.previtem.x }}{{ loop.cycle('a', 'b').x }}{% endfor %}",
        "{{ rank.values() | map(attribute='text') | join }} {{ rank.values() | map('upper') | list }}",
        "{{ rank.values() | map(attribute='x', default='') }} {{ rank.values() | selectattr('x', 'defined') }}",
        "{{ verdict.values() | map(attribute='json.0') }} {{ files | map(attribute='path') | first }}",
        "{{ names | map(any) }}",
        "{{ rank.values() | map(attribute=any) }} {{ names | sort | unique | join(', ') }} {{ names | sum }}",
        "{{ rank.get('alder').x }} {{ rank.keys() | first }} {{ rank | length }} {{ rank | as_data }} {{ rank }}",
        "{{ given.items }} {{ given | items }} {{ (given | items)[0] }} {{ (given | items)[any] }}",
        "{{ mixed[any].x }} {% for name, v in mixed | items %}{{ v.x }}{% endfor %}",
        "{{ text[0] }} {{ text[-1] }} {{ text[:3] }} {{ names[:2][0] }} {{ text[any] }}",
        "{{ any[number] }} {{ none[0] }} {{ names[1.5] }} {{ rank[none] }}",
        "{{ 'n ' ~ number }} {{ 'a' * 3 }} {{ -number }} {{ 1 / number }} {{ any + text }}{{ [1] + names }}{{ none }}",
        "{{ text == number }} {{ text in names }} {{ 'a' in rank }} {{ not text }}{{ any < text }}{{ names < names }}",
        # asked first, or with a fallback
        "{% if text is mapping %}{{ text.x }}{% endif %} {{ given.a.x if given.a is mapping }}",
        "{% for r in rank.values() %}{% if r.json is defined %}{{ r.json }}{% endif %}{{ r.x | d('') }}{% endfor %}",
        "{{ (rank | first).x is defined }} {{ (rank | first).x | d('') }} {{ any is string }}",
        "{% for f in files %}{% if 'note' in f %}{{ f.note }}{% endif %}{{ 'x' not in any.m() }}{% endfor %}",
        "{% for f in files %}{% if f.note | default('') %}{{ f.note }}{% endif %}{% endfor %}",
        "{% for r in rank.values() %}{% set j = r.json %}{% if j is defined %}{{ j.x }}{% endif %}{% endfor %}",
        "{% for r in rank.values() %}{% with j = r.json %}{{ j | d('none') }}{% endwith %}{% endfor %}",
        # only handed on, or left out
        "{% macro m(x, y) %}{{ x | d(y) }}{% endmacro %}{% for f in files %}{{ m(f.note, y=f.x) }}{% endfor %}",
        "{% for f in files %}{{ f.text or f.note }}{{ f.note if any else f.text }}{{ flag and f.note }}{% endfor %}",
        "{% for f in files %}{{ [f.note, f.text] | select('defined') | first }}{{ {'a': f.note}.b }}{% endfor %}",
        "{% for f in files %}{{ (f.note, f.text)[1].x is defined }}{{ any | d(f.note) }}{% endfor %}",
        "{{ files | selectattr('note') }}{{ files | rejectattr('note') | map(attribute='note') }}",
        "{{ rank.values() | selectattr('json', 'defined') | map(attribute='json.x') | sum }}",
        "{{ files | map(attribute='note') | select('defined') | join }}",
        "{{ files | map(attribute='note') | map('default', '-') }}{{ files | map(attribute='x') | map('d') }}",
        "{% for x in files | map(attribute='note') if x is defined %}{{ x }}{% endfor %}",
        "{{ names | select('mapping') | map(attribute='x') }}{{ names | select(any) | map(attribute=any) }}",
        # of two kinds, or given anew
        "{% set x = text %}{{ x }}{% set x = file %}{{ x.path }}",
        "{% if any %}{% set x = text %}{% endif %}{{ x.y }} {% set text = any %}{{ text.y }}",
        "{% for x in names %}{% set x = any %}{{ x.y }}{% endfor %} {% set y | upper %}x{% endset %}{{ y.x }}",
        "{{ (text if any else number).x }} {{ (text if any).x }} {{ [text, number][0].x }} {{ (text or any).x }}",
        # what is not followed
        "{% macro m(x) %}{{ x.y }}{{ caller() }}{% endmacro %}{{ m(text).x }}{% call(y) m(1) %}{{ y.x }}{% endcall %}",
        "{% set ns = namespace(n=1) %}{% set ns.n = text %}{{ ns.n.x }} {% for i in range(3) %}{{ i + 1 }}{% endfor %}",
        "{% set range = any %}{{ range(3).x }} {% for a, b in files %}{{ a.x }}{% endfor %}",
        "{% for a, b in any %}{{ a.x }}{% endfor %}",
        "{{ {'a': 1}.b }} {{ 1.5 | round }} {{ nobody.x }} {{ text.x.y.z if text.x is defined }}",
        # told by who knows the names
        "{{ rank.aldr.text }} {{ rank.alder.txt }} {{ previous.rnk }} {{ rank.aldr() }} {{ rank['aldr'] }}",
        # wrong by itself
        "{{ text.x | upperr }} {{ text.x",
        "{{ text.x | upperr }}",
        "{{ " + "(" * 80 + "text.x" + ")" * 80 + " }}",
        "{{ " + "any + " * 300 + "text.x }}",
    ],
)
def test_what_may_work_is_not_told(source: str) -> None:
    assert told(source) == []


@pytest.mark.parametrize(
    ("source", "wanted", "message"),
    [
        (
            "text",
            "condition",
            "template-error: a condition must be true or false, and this is text (compare it with something)",
        ),
        (
            "rank",
            "condition",
            "template-error: a condition must be true or false, and this is a mapping (compare it with something)",
        ),
        (
            "text",
            "list",
            f"not-a-list: a list is needed here, and this is text ({LISTS})",
        ),
        ("rank.values", "value", f"template-error: this is not a value ({A_CALL})"),
        ("text.x", "value", "unknown-attribute: text has no 'x' (what is read here is text)"),
    ],
)
def test_an_expression_that_can_never_give_what_is_wanted_is_told(source: str, wanted: Wanted, message: str) -> None:
    assert told(source, wanted) == [message]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("any", "condition"),
        ("text == 'x' and not flag", "condition"),
        ("number and flag", "condition"),
        ("rank | length and true", "condition"),
        ("[1, true] | last", "condition"),
        ("rank.alder.startswith('x')", "condition"),
        ("text is defined", "condition"),
        ("any", "list"),
        ("rank.values()", "list"),
        ("range(3)", "list"),
        ("any", "value"),
        ("rank", "value"),
    ],
)
def test_an_expression_that_may_give_what_is_wanted_is_not_told(source: str, wanted: Wanted) -> None:
    assert told(source, wanted) == []


def test_the_line_is_that_of_what_is_wrong() -> None:
    found = impossible(Text("one\n{% for r in rank %}\n{{ r.text }}{% endfor %}", Place("f", 7, 3)), KNOWN, "text")
    assert [(one.line, one.column) for one in found] == [(9, 3)]


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        ([], None),
        ([TEXT, TEXT], TEXT),
        ([TEXT, KEY], None),
        ([NUMBER, BOOLEAN], None),
        ([list_of(NUMBER), list_of(BOOLEAN)], None),
        ([TEXT, None], None),
        ([REPLY_WITHOUT_JSON, REPLY], REPLY),
        ([REPLY, TEXT], None),
        ([{"a": TEXT, "b": TEXT}, {"a": TEXT, "b": NUMBER}], {"a": TEXT, "b": None}),
        ([{"a": TEXT}, {"b": TEXT}], None),
        ([{"a": TEXT}, TEXT], None),
        ([list_of(TEXT), list_of(TEXT)], list_of(TEXT)),
    ],
)
def test_of_a_value_that_is_one_of_several_is_known_what_holds_for_each(several: list[Known], expected: Known) -> None:
    assert either(several) == expected


def test_of_very_many_values_nothing_is_known() -> None:
    assert value_in({f"v{number}": TEXT for number in range(101)}) is None


def test_a_constant_tells_its_kind() -> None:
    value = {"a": ["x", "y"], "b": [1, "x"], "c": True, "d": 1.5, "e": None}
    assert kind_of(value) == {"a": list_of(TEXT), "b": list_of(None), "c": BOOLEAN, "d": NUMBER, "e": None}

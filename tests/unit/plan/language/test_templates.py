import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from overlord_run.plan.language.meter import MAX_OUTPUT_BYTES
from overlord_run.plan.language.templates import ReplyText, TemplateError, evaluate, read, render
from overlord_run.problem import Problem
from unit.plan.councils import FILE, reply, text
from unit.plan.language import bombs, escapes

UNREAD = "this cannot be read: "
LOOKING = (
    "Jinja was looking for the following tags: 'elif' or 'else' or 'endif'. "
    "The innermost block that needs to be closed is 'if'"
)
CALLER = 'when defining macros or call blocks the special "caller" argument must be omitted or be given a default'
SECONDS = 5
MEBIBYTES = 160


class Broken(dict[str, object]):
    """A mapping with a bug, as one of ours could have."""

    def __contains__(self, key: object) -> bool:
        raise ValueError(self.__doc__)

    def __iter__(self) -> Iterator[str]:
        raise TypeError(self.__doc__)


def problem_of(source: str, scope: dict[str, object] | None = None, *, bare: bool = False) -> Problem:
    with pytest.raises(TemplateError) as caught:
        (evaluate if bare else render)(text(source), scope or {})
    return caught.value.problem


def without_hint(problem: Problem) -> str:
    return str(replace(problem, hint=""))


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("A {{ a }}.", "A x."),
        ("no marks at all\n", "no marks at all\n"),
        ("{{ a }}\n", "x\n"),
        ("one\n{% if a %}\n  two\n{% endif %}\nthree\n", "one\n  two\nthree\n"),
        ("  {% set b = 1 %}\n{{ b }}", "1"),
        ("a {# a note #}b", "a b"),
        ("{{ true }} {{ none }} {{ 1.5 }} {{ [1, 'é'] }} {{ {'a': false} }}", 'true null 1.5 [1, "é"] {"a": false}'),
        ("{{ range(3) }}", "[0, 1, 2]"),
        ("{{ 'a' if false }}|{{ 'a' if true }}|{{ 'a' if false else 'b' }}", "|a|b"),
        ("{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 'a' in a }} {{ 'x' not in a }}", "true false false false"),
        ("{{ a ~ 1 ~ [2] }}", "x1[2]"),
        ("{{ 'abc'[1:] }}{{ [1, 2, 3][:2] }}{{ range(9)[::4] }}", "bc[1, 2][0, 4, 8]"),
        ("{{ (1 + 2) * 3 - 8 // 3 + 7 % 4 }} {{ 1 / 4 }} {{ -5 }} {{ +2 }}", "10 0.25 -5 2"),
        ("{{ [1] + [2] }} {{ 'ab' * 2 }} {{ a + 'b' }}", "[1, 2] abab xb"),
        ("{% for x in [1, 2, 3] if x != 2 %}{{ x }}{% else %}none{% endfor %}", "13"),
        ("{% for x in [] %}{{ x }}{% else %}none{% endfor %}", "none"),
        ("{% for x in 'ab' %}{{ loop.index }}{{ x }}{{ loop.cycle('+', '-') }}{% endfor %}", "1a+2b-"),
        (
            "{% for x in [5, 6] %}{{ loop.length }}{{ loop.last }}{{ loop.nextitem | default('-') }}{% endfor %}",
            "2false62true-",
        ),
        (
            "{% macro hail(who, s='!') %}{{ who }}{{ s }}{% endmacro %}{{ hail('Oak') }}{{ hail(who='Elm', s='?') }}",
            "Oak!Elm?",
        ),
        ("{% macro box() %}[{{ caller() }}]{% endmacro %}{% call box() %}in{% endcall %}", "[in]"),
        ("{% filter upper %}abc{% endfilter %}", "ABC"),
        ("{% set shout | upper %}abc{% endset %}{{ shout }}", "ABC"),
        ("{% with b = 2 %}{{ b }}{% endwith %}", "2"),
        ("{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "6"),
        ("{{ nothing is defined }} {{ a is defined }} {{ nothing | default('-') }}", "false true -"),
        ("{{ m.items }} {{ m.a }} {{ m['a'] }} {{ m.keys() }} {{ m.get('b', 7) }}", '1 2 2 ["items", "a"] 7'),
        (
            "{{ r }}|{{ r.text }}|{{ r.model }}|{{ r.finish_reason }}|{{ r.cut }}|{{ r | length }}",
            "yes|yes|fugu|stop|false|3",
        ),
    ],
)
def test_a_template_prints(source: str, printed: str) -> None:
    scope = {"a": "x", "m": {"items": 1, "a": 2}, "r": reply("yes", model="fugu", finish_reason="stop")}
    assert render(text(source), scope) == printed


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (
            "one\ntwo {{ a",
            "11:5: error: "
            + UNREAD
            + "unexpected end of template, expected 'end of print statement' [template-syntax]",
        ),
        (
            "{% if a %}\n\n{% endfor %}",
            "12:5: error: " + UNREAD + "encountered unknown tag 'endfor'. " + LOOKING + " [template-syntax]",
        ),
        (
            "one\n{{ a | uper }}",
            "11:5: error: there is no filter named 'uper' [template-unavailable]",
        ),
        ("\n\n{{ nothing }}", "12:5: error: 'nothing' is undefined [template-undefined]"),
        ("{{ m.b }}", "10:5: error: the mapping has no 'b' [template-undefined]"),
        ("{{ [1][3] }}", "10:5: error: a list of 1 has no element 3 [template-undefined]"),
        ("{{ 1 / 0 }}", "10:5: error: a number is divided by zero [template-error]"),
        ("{{ big / 2 }}", "10:5: error: the number is too large [template-error]"),
        ("{{ big * 2 }}", "10:5: error: the number is too large [template-error]"),
        ("{{ nothing + 1 }}", "10:5: error: 'nothing' is undefined [template-undefined]"),
        ("{{ 1 == nothing }}", "10:5: error: 'nothing' is undefined [template-undefined]"),
        ("{{ {nothing: 1} }}", "10:5: error: 'nothing' is undefined [template-undefined]"),
        ("{{ m[1] }}", "10:5: error: a mapping has no 1 [template-undefined]"),
        ("{% for x in 'a' %}{{ loop.x }}{% endfor %}", "10:5: error: a loop has no 'x' [template-undefined]"),
        (
            "{{ 'a' + 1 }}",
            "10:5: error: `+` does not go with text and a number [template-error]",
        ),
        ("{{ [1] - 1 }}", "10:5: error: `-` does not go with a list and a number [template-error]"),
        (
            "{{ -'a' }}",
            "10:5: error: `-` does not go with a number and text [template-error]",
        ),
        ("{{ 1 < 'a' }}", "10:5: error: a number and text have no order [template-error]"),
        ("{{ 1 in 'a' }}", "10:5: error: a number cannot be looked for in text [template-error]"),
        ("{{ 1 in 5 }}", "10:5: error: a number cannot be looked for in a number [template-error]"),
        ("{{ 5[1:] }}", "10:5: error: a number has no slices [template-error]"),
        ("{{ nothing[1:] }}", "10:5: error: 'nothing' is undefined [template-undefined]"),
        (
            "{% for x in 5 %}{% endfor %}",
            "10:5: error: a loop needs a list or a mapping, not a number [template-error]",
        ),
        ("{% for x in nothing %}{% endfor %}", "10:5: error: 'nothing' is undefined [template-undefined]"),
        (
            "{% for x, y in [1] %}{% endfor %}",
            "10:5: error: the template cannot be rendered: cannot unpack non-iterable int object [template-error]",
        ),
        ("{{ nothing() }}", "10:5: error: 'nothing' is undefined [template-undefined]"),
        ("{{ 'a'.upper(1, 2) }}", "10:5: error: `upper` does not take these arguments [template-error]"),
        ("{{ 'a' | trim(b=1) }}", "10:5: error: `trim` does not take these arguments [template-error]"),
        (
            "{% macro m() %}{% endmacro %}\n{{ m(1) }}",
            "11:5: error: macro 'm' does not take these arguments [template-error]",
        ),
        (
            "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}",
            "10:5: error: parameter 'a' was not provided [template-undefined]",
        ),
        (
            "{% macro m() %}{% for x, y in [1] %}{% endfor %}{% endmacro %}{{ m() }}",
            "10:5: error: the template cannot be rendered: cannot unpack non-iterable int object [template-error]",
        ),
        ("{% macro m(a, a) %}{% endmacro %}", "10:5: error: two arguments have the same name [template-syntax]"),
        ("{{ namespace(fi=1, \ufb01=2) }}", "10:5: error: two arguments have the same name [template-syntax]"),
        ("{{ 0x" + "f" * 9000 + " }}", "10:5: error: the number is too large [template-syntax]"),
        ("{{ {1: 2} }}", "10:5: error: a mapping's key must be text, not a number [template-error]"),
        (
            "{% macro m(caller) %}{{ caller() }}{% endmacro %}",
            "10:5: error: " + UNREAD + CALLER + " [template-syntax]",
        ),
    ],
)
def test_what_goes_wrong_is_told_at_its_line(source: str, problem: str) -> None:
    assert without_hint(problem_of(source, {"m": {"a": 1}, "big": 10**400})) == f"{FILE}:{problem}"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("{{ 'a' + 1 }}", "`~` joins any two values as texts"),
        ("{{ 1 + [] }}", "`~` joins any two values as texts"),
        ("{{ a | int }}", "give a fallback: int(default=0)"),
        ("{{ a | uper }}", "did you mean 'upper'?"),
        ("{{ a.upper }}", "a macro or a function is called: name()"),
        ("{{ nothing }}", "give a fallback: … | default('none')"),
        ("{{ 1 / 0 }}", "correct what stands between the braces"),
        ("{{ a", "a template is written as in Jinja: {{ value }}, {% tag %}, {# note #}"),
        ("{{ 1 ** 2 }}", "leave it out"),
        ("{% include 'x' %}", "write the text here, or give it as an input"),
        ("{% for i in range(999999) %}{% for j in 'ab' %}{% endfor %}{% endfor %}", "loop over less"),
        ("{{ 'x' * 99999999 }}", "loop over less, or do less in the loop"),
    ],
)
def test_what_to_do_about_it_is_told(source: str, hint: str) -> None:
    assert problem_of(source, {"a": "x"}).hint == hint


def test_a_text_whose_lines_are_not_the_files_is_told_at_its_beginning() -> None:
    with pytest.raises(TemplateError) as caught:
        render(text("a\n\n{{ nothing }}", by_line=False), {})
    assert (caught.value.problem.line, caught.value.problem.message) == (10, "'nothing' is undefined")
    assert str(caught.value) == "'nothing' is undefined"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 1", 2),
        ("r", "yes"),
        ("r.cut", False),
        ("answers", {"oak": "yes"}),
        ("[r, none, 1.5, (1, 2)]", ["yes", None, 1.5, [1, 2]]),
        ("{'a': {'b': 1}}", {"a": {"b": 1}}),
        ("range(2)", [0, 1]),
        ("'x' if false", ""),
        ("r ~ '!'", "yes!"),
        ("'{'", "{"),
    ],
)
def test_an_expression_has_a_json_value(expression: str, value: object) -> None:
    result = evaluate(text(expression), {"r": reply("yes"), "answers": {"oak": reply("yes")}})
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("{{ r }}", "10:5: error: an expression stands here, not a template [expression-braces]"),
        ("r r", "10:5: error: 'r' stands behind the expression's end [template-syntax]"),
        ("", "10:5: error: this cannot be read: unexpected 'end of template' [template-syntax]"),
        ("nothing", "10:5: error: 'nothing' is undefined [template-undefined]"),
        ("[nothing]", "10:5: error: 'nothing' is undefined [template-undefined]"),
        (
            "namespace(a=1)",
            "10:5: error: this is not a value [template-error]",
        ),
        ("r.upper", "10:5: error: this is not a value [template-error]"),
        ("not_a_number", "10:5: error: the number is not finite [template-error]"),
        (
            "'\\udc80'",
            "10:5: error: the template prints half of a surrogate pair, which is no character [template-error]",
        ),
        ("big", "10:5: error: the template prints more than 2 MiB [template-limit]"),
        ("{1: 2}", "10:5: error: a mapping's key must be text, not a number [template-error]"),
        ("1 +\n+", "11:5: error: this cannot be read: unexpected 'end of template' [template-syntax]"),
    ],
)
def test_an_expression_without_a_value_is_told(expression: str, problem: str) -> None:
    scope = {"r": reply("yes"), "not_a_number": float("nan"), "big": "é" * MAX_OUTPUT_BYTES}
    assert without_hint(problem_of(expression, scope, bare=True)) == f"{FILE}:{problem}"


@pytest.mark.parametrize(("source", "message"), escapes.REFUSED.values(), ids=escapes.REFUSED.keys())
def test_nothing_is_reached_by(source: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(text(source), escapes.SCOPE)
    assert caught.value.problem.message == message


@pytest.mark.parametrize(("source", "printed"), escapes.HARMLESS.values(), ids=escapes.HARMLESS.keys())
def test_a_value_is_never_a_template(source: str, printed: str) -> None:
    assert render(text(source), escapes.SCOPE) == printed


@given(st.text())
def test_no_reply_is_ever_a_template(content: str) -> None:
    assert render(text("{{ r }}"), {"r": ReplyText(content)}) == content


@pytest.mark.parametrize("source", ["{{ broken.size }}", "{{ broken | list }}", "{% for part in broken %}{% endfor %}"])
def test_a_fault_of_our_own_is_not_told_as_the_templates(source: str) -> None:
    with pytest.raises((TypeError, ValueError), match="one of ours"):
        render(text(source), {"broken": Broken()})


@pytest.fixture(scope="module")
def explosions() -> tuple[dict[str, tuple[str, float]], int]:
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    program = [sys.executable, "-m", "unit.plan.language.bombs"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True, encoding="utf-8")
    outcomes, mebibytes = json.loads(done.stdout)
    return outcomes, mebibytes


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_a_limit_ends(name: str, explosions: tuple[dict[str, tuple[str, float]], int]) -> None:
    told, seconds = explosions[0][name]
    assert told == bombs.BOMBS[name][1]
    assert seconds < SECONDS


def test_all_of_them_together_keep_memory_within_bounds(explosions: tuple[dict[str, tuple[str, float]], int]) -> None:
    assert explosions[1] < MEBIBYTES


@pytest.mark.parametrize(
    "name",
    [
        "a macro that calls itself",
        "a number of 5,000 digits",
        "a range of a thousand million",
        "a sum of many",
        "a value nested a million deep",
        "loops in loops",
        "maps of maps",
        "more words than are read",
        "parentheses, nested",
        "squaring until it fills memory",
    ],
)
def test_a_limit_is_a_problem_like_any_other(name: str) -> None:
    source, message = bombs.BOMBS[name]
    assert problem_of(source).message == message


def test_what_a_render_may_do_is_enough_for_a_large_council() -> None:
    answers = {f"slot_{number}": reply("x" * 300) for number in range(5_000)}
    source = "{% for slot, reply in replies | items %}\n## {{ slot }}\n{{ reply | as_data }}\n{% endfor %}\n"
    assert render(text(source), {"replies": answers}).count("\n## slot_") == 4_999


def test_a_million_loop_steps_are_allowed() -> None:
    assert render(text("{% for i in range(1000000) %}{% endfor %}done"), {}) == "done"


def test_two_mebibytes_are_allowed_and_no_byte_more() -> None:
    whole = {"a": "x" * MAX_OUTPUT_BYTES}
    assert render(text("{{ a }}"), whole) == whole["a"]
    assert problem_of("{{ a }}x", whole).message == bombs.OUTPUT


def test_a_text_without_marks_is_bounded_too() -> None:
    assert problem_of("é" * MAX_OUTPUT_BYTES).message == bombs.OUTPUT


def test_a_long_text_with_few_words_in_braces_is_read() -> None:
    assert render(text("x " * 50_000 + "{{ a }}"), {"a": "y"}).endswith("x y")


def test_reading_a_template_tells_what_it_reads_and_all_that_is_wrong() -> None:
    found, problems = read(text("{{ a.b }}\n{{ c | uper }}{% include 'x' %}\n{{ d ** 2 }}"))
    assert [reference.path for reference in found] == [("a", "b"), ("c",), ("d",)]
    assert [(problem.line, problem.message) for problem in problems] == [
        (11, "{% include %} reads another file, which only a role file can, by a path written out in quotes"),
        (11, "there is no filter named 'uper'"),
        (12, "`**` is not available in templates"),
    ]


def test_reading_what_cannot_be_parsed_tells_why() -> None:
    found, problems = read(text("{{ a"))
    assert found == ()
    assert [problem.message for problem in problems] == [
        "this cannot be read: unexpected end of template, expected 'end of print statement'"
    ]


def test_reading_an_expression_needs_no_braces() -> None:
    found, problems = read(text("replies.verdict.oak"), bare=True)
    assert ([reference.path for reference in found], problems) == ([("replies", "verdict", "oak")], [])


def test_reading_a_text_without_marks_finds_nothing() -> None:
    assert read(text("plain")) == ((), [])


@given(st.text(alphabet="{}%#|() .'\"ab1[]~+*-\n", max_size=60))
def test_any_source_gives_a_text_or_a_problem(source: str) -> None:
    try:
        outcome = render(text(source), {"a": "x", "b": [1]})
    except TemplateError as error:
        outcome = error.problem.message
    assert isinstance(outcome, str)

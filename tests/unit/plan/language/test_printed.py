import pytest

from overlord_run.plan.language.templates import read_as_it_stands
from overlord_run.playbook.texts import Place, Text


def paths(source: str) -> list[str]:
    found = read_as_it_stands(Text(source, Place("f", 1, 1)))
    return [" ".join(reference.path) for reference in found]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ a.b['c'] }}", ["a b c"]),
        ("{{ a[x] }} {{ a[servant.slot].text }}", ["a *", "a servant.slot text"]),
        ("{{ a.b[:9] }} {{ a.b[0] }}", ["a b", "a b []"]),
        ("{% for key, value in a | items %}{{ key }}: {{ value }}{% endfor %}", ["a *"]),
        ("{% for key, value in a.items() %}{{ value.text }}{% endfor %}", ["a * text"]),
        ("{% for pair in a | items %}{{ pair }}{{ pair[0] }}{{ pair[1] }}{% endfor %}", ["a *"]),
        ("{% for value in a.values() %}{{ value }}{% else %}{{ b }}{% endfor %}", ["a *", "b"]),
        ("{% for key in a %}{{ key }}{{ a[key] }}{% endfor %}", ["a []", "a *"]),
        ("{% for x, y in a.list %}{{ y }}{% endfor %}", ["a list [] []"]),
        ("{{ a | items }} {{ a.values() }} {{ [a] }} {{ a.splitlines() }}", []),
        ("{{ a.values() | join(', ') }} {{ a.list | join(b) }}", ["a *", "a list []", "b"]),
        ("{{ a.values() | map(attribute='text.x') | first }}", ["a * text x"]),
        ("{{ a.values() | map('upper') | last }} {{ a.values() | map('as_data') | join }}", ["a *"]),
        ("{{ a.values() | map(attribute=b) | first }} {{ a.values() | map(b) | first }}", ["a *"]),
        ("{{ [a, (b, c)] | first }}", ["a"]),
        ("{{ a | as_data }} {{ a | to_json }} {{ a | length }} {{ a == b }} {{ a is defined }} {{ not a }}", []),
        ("{{ a | trim | default(b) }} {{ a.strip().upper() }} {{ a.startswith('x') }}", ["a", "b"]),
        ("{{ a.get('b', c) }} {{ a.get(x) }}", ["a b", "c", "a *"]),
        ("{{ a.keys() }} {{ range(3) }} {{ namespace(x=a) }} {{ a.get() }}", []),
        ("{{ a ~ b }} {{ c or d }} {{ e and f }} {{ 'x' + g }} {{ h * 2 }}", ["a", "b", "c", "d", "e", "f", "g", "h"]),
        ("{{ a if b else c }}", ["a", "c"]),
        ("{% if a %}{{ b }}{% elif c %}{{ d }}{% else %}{{ e }}{% endif %}", ["b", "d", "e"]),
        ("{% set x = a.b %}{{ x }}{% set x = 1 %}{{ x }}", ["a b"]),
        ("{% set x, y = a | items | first %}{{ x }}{{ y }}", ["a *"]),
        ("{% set x %}{{ a }}{% endset %}{{ x }}{% set y | as_data %}{{ a }}{% endset %}{{ y }}", ["a"]),
        ("{% with x = a, y = b %}{{ x }}{% endwith %}{{ y }}", ["a", "y"]),
        ("{% filter as_data %}{{ a }}{% endfilter %}{% filter upper | trim %}{{ b }}{% endfilter %}", ["b"]),
        (
            "{% macro m(x) %}{{ x }}{{ a }}{{ caller() }}{% endmacro %}{{ m(b) }}{% call m(c) %}{{ d }}{% endcall %}",
            ["a", "d"],
        ),
        ("{% include 'x' %}{{ a }}", ["a"]),
        ("{% set n = namespace() %}{% set n.x = a %}{{ n.x }}", []),
    ],
)
def test_what_is_printed_as_it_stands_is_followed_to_where_it_was_read(source: str, expected: list[str]) -> None:
    assert paths(source) == expected


def test_the_line_is_that_of_the_value() -> None:
    found = read_as_it_stands(Text("one\n{{ a }}\n\n{{ b }}", Place("f", 7, 3)))
    assert [(reference.path, reference.line) for reference in found] == [(("a",), 2), (("b",), 4)]


def test_what_is_joined_again_and_again_stands_for_some_of_it() -> None:
    joined = "".join(f"{{% set x = x ~ a.k{number:03} %}}" for number in range(400))
    assert paths(joined + "{{ x }}") == [f"a k{number:03}" for number in range(8)]


def test_a_path_ends_somewhere() -> None:
    assert paths("{% set x = a %}" + "{% set x = x.b %}" * 100 + "{{ x }}") == []


@pytest.mark.parametrize("source", ["{{ " + "(" * 80 + "a" + ")" * 80 + " }}", "{{ " + "a + " * 900 + "a }}"])
def test_of_a_template_that_is_nested_too_deep_nothing_is_followed(source: str) -> None:
    assert paths(source) == []

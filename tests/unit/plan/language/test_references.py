import pytest

from overlord_run.plan.language.references import Reference
from overlord_run.plan.language.templates import read
from unit.plan.councils import text


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("{{ a }} {{ a.b.c }} {{ a['b'].c }}", ["a", "a.b.c", "a.b.c"]),
        ("{{ a[b].c }}", ["a", "b"]),
        ("{{ a.b[c].d }}", ["a.b", "c"]),
        ("{{ a[0].b }} {{ a['x' ~ b] }}", ["a", "a", "b"]),
        ("{{ a.b[1:c] }}", ["a.b", "c"]),
        ("{{ (a ~ b).c }}", ["a", "b"]),
        ("{{ a.items() }} {{ a | f(b, k=c) }} {{ a is t(d) }}", ["a.items", "a", "b", "c", "a", "d"]),
        ("{{ a if b else c }} {{ not d and e or f }} {{ [g, {'k': h}] }}", ["b", "a", "c", *"defgh"]),
        ("{% set x = a.b %}{{ x }}{{ x.c }}", ["a.b"]),
        ("{{ x }}{% set x = 1 %}{{ x }}", ["x"]),
        ("{% if a %}{% set x = 1 %}{% endif %}{{ x }}", ["a"]),
        (
            "{% for x in a.b if x.ok %}{{ x }}{{ loop.index }}{{ c }}{% else %}{{ x }}{% endfor %}{{ loop }}",
            ["a.b", "c", "x", "loop"],
        ),
        ("{% for k, v in a | items %}{{ k }}{{ v.w }}{% set y = 1 %}{{ y }}{% endfor %}{{ y }}", ["a", "y"]),
        ("{% for x in a %}{% endfor %}{{ x }}", ["a", "x"]),
        (
            "{% macro m(x, y=a) %}{{ x }}{{ varargs }}{{ m(y) }}{{ b }}{% endmacro %}{{ m(c) }}{{ varargs }}",
            ["a", "b", "c", "varargs"],
        ),
        ("{% call(x) m(a) %}{{ x }}{{ b }}{% endcall %}", ["m", "a", "b"]),
        ("{% filter f(a) %}{{ b }}{% set x = 1 %}{{ x }}{% endfilter %}{{ x }}", ["b", "a", "x"]),
        ("{% set x | f(a) %}{{ b }}{% endset %}{{ x }}", ["b", "a"]),
        ("{% set x %}{{ x }}{% endset %}{{ x }}", ["x"]),
        ("{% with x = a, y = b %}{{ x }}{{ y }}{% endwith %}{{ x }}", ["a", "b", "x"]),
        ("{% set ns = namespace(n=a) %}{% set ns.n = b %}{{ ns.n }}", ["namespace", "a", "b"]),
        ("{% set nobody.n = 1 %}", ["nobody"]),
        ("{% set x, y = a %}{{ x }}{{ y }}", ["a"]),
    ],
)
def test_a_template_reads(source: str, paths: list[str]) -> None:
    found, _ = read(text(source))
    assert [".".join(reference.path) for reference in found] == paths


def test_each_knows_its_line() -> None:
    found, _ = read(text("{{ a }}\n\n{{ b.c }}"))
    assert found == (Reference(("a",), 1), Reference(("b", "c"), 3))

"""What a role file includes is a part of its template."""

import pytest

from overlord_run.plan.language.templates import Reference, TemplateError, includes, read, render
from overlord_run.playbook.texts import Place, Text

ROLE = Place("roles/critic.md", 5, 1)


def text(source: str, **included: str) -> Text:
    """Return a role's text; the underscore in a name stands for a dot."""
    named = {name.replace("_", "."): source for name, source in included.items()}
    return Text(
        source, ROLE, included=tuple((name, Text(part, Place(f"roles/{name}", 1, 1))) for name, part in named.items())
    )


def fault(template: Text, scope: dict[str, object] | None = None) -> str:
    with pytest.raises(TemplateError) as caught:
        render(template, scope or {})
    found = caught.value.problem
    return f"{found.file}:{found.line}:{found.column}: {found.message}"


def test_an_included_text_stands_where_it_is_included() -> None:
    template = text(
        "Begin.\n{% include 'tone.md' %}\nEnd {% include 'word.md' %}.", tone_md="Be plain.\n", word_md="here"
    )
    assert render(template, {}) == "Begin.\nBe plain.\nEnd here."


def test_an_included_text_is_a_template_in_the_same_scope() -> None:
    template = text(
        "{% for word in inputs.words %}{% include 'line.md' %}{% endfor %}", line_md="{{ loop.index }}: {{ word }}\n"
    )
    assert render(template, {"inputs": {"words": ["a", "b"]}}) == "1: a\n2: b\n"


def test_an_included_text_includes_others_by_their_names() -> None:
    template = text("{% include 'a.md' %}", b_md="b", a_md="a{% include 'b.md' %}a{% include 'b.md' %}")
    assert render(template, {}) == "abab"


def test_what_an_included_text_sets_stays_inside() -> None:
    template = text("{% set x = 1 %}{% include 'a.md' %}{{ x }}", a_md="{% set x = 2 %}{% set y = 3 %}{{ x }}{{ y }}")
    assert render(template, {}) == "231"
    leaking = text("{% include 'a.md' %}{{ y }}", a_md="{% set y = 3 %}")
    assert read(leaking)[0] == (Reference(("y",), 1),)
    assert fault(leaking) == "roles/critic.md:5:1: 'y' is undefined"


def test_what_an_included_text_reads_is_read_by_the_template() -> None:
    template = text("{{ inputs.a }}\n{% include 'a.md' %}", a_md="\n{{ inputs.b }}")
    assert read(template) == ((Reference(("inputs", "a"), 1), Reference(("inputs", "b"), 4)), [])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("\n\n{{ gone }}", "roles/b.md:3:1: 'gone' is undefined"),
        ("\n{{ 1 / 0 }}", "roles/b.md:2:1: a number is divided by zero"),
        ("\n{% if %}", "roles/b.md:2:1: this cannot be read: expected an expression, got 'end of statement block'"),
        ("\n{% endif %}", "roles/b.md:2:1: this cannot be read: encountered unknown tag 'endif'"),
        ("a\n{{ 1 ** 2 }}", "roles/b.md:2:1: `**` is not available in templates"),
        ("{{ " + "1" * 5000 + " }}", "roles/b.md:1:1: a number has too many digits"),
        ("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", "roles/b.md:1:1: the template is nested too deeply"),
        ("{{ 1 }}\n" * 5_000, "roles/b.md:3333:1: the template has more than 20,000 words and signs"),
        (
            "x" * (2 * 1024 * 1024),
            "roles/b.md:1:1: the template is longer than 2,097,152 characters with all that it includes",
        ),
    ],
)
def test_an_error_in_an_included_text_stands_in_its_file(source: str, expected: str) -> None:
    assert fault(text("One.\n{% include 'b.md' %}", a_md="Two.\nlines", b_md=source)) == expected


def test_an_error_behind_an_included_text_stands_in_the_role_file() -> None:
    assert (
        fault(text("{% include 'a.md' %}\n{{ gone }}", a_md="1\n2\n3\n")) == "roles/critic.md:6:1: 'gone' is undefined"
    )


@pytest.mark.parametrize(
    "tag",
    [
        "{% include name %}",
        "{% include 'gone.md' %}",
        "{% include ['a.md', 'b.md'] %}",
        "{% include 1 %}",
        "{% include 'a.md' ignore missing %}",
        "{% include 'a.md' without context %}",
        "{% include 'a' ~ '.md' %}",
    ],
)
def test_only_a_text_that_is_written_out_can_be_included(tag: str) -> None:
    told = "{% include %} reads another file, which only a role file can, by a path written out in quotes"
    assert fault(text(f"\n{tag}", a_md="a"), {"name": "a.md"}) == f"roles/critic.md:6:1: {told}"


def test_texts_that_include_each_other_again_and_again_come_to_an_end() -> None:
    more = "roles/a.md:1:1: the template includes more than 100 texts"
    assert fault(text("{% include 'a.md' %}", a_md="{% include 'a.md' %}")) == more
    doubling = {f"x{n}_md": f"{{% include 'x{n + 1}.md' %}}" * 2 for n in range(30)}
    assert fault(text("{% include 'x0.md' %}", **doubling)).endswith("the template includes more than 100 texts")


def test_what_a_text_includes_is_known_with_its_place() -> None:
    source = (
        "a\n{% include 'a.md' %}{% if x %}\n{% include 'b.md' %}{% endif %}{# {% include 'c.md' %} #}{% include d %}"
    )
    assert sorted(includes(text(source))) == [
        ("a.md", Place("roles/critic.md", 6, 1)),
        ("b.md", Place("roles/critic.md", 7, 1)),
    ]
    assert includes(text("{% include 'a.md' %}{% if %}")) == ()
    assert includes(text("include 'a.md'")) == ()


def test_a_line_behind_all_texts_is_counted_in_the_file() -> None:
    assert text("a", a_md="b").at(3) == Place("roles/critic.md", 7, 1)
    assert text("a", a_md="b").at(2) == Place("roles/a.md", 1, 1)

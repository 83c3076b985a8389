"""Templates that ask for too much time or memory, one mechanism a row, and what each is told.

As a program it renders all of them and prints what happened, so that time and memory are those of a process of its own.
"""

import json
import sys
import time

from overlord_run.plan.language.templates import TemplateError, render
from peak import peak_mib
from unit.plan.councils import text

STEPS = "the template takes more than 1,000,000 loop steps"
WORK = "the template does more work than the 64,000,000 units that a render may do"
OUTPUT = "the template prints more than 2 MiB"
TOKENS = "the template has more than 20,000 words and signs"
DEEP = "the template is nested too deeply"
MACROS = "macros call each other more than 50 deep"
LARGE = "the number is too large"

# Values that a template may be given: a megabyte of text, and of text outside ASCII.
SCOPE = {"text": "a" * 1_000_000, "wide": "\U0001f600" * 250_000, "words": "a b " * 250_000, "lines": "é\n" * 300_000}

_GROWING = "{% set ns = namespace(x=text) %}{% for i in range(60) %}{% set ns.x = "

BOMBS = {
    "more loop steps than are allowed": (
        "{% for i in range(1000) %}{% for j in range(1001) %}{% endfor %}{% endfor %}",
        STEPS,
    ),
    "a loop over a text's characters": ("{% for c in text %}{% endfor %}{% for c in text %}{% endfor %}", STEPS),
    "a loop filtered by a test": ("{% for i in range(1000000) if i is odd %}{{ i }}{% endfor %}", WORK),
    "a loop whose length is asked": (
        "{% for i in range(1000) %}{% for j in range(1001) %}{% set x = loop.length %}{% endfor %}{% endfor %}",
        STEPS,
    ),
    "a long body in each step": (
        "{% for i in range(1000000) %}" + "{% if i %}{% endif %}" * 500 + "{% endfor %}",
        WORK,
    ),
    "long literals in each step": (
        "{% for i in range(1000000) %}{% set x = [" + "1," * 2000 + "] %}{% endfor %}",
        WORK,
    ),
    "printing in each step": ("{% for i in range(1000000) %}{{ i }}{% endfor %}", WORK),
    "a long text in each step": ("{% for i in range(100000) %}" + "x" * 1000 + "{% endfor %}", OUTPUT),
    "a long text captured in each step": (
        "{% set x %}{% for i in range(500000) %}" + "x" * 1000 + "{% endfor %}{% endset %}",
        WORK,
    ),
    "a value printed twice too often": ("{{ text }}{{ text }}{{ text }}", OUTPUT),
    "a text outside ASCII, short in characters": ("{{ wide }}{{ wide }}{{ wide }}", OUTPUT),
    "doubling by `~`": (_GROWING + "ns.x ~ ns.x %}{% endfor %}", WORK),
    "doubling by `+`": (_GROWING + "ns.x + ns.x %}{% endfor %}", WORK),
    "doubling a list": (
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        WORK,
    ),
    "doubling by captured blocks": (
        (
            "{% set ns = namespace(x='xx') %}{% for i in range(60) %}"
            "{% set b %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = b %}{% endfor %}"
        ),
        WORK,
    ),
    "doubling by filter blocks": (
        (
            "{% set ns = namespace(x='xx') %}{% for i in range(60) %}{% set b %}"
            "{% filter upper %}{{ ns.x }}{{ ns.x }}{% endfilter %}{% endset %}{% set ns.x = b %}{% endfor %}"
        ),
        WORK,
    ),
    "doubling by a macro": (
        (
            "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}{% set ns = namespace(x='xx') %}"
            "{% for i in range(60) %}{% set ns.x = m(ns.x) %}{% endfor %}"
        ),
        WORK,
    ),
    "doubling by `join`": (_GROWING + "[ns.x, ns.x] | join %}{% endfor %}", WORK),
    "a long separator": ("{{ range(1000) | join(text) }}", WORK),
    "doubling by `replace`": (_GROWING + "ns.x | replace('a', 'aa') %}{% endfor %}", WORK),
    "replacing the gaps between characters": ("{{ text.replace('', text) }}", WORK),
    "a text times a number": ("{{ 'x' * 10000000000 }}", WORK),
    "a list times a number": ("{{ [0] * 10000000000 }}", "`*` does not go with a list and a number"),
    "a margin as wide as a text": ("{{ lines | indent(text) }}", WORK),
    "a margin of a thousand million": ("{{ 'a' | indent(1000000000) }}", WORK),
    "a fence as long as a text": ("{{ text | replace('a', '`') | as_data }}", OUTPUT),
    "lines of JSON, indented deeply": (
        (
            "{% set ns = namespace(x=[1]) %}{% for i in range(90) %}{% set ns.x = [ns.x] %}{% endfor %}"
            "{% set ns.x = [ns.x] %}{% for i in range(12) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"
            "{{ ns.x | to_json(indent=16) }}"
        ),
        WORK,
    ),
    "a value that holds itself a million times": (
        "{% set ns = namespace(x=['x']) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        WORK,
    ),
    "comparing such values": (
        (
            "{% set ns = namespace(x=['x'], y=['x']) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
            "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}"
        ),
        WORK,
    ),
    "a value nested a million deep": (
        "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "the value is nested more than 100 deep",
    ),
    "a list that keeps a megabyte a step": (
        "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x, text ~ i] %}{% endfor %}",
        WORK,
    ),
    "a list that keeps small values": (
        "{% set ns = namespace(x=[]) %}{% for i in range(1000000) %}{% set ns.x = [ns.x, {}, {}, {}] %}{% endfor %}",
        WORK,
    ),
    "searching a long text in each step": (
        "{% for i in range(100000) %}{% if 'b' in text %}{% endif %}{% endfor %}",
        WORK,
    ),
    "comparing long texts in each step": (
        "{% set other = text ~ '' %}{% for i in range(100000) %}{% if text == other %}{% endif %}{% endfor %}",
        WORK,
    ),
    "ordering long texts in each step": (
        "{% set other = text ~ 'b' %}{% for i in range(100000) %}{% if text < other %}{% endif %}{% endfor %}",
        WORK,
    ),
    "slicing a long text in each step": ("{% for i in range(100000) %}{% set x = text[1:] %}{% endfor %}", WORK),
    "counting in a long text in each step": (
        "{% for i in range(100000) %}{% set x = text.count('b') %}{% endfor %}",
        WORK,
    ),
    "changing a long text in each step": ("{% for i in range(100000) %}{% set x = text.upper() %}{% endfor %}", WORK),
    "filtering a long text in each step": ("{% for i in range(100000) %}{% set x = text | slug %}{% endfor %}", WORK),
    "stripping many characters of many": ("{% set x = text.strip('b' ~ wide) %}", WORK),
    "splitting into single characters": ("{% set a = words.split() %}{% set b = words.split() %}", WORK),
    "splitting into lines": ("{% set a = lines.splitlines() %}" * 12, WORK),
    "splitting by a separator": ("{% set a = words.split(' ') %}" * 3, WORK),
    "counting words": ("{% set a = words | wordcount %}" * 20, WORK),
    "a list of characters": ("{% set a = text | list %}{% set b = text | list %}", WORK),
    "a range as a list": ("{% set a = range(1000000) | list %}" * 3, WORK),
    "a range as JSON": ("{{ range(1000000) | to_json }}", WORK),
    "a range beyond the largest": ("{% for i in range(10 ** 9) %}{% endfor %}", "`**` is not available in templates"),
    "a range of a thousand million": ("{{ range(1000000000) | length }}", "`range` goes up to 1,000,000"),
    "a range down to a thousand million": ("{{ range(0, -1000000000, -1) | length }}", "`range` goes up to 1,000,000"),
    "sorting long texts": ("{% for i in range(100) %}{% set a = [text ~ 'b', text ~ 'a'] | sort %}{% endfor %}", WORK),
    "sorting many numbers": ("{% set a = range(1000000) | sort %}{% set a = range(1000000) | sort %}", WORK),
    "unique over a million": ("{{ text | unique | length }}{{ text | unique | length }}", WORK),
    "selecting from a million": (
        "{{ range(600000) | select('odd') | list }}{{ range(600000) | select('odd') | list }}",
        WORK,
    ),
    "mapping a filter over a million": ("{{ text | map('upper') | list | length }}", WORK),
    "summing a million": ("{{ range(1000000) | sum }}", WORK),
    "squaring until it fills memory": (
        "{% set ns = namespace(x=9) %}{% for i in range(100) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        LARGE,
    ),
    "a power": ("{{ 9 ** 9 ** 9 }}", "`**` is not available in templates"),
    "a fraction without end": ("{{ 1e308 * 10 }}", LARGE),
    "a number of 5,000 digits": ("{{ " + "9" * 5000 + " }}", "a number has too many digits"),
    "a text of 5,000 digits as a number": ("{{ ('9' * 5000) | int }}", "`int` finds no number in '" + "9" * 40 + "…'"),
    "a macro that calls itself": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", MACROS),
    "macros that call each other": (
        "{% macro a(n) %}{{ b(n) }}{% endmacro %}{% macro b(n) %}{{ a(n) }}{% endmacro %}{{ a(1) }}",
        MACROS,
    ),
    "a macro called twice in itself": (
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        WORK,
    ),
    "a caller called again and again": (
        (
            "{% macro m() %}{% for i in range(1000000) %}{{ caller() }}{% endfor %}{% endmacro %}"
            "{% call m() %}{% for i in range(100) %}{% endfor %}{% endcall %}"
        ),
        STEPS,
    ),
    "a tuple nested deeply, as a key": (
        "{% set ns = namespace(x=()) %}{% for i in range(200000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {}[ns.x] }}",
        "a mapping has no a list",
    ),
    "a tuple nested deeply, as a key that is written": (
        "{% set ns = namespace(x=()) %}{% for i in range(200000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} }}",
        "a mapping's key must be text, not a list",
    ),
    "a tuple that holds itself a million times, named in an error": (
        "{% set ns = namespace(x=()) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ [][ns.x] }}",
        "a list has no a list",
    ),
    "such a tuple as the name of a filter": (
        (
            "{% set ns = namespace(x=()) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}"
            "{{ [1] | map(ns.x) }}"
        ),
        "there is no filter named a list",
    ),
    "methods of methods": (
        "{% set ns = namespace(x=1) %}{% for i in range(500000) %}{% set ns.x = {'a': ns.x}.keys %}{% endfor %}",
        WORK,
    ),
    "namespaces in namespaces": (
        "{% set ns = namespace(x=1) %}{% for i in range(500000) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}",
        WORK,
    ),
    "loops that keep each other": (
        (
            "{% set ns = namespace(x=1) %}{% for i in range(900000) %}"
            "{% for y in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}"
        ),
        WORK,
    ),
    "parentheses, nested": ("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", DEEP),
    "lists, nested": ("{{ " + "[" * 2000 + "]" * 2000 + " }}", DEEP),
    "a sum of many": ("{{ 1" + " + 1" * 3000 + " }}", DEEP),
    "attributes of attributes": ("{{ text" + ".a" * 3000 + " }}", DEEP),
    "filters behind filters": ("{{ text" + " | upper" * 3000 + " }}", DEEP),
    "maps of maps": ("{{ 'a' | map(" + "'map', " * 600 + "'upper') }}", DEEP),
    "nots of nots": ("{{ " + "not " * 3000 + "1 }}", DEEP),
    "loops in loops": ("{% for i in [1] %}" * 30 + "{% endfor %}" * 30, DEEP),
    "ifs in ifs": ("{% if 1 %}" * 200 + "{% endif %}" * 200, DEEP),
    "more words than are read": ("{{ 1 }}" * 10_000, TOKENS),
    "a literal with more words than are read": ("{{ [" + "1," * 15_000 + "] }}", TOKENS),
}


def explode() -> tuple[dict[str, tuple[str, float]], int]:
    """Render all of them one after the other.

    Returns:
        What each was told and how many seconds of this process's time it took; and by how many MiB all of them together
        made the process grow.
    """
    before = peak_mib()
    outcomes = {}
    for name, (source, _) in BOMBS.items():
        began = time.process_time()
        try:
            told = f"printed {len(render(text(source), SCOPE))} characters"
        except TemplateError as error:
            told = error.problem.message
        outcomes[name] = (told, time.process_time() - began)
    return outcomes, peak_mib() - before


if __name__ == "__main__":
    json.dump(explode(), sys.stdout)

"""Change a file as a careless or hostile hand would: by lines, by tokens, by parts of other files, and by bytes.

Bytes at random are turned away at the first door. What gets deep is a file that is almost right.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

LONGEST = 1 << 16
"""Bytes that a changed file has at most."""

_MOST_PARTS = 20_000
"""Lines or tokens that are put in by repeating some: what is longer is cut anyway."""

_TOKEN = re.compile(rb"[\w.-]+|\s+|\{\{|\}\}|\{%|%\}|[^\w\s]", re.DOTALL)

NASTY: Sequence[bytes] = [
    # of YAML
    *(b"[", b"]", b"{", b"}", b"- ", b"? ", b": ", b"&a ", b"*a", b"<<: *a\n", b"!!python/object:os.system ", b"!t "),
    *(b"|\n", b">-\n", b"|2+\n", b"'", b'"', b"\\", b"#", b" # overlord: ignore[unknown-key]", b"\n---\n", b"\n...\n"),
    *(b"%YAML 1.1\n", b"%TAG ! tag:x,2000:\n", b"~", b"null", b"yes", b"1:30", b"2001-99-99", b"2001-01-01", b"012"),
    *(b"0x1F", b"1e999", b"-.inf", b".nan", b"9" * 400, b"1_000", b"-0", b"1e-400", b"''", b'""', b"[]", b"{}"),
    # of JSON
    *(b"NaN", b"Infinity", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b"{'a': 1}", b'{"a": 1, "a": 2}'),
    # of text
    *(
        b"\0",
        b"\x1b[31m",
        b"\r",
        b"\r\n",
        b"\t",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xf4\x90\x80\x80",
    ),
    *map(str.encode, ("\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\ufffe", "\U0001f600")),
    *map(str.encode, ("e\u0301", "\xe9", "\u0130", "\u0131", "\xdf", "\ufb00")),
    # of templates, expressions and patterns
    *(b"{{", b"}}", b"{%", b"%}", b"{#", b"#}", b"{{ inputs }}", b"{{ replies.startup }}", b"{% for i in range(9) %}"),
    *(
        b"{% endfor %}",
        b"{% raw %}",
        b"{% if 1 %}",
        b"{{ servant | to_json }}",
        b"{{ 'a' * 9999999 }}",
        b"|",
        b" | items",
    ),
    *(
        b".__class__",
        b"[-1]",
        b"{% set x = 1 %}",
        b"(a+)+$",
        b"(?P<a>",
        b"\\d{999}",
        b"^[",
        b"{{ item }}",
        b"{{ index }}",
    ),
    # of this format
    *(
        b"all",
        b"startup",
        b"previous",
        b"role:",
        b"builtin/critic",
        b"./",
        b"../",
        b"a/../b",
        b"CON",
        b"100%",
        b"0s",
        b"1e9m",
    ),
    *(
        b"for_each: [1, 2]",
        b"for_each: range(9)",
        b"expect: {schema: {}}",
        b"repeat: {until: 'true', max: 3}",
        b"needs: []",
    ),
    *(
        b"after: []",
        b"x-a: 1",
        b"$ref: '#'",
        b"$ref: '#/$defs/a'",
        b"pattern: '('",
        b"enum: []",
        b"default: 1",
        b"usd: 0",
    ),
]

NESTING: Sequence[tuple[bytes, bytes]] = [
    *((b"[", b"]"), (b"{a: ", b"}"), (b'{"a":', b"}"), (b"- ", b""), (b"? ", b""), (b"(", b")"), (b"{{ [", b"] }}")),
    *((b"{% if 1 %}", b"{% endif %}"), (b"not ", b""), (b"(?:", b")"), (b"```\n", b""), (b"<think>", b"</think>")),
]


def mutate(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Return a file with one to six changes.

    Args:
        content: The file.
        random: Chooses.
        others: Files to take parts of.
    """
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        content = random.choice(_CHANGES)(content, random, others)[:LONGEST]
    return content


def cross(one: bytes, other: bytes, random: Random) -> bytes:
    """Return the first lines of one file with the last ones of another."""
    first, last = one.splitlines(keepends=True), other.splitlines(keepends=True)
    joined = first[: random.randint(0, len(first))] + last[random.randint(0, len(last)) :]
    return b"".join(joined)[:LONGEST]


def _span(length: int, random: Random) -> slice:
    """Return a part of a sequence, mostly a short one."""
    start = random.randint(0, length)
    return slice(start, start + random.choice((1, 1, 1, 2, 3, 8, length)))


def _in_lines(change: Callable[[list[bytes], Random, list[bytes]], None]) -> Callable[..., bytes]:
    def changed(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
        lines = content.splitlines(keepends=True)
        change(lines, random, random.choice(others).splitlines(keepends=True))
        return b"".join(lines)

    return changed


def _in_tokens(change: Callable[[list[bytes], Random, list[bytes]], None]) -> Callable[..., bytes]:
    def changed(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
        tokens = _TOKEN.findall(content)
        change(tokens, random, _TOKEN.findall(random.choice(others)))
        return b"".join(tokens)

    return changed


def _delete(parts: list[bytes], random: Random, _: list[bytes]) -> None:
    del parts[_span(len(parts), random)]


def _duplicate(parts: list[bytes], random: Random, _: list[bytes]) -> None:
    span = _span(len(parts), random)
    times = random.choice((1, 1, 1, 2, 60, 1000))
    parts[span.stop : span.stop] = parts[span] * min(times, 1 + _MOST_PARTS // max(len(parts[span]), 1))


def _swap(parts: list[bytes], random: Random, _: list[bytes]) -> None:
    if parts:
        one, other = random.randrange(len(parts)), random.randrange(len(parts))
        parts[one], parts[other] = parts[other], parts[one]


def _splice(parts: list[bytes], random: Random, others: list[bytes]) -> None:
    parts[_span(len(parts), random)] = others[_span(len(others), random)]


def _put_nasty(parts: list[bytes], random: Random, _: list[bytes]) -> None:
    at = random.randint(0, len(parts))
    parts[at : at + random.randint(0, 1)] = [random.choice(NASTY) * random.choice((1, 1, 1, 1, 2, 60, 3000))]


def _shift(lines: list[bytes], random: Random, _: list[bytes]) -> None:
    by = random.choice((1, 2, 4))
    deeper = random.random() < 0.5
    span = _span(len(lines), random)
    lines[span] = [
        b" " * by + line if deeper else line[min(by, len(line) - len(line.lstrip(b" "))) :] for line in lines[span]
    ]


def _flip(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _nest(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    opening, closing = random.choice(NESTING)
    depth = random.choice((2, 30, 60, 2000))
    at = random.randint(0, len(content))
    end = random.choice((at, random.randint(at, len(content))))
    return content[:at] + opening * depth + content[at:end] + closing * depth * random.randint(0, 1) + content[end:]


def _cut(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    return content[: random.randint(0, len(content))]


_TOKEN_CHANGES = (_delete, _duplicate, _swap, _splice, _put_nasty)
_CHANGES: Sequence[Callable[..., bytes]] = [
    *map(_in_lines, (*_TOKEN_CHANGES, _shift, _splice)),
    *map(_in_tokens, (*_TOKEN_CHANGES, _put_nasty, _swap, _splice)),
    _nest,
    _flip,
    _cut,
]

"""Find the JSON in a reply as models write it: alone, between fences, or amid prose; in time linear in its length.

What looks like JSON and is none is found too, so that its fault can be told. What stands inside of it is passed over: a
piece of a broken answer must not be taken for the answer. What a model thinks aloud between tags is no answer.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from overlord_run.expect.parse import NotJsonError, parse

MAX_CHARACTERS = 1024 * 1024
"""Of a reply that is looked through."""

MAX_DEPTH = 50
"""Of objects and lists in each other; as in a playbook."""

MAX_FOUND = 100
"""Of values in one place; of more, one too many is given."""

_THOUGHT = re.compile(
    r"<(think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>.*?(?:</\1>|\Z)"
    r"|\[THINK\].*?(?:\[/THINK\]|\Z)"
    r"|◁think▷.*?(?:◁/think▷|\Z)"
    r"|<\|channel\|>analysis<\|message\|>.*?(?:<\|end\|>|\Z)",
    re.DOTALL,
)
_THOUGHT_END = "</think>"

_FENCE = re.compile(r"(?<![`~])(`{3,}+|~{3,}+)[ \t]*+([\w.+-]*+)[ \t\r]*+$", re.MULTILINE)
_OPENING = re.compile(
    r"\{(?=\s*(?:[\"'“}/#]|[A-Za-z_$][\w$-]{0,40}\s*:))"
    r"|\[(?=\s*(?:[\"'“{\[\]/#]|-?\d|(?:true|false|null|None|True|False|NaN)\b))"
    r"(?![^\[\]{}\"()]*\))"  # an interval, [0, 1), is no list
)
_TOKEN = re.compile(r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+(?:\"|\\?\Z)|[\[\]{}]", re.DOTALL)


class Value(Struct, frozen=True):
    """A JSON value that a reply holds."""

    content: Any


class Broken(Struct, frozen=True):
    """What looks like JSON and is none; `reason` says why, in one sentence."""

    reason: str


Found = Value | Broken
Span = tuple[int, int]


def find(text: str) -> Iterator[list[Found]]:
    """Yield what a reply holds: as a whole, else in its fences, then anywhere in it; in each place in the text's order.

    Args:
        text: A reply of at most `MAX_CHARACTERS`.
    """
    text = text.strip("\ufeff \t\r\n")
    thoughts = _thoughts(text)
    behind = text[thoughts[-1][1] :].strip() if thoughts else ""
    for whole in filter(None, (text, behind)):
        value = _read(whole)
        if isinstance(value, Value):
            yield [value]
            return
    for place in (_in_fences(text), _scan(text, 0, len(text))):
        said = (found for span, found in place if not _is_within(span, thoughts))
        yield list(islice(said, MAX_FOUND + 1))


def _thoughts(text: str) -> list[Span]:
    """Return where a model thinks aloud. Some servers keep its first tag, and a reply holds only the second."""
    spans = [found.span() for found in _THOUGHT.finditer(text)]
    end = text.find(_THOUGHT_END) + len(_THOUGHT_END)
    is_open = end >= len(_THOUGHT_END) and not (spans and spans[0][0] < end)
    return [(0, end), *spans] if is_open else spans


def _is_within(span: Span, spans: Sequence[Span]) -> bool:
    """Return whether a span lies in one of others, which stand in the text's order and do not overlap."""
    at = bisect_right(spans, (span[0], sys.maxsize)) - 1
    return at >= 0 and span[1] <= spans[at][1]


def _in_fences(text: str) -> Iterator[tuple[Span, Found]]:
    at = 0
    while opening := _FENCE.search(text, at):
        at = opening.end()
        language = opening[2].lower()
        is_alone = not text[text.rfind("\n", 0, opening.start()) + 1 : opening.start()].strip()
        if not (is_alone or language.startswith("json")):
            continue
        closing = _closing(opening[1]).search(text, at)
        end, begin, at = (closing.start(), at, closing.end()) if closing else (len(text), at, len(text))
        yield from _in_fence(text, begin, end, language)


def _closing(fence: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*+{fence[0]}{{{len(fence)},}}+[ \t\r]*+$", re.MULTILINE)


def _in_fence(text: str, begin: int, end: int, language: str) -> Iterator[tuple[Span, Found]]:
    """Yield what a fence holds; of one in another language only what is JSON as a whole."""
    body = text[begin:end].strip()
    whole = _read(body)
    if body and isinstance(whole, Value):
        yield (begin, end), whole
    if not body or isinstance(whole, Value) or (language and not language.startswith("json")):
        return
    inside = list(islice(_scan(text, begin, end), MAX_FOUND + 1))
    yield from inside or ([((begin, end), whole)] if language else [])


def _scan(text: str, begin: int, end: int) -> Iterator[tuple[Span, Found]]:
    """Yield the objects and lists in a part of a text, the whole and the broken ones, but nothing inside of them."""
    while opening := _OPENING.search(text, begin, end):
        begin, stop = opening.start(), _extent(text, opening.start(), end)[0] or end
        yield (begin, stop), _read(text[begin:stop])
        begin = stop


def _read(text: str) -> Found:
    """Return the value that a text is as a whole, or why it is none."""
    if text.startswith(("{", "[")) and _extent(text, 0, len(text))[1] > MAX_DEPTH:
        return Broken(f"it is nested more than {MAX_DEPTH} deep")
    try:
        return Value(parse(text))
    except NotJsonError as error:
        return Broken(error.reason)


def _extent(text: str, begin: int, end: int) -> tuple[int | None, int]:
    """Return where the bracket at `begin` is closed, None where it is not, and how deep others are nested in it."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text, begin, end):
        bracket = text[token.start()]
        if bracket in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "}]":
            depth -= 1
            if not depth:
                return token.end(), deepest
    return None, deepest

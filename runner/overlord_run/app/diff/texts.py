"""Compare two texts line by line, within bounds."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from itertools import takewhile

CONTEXT = 3
"""Lines that are the same, around those that are not."""

MOST_PAIRS = 4_000_000
"""Pairs of lines that are looked at; difflib's time grows with them. This takes it half a second at worst."""


def unified(before: str, after: str) -> list[str]:
    """Return a unified diff without its heading: each line begins with `@@`, `-`, `+` or a blank; none for equal texts.

    Of texts with too many lines the part between their common beginning and end is told as replaced.
    """
    if before == after:
        return []
    old, new = _lines(before), _lines(after)
    if len(old) * len(new) > MOST_PAIRS:
        return list(_replaced(old, new))
    return list(unified_diff(old, new, n=CONTEXT, lineterm=""))[2:]


def _lines(text: str) -> list[str]:
    """Return a text's lines, none of an empty one; a line feed at its end shows as one more, which is empty."""
    return text.split("\n") if text else []


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    start = max(head - CONTEXT, 0)
    behind = old[len(old) - tail :][:CONTEXT]
    sizes = [len(lines) - tail - start + len(behind) for lines in (old, new)]
    yield f"@@ -{start + 1},{sizes[0]} +{start + 1},{sizes[1]} @@"
    yield from (f" {line}" for line in old[start:head])
    yield from (f"-{line}" for line in old[head : len(old) - tail])
    yield from (f"+{line}" for line in new[head : len(new) - tail])
    yield from (f" {line}" for line in behind)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))

"""Write what a person wrote into a label of a Mermaid picture, so that it is shown and means nothing."""

import re
from collections.abc import Sequence

from overlord_run.cli.report.visible import visible

MOST_CHARS = 72
"""What is shown of one line."""

MOST_SLOTS = 6
"""How many servants are named."""

# What Mermaid looks for once more behind its own escapes cannot be escaped: what these are made of, formulas, line
# breaks and icons. A blank takes each apart. Seen in a browser, with Mermaid 11.17.
_UNSAFE = re.compile(r"\ufb02|\xb6(?=\xdf)|\$(?=\$)|\\(?=n)|:(?=fa-)")
_LIGATURE = "\ufb02"
# What is no letter, digit or plain sign may mean something to Mermaid, Markdown or HTML; so may `_` at a word's edge.
_SIGN = re.compile(r"[^\w ,.:/()=-]|\b_|_\b")


def label(lines: Sequence[str]) -> str:
    """Return a label in its quotes, with each line on its own; what is too long is cut, and blanks are one."""
    return f'"{"<br>".join(map(_line, lines))}"'


def some(slots: Sequence[str]) -> str:
    """Return slots one behind the other; of many the first ones, and how many more there are."""
    more = f" and {len(slots) - MOST_SLOTS:,} more" if len(slots) > MOST_SLOTS else ""
    return ", ".join(slots[:MOST_SLOTS]) + more


def _line(text: str) -> str:
    shown = _UNSAFE.sub(_apart, visible(" ".join(text[: 8 * MOST_CHARS].split())))
    cut = shown if len(shown) <= MOST_CHARS else f"{shown[:MOST_CHARS]}…"
    return _SIGN.sub(lambda sign: f"#{ord(sign[0])};", cut)


def _apart(sign: re.Match[str]) -> str:
    return "fl" if sign[0] == _LIGATURE else f"{sign[0]} "

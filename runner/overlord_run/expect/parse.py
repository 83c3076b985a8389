"""Read one JSON value strictly: what another program would refuse, or read otherwise, is refused here.

Python's own reader takes `NaN`, lets the last of two equal keys win, and hands out half a surrogate pair and numbers of
any size, which the log, a template or a file cannot hold.
"""

import json
import math
from collections import Counter
from typing import Any, NoReturn

from overlord_run.expect.syntax import explain
from overlord_run.playbook.names import shown
from overlord_run.playbook.scalars import LARGEST_INTEGER, LONGEST_NUMBER, SMALLEST_INTEGER


class NotJsonError(Exception):
    """A text is no JSON value, or one that not every program reads alike; `reason` says why, in one sentence."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(text: str) -> Any:
    """Return the JSON value that a text is, blanks around it left out.

    Args:
        text: Not nested deeply: each level takes a piece of the stack.

    Raises:
        NotJsonError: It is none.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        at = len(text) if error.msg.startswith("Unterminated") else error.pos
        raise NotJsonError(reason=explain(text, at)) from None
    _require_whole_characters(value, text)
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise NotJsonError(reason=f"the key {shown(twice)} stands twice in one object")
    return mapping


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= LONGEST_NUMBER else LARGEST_INTEGER + 1
    if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        _refuse_number(digits)
    return value


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= LONGEST_NUMBER else math.inf
    if math.isinf(value):
        _refuse_number(digits)
    return value


def _refuse_number(digits: str) -> NoReturn:
    raise NotJsonError(reason=f"the number {shown(digits)[1:-1]} does not fit in 64 bits")


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(reason=f"{name} is not JSON")


def _require_whole_characters(value: Any, text: str) -> None:
    r"""Refuse half of a surrogate pair: `"\ud83d"` alone is no character, and no file can hold it."""
    if "\\u" in text or not text.isascii():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start])[1:-1]
            raise NotJsonError(reason=f"{half} is half of a character's two escapes") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_mapping, parse_int=_integer, parse_float=_number, parse_constant=_refuse_constant
)

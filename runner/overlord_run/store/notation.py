"""Write values as the JSON that our files hold, and read it back without trusting it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

MAX_DEPTH = 200  # values of a plan are at most 100 deep
_NESTED = frozenset({dict, list})
_TOO_DEEP = "it is nested too deeply"
# Made once, and so is the decoder below: `json.dumps` and `json.loads` with an option make theirs anew for each line.
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> str:
    """Return JSON on one line, in ASCII, without blanks; NaN and infinities are refused."""
    return _ENCODER.encode(value)


def array_parts(values: Iterable[Any]) -> Iterator[str]:
    """Give the JSON of an array in parts, one for each value: a long one need not be in memory as a whole."""
    before = "["
    for value in values:
        yield before + encode(value)
        before = ","
    yield "[]" if before == "[" else "]"


def decode(text: bytes) -> Any:
    """Return the JSON value of a line or file of ours.

    Raises:
        ValueError: It is no JSON, not in ASCII, too deep, or holds a number that is none or has no end.
    """
    try:
        value = _DECODER.decode(text.decode("ascii"))
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and not _is_shallow(value):
        raise ValueError(_TOO_DEEP)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _is_shallow(value: Any) -> bool:
    level = [value] if type(value) in _NESTED else []
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if type(inner) in _NESTED]
        if not level:
            return True
    return False


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if type(value) is dict else value

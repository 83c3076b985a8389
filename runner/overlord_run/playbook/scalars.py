"""Read a plain YAML scalar as YAML 1.2's core schema does: `yes`, `on`, `1:30` and dates stay text."""

import math
import re

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
DECIMAL = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

LONGEST_NUMBER = 400
"""Characters of the longest number that is read; none that fits in 64 bits, or in a double, needs as many."""

SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1

_NOT_JSON = "is not a number that JSON can hold"
_TOO_LARGE = "is too large: a number must fit in 64 bits"


class NumberError(ValueError):
    """A number that JSON or 64 bits cannot hold; its text is the end of the sentence that says so."""


def resolve(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar.

    Raises:
        NumberError: It is an infinity, no number, or too large.
    """
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if NOT_FINITE.fullmatch(text):
        raise NumberError(_NOT_JSON)
    if text[0] in "+-.0123456789":
        return _number(text)
    return text


def _number(text: str) -> str | int | float:
    for pattern, base in ((DECIMAL, 10), (OCTAL, 8), (HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            return _integer(text, base)
    if not FLOAT.fullmatch(text):
        return text
    value = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if math.isinf(value):
        raise NumberError(_TOO_LARGE)
    return value


def _integer(text: str, base: int) -> int:
    digits = text if base == 10 else text[2:]  # noqa: PLR2004 - a base
    value = int(digits, base) if len(text) <= LONGEST_NUMBER else LARGEST_INTEGER + 1
    if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise NumberError(_TOO_LARGE)
    return value

"""Read how long an API lets nothing more through, from what it says of the limits that it keeps.

Source: OpenAI's guide "Rate limits", section "Rate limits in headers": `x-ratelimit-remaining-requests: 0` with
`x-ratelimit-reset-requests: 6m0s`, and the same of tokens. Others say the same names with a bare number of seconds.
"""

import re
from collections.abc import Mapping
from typing import Final

from overlord_run.engine.retry import LONGEST_WAIT_S

KINDS: Final = ("requests", "tokens")
LONGEST_MEANT_S: Final = 86_400.0
"""Limits a day are the longest that are about; a larger number is no duration, but a date in seconds, or nonsense."""

_NONE: Final = re.compile(r"0{1,9}")
_PART: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(h|ms|m|s|us|µs|ns)", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_UNITS_S: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_LONGEST: Final = 60


def exhausted(headers: Mapping[str, str]) -> tuple[str, float] | None:
    """Return what an API has none left of, `requests` or `tokens`, and for how many seconds; None where it has some.

    Where both are used up it is the one that takes longer. More than 120 s is not waited for at a time. What cannot be
    read says nothing.

    Args:
        headers: The answer's, with names in any case if the mapping minds none.
    """
    found = [(reset_s, kind) for kind in KINDS if (reset_s := _exhausted_s(headers, kind)) is not None]
    if not found:
        return None
    reset_s, kind = max(found)
    return kind, min(reset_s, LONGEST_WAIT_S)


def _exhausted_s(headers: Mapping[str, str], kind: str) -> float | None:
    remaining = headers.get(f"x-ratelimit-remaining-{kind}")
    if remaining is None or not _NONE.fullmatch(remaining.strip()):
        return None
    reset_s = _duration_s(headers.get(f"x-ratelimit-reset-{kind}", "").strip())
    return None if reset_s is None or reset_s > LONGEST_MEANT_S else reset_s


def _duration_s(text: str) -> float | None:
    """Return a duration as Go writes it, `6m0s` or `1.5s`, or a bare number of seconds."""
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _PART.findall(text) if len(text) <= _LONGEST else []
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)

"""Decide whether a failed call is tried again, and how long to wait before."""

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from overlord_run.engine.base import Failure

LONGEST_WAIT_S: Final = 120.0
FIRST_WAIT_S: Final = 0.5
LONGEST_OWN_WAIT_S: Final = 8.0


def delay_s(failure: Failure, *, attempt: int, attempts: int, waited_s: float, jitter: float) -> float | None:
    """Return how long to wait before the next attempt, or None where there is none.

    Args:
        failure: How the attempt ended. Only where nothing can have been billed is there another one.
        attempt: The number of the attempt that failed, from 1.
        attempts: How many there may be.
        waited_s: How long this call has waited between attempts so far; all its waits stay within 120 s.
        jitter: From 0 to 1; spreads our own waits by a quarter to either side. What the API asks for is kept as it is.
    """
    if not failure.unbilled or attempt >= attempts:
        return None
    wait_s = failure.retry_after_s
    if wait_s is None:
        wait_s = min(FIRST_WAIT_S * 2 ** (attempt - 1), LONGEST_OWN_WAIT_S) * (0.75 + jitter / 2)
    return wait_s if waited_s + wait_s <= LONGEST_WAIT_S else None


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Return how long an answer asks to wait, in seconds.

    None where it does not say, or says what nobody can read; infinite where it asks for more than 120 s, which is then
    not waited for. `retry-after-ms` goes before `retry-after` (seconds, or an HTTP date).

    Args:
        headers: The answer's, with names in any case if the mapping minds none.
        now_s: Seconds since the epoch, to count from for a date.
    """
    wait_s = _number(headers.get("retry-after-ms"), unit_s=0.001)
    if wait_s is None:
        wait_s = _number(headers.get("retry-after"), unit_s=1.0)
    if wait_s is None:
        wait_s = _until(headers.get("retry-after"), now_s)
    if wait_s is None:
        return None
    return max(wait_s, 0.0) if wait_s <= LONGEST_WAIT_S else math.inf


def _number(text: str | None, *, unit_s: float) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    if number is None:
        return None
    return math.inf if math.isnan(number) else number * unit_s


def _until(text: str | None, now_s: float) -> float | None:
    try:
        date = parsedate_to_datetime(text) if text is not None else None
    except (ValueError, OverflowError):
        return None
    if date is None:
        return None
    if date.tzinfo is None:  # RFC 5322 writes "-0000" where the zone is not known; HTTP's dates are all GMT
        date = date.replace(tzinfo=UTC)
    return date.timestamp() - now_s

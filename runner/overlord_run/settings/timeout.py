"""Read how long a request may take, as a flag and as a variable say it."""

import re
from collections.abc import Mapping

from msgspec import Struct

from overlord_run.errors import SettingsError, UsageError
from overlord_run.playbook.checks import LONGEST_TIMEOUT_S, SHORTEST_TIMEOUT_S
from overlord_run.playbook.names import shown
from overlord_run.settings.environment import TIMEOUT_MS, Said, variable

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m)?")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
_MILLISECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,9})?")


class Timeout(Struct, frozen=True):
    """A request's timeout, the flag or variable that says it, and a sentence where it was not taken as said."""

    seconds: float
    by: str
    note: str | None = None


def timeout_asked(flag: str | None, environ: Mapping[str, str]) -> Timeout | None:
    """Return the timeout that the operator asks for, or None.

    Raises:
        UsageError: The flag is no duration, or out of range.
        SettingsError: The variable is no number. One that is out of range is clamped and told.
    """
    if flag is not None:
        return _from_flag(flag)
    said = variable(environ, TIMEOUT_MS)
    return None if said is None else _from_variable(said)


def duration_s(text: str, option: str) -> float:
    """Return a duration that an option gives, in seconds.

    Raises:
        UsageError: It is none.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        message = f"{option} takes a duration, not {shown(text)}"
        raise UsageError(message, next="write it like 100s or 5m; a bare number is seconds")
    return float(match[1]) * _UNITS_S[match[2]]


def in_words(seconds: float) -> str:
    """Return a duration as a message tells it."""
    return f"{seconds:g} s"


def _from_flag(text: str) -> Timeout:
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _UNITS_S[match[2]] if match else 0.0
    if not SHORTEST_TIMEOUT_S <= seconds <= LONGEST_TIMEOUT_S:
        message = f"--timeout takes a duration from 5s to 10m, not {shown(text)}"
        raise UsageError(message, next="write it like 90s or 5m; a bare number is seconds")
    return Timeout(seconds, "--timeout")


def _from_variable(said: Said) -> Timeout:
    if not _MILLISECONDS.fullmatch(said.value):
        message = f"{said.by} is {shown(said.value)}, which is no number of milliseconds"
        raise SettingsError(
            message, next=f"set {said.by} to a number like 90000, or unset it", code="timeout-malformed"
        )
    asked = float(said.value) / 1000
    seconds = min(max(asked, SHORTEST_TIMEOUT_S), LONGEST_TIMEOUT_S)
    if seconds == asked:
        return Timeout(seconds, said.by)
    note = f"{said.by} asks for {in_words(asked)}; a request may take from 5 s to 10 min, so it is {in_words(seconds)}"
    return Timeout(seconds, said.by, note)

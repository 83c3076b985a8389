"""Write counts, lists, durations and texts as people do."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlord_run.problem import Problem

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TEN_S = 10


def number(count: int) -> str:
    """Return a count in words up to twelve, else in digits."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def counted(count: int, noun: str) -> str:
    """Return a count and its noun, which takes an `s` unless there is one: `1 token`, `2,000 tokens`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def joined(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    if len(names) < 2:  # noqa: PLR2004 - one name needs no `and`
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def hinted(problem: "Problem") -> str:
    """Return what is wrong, and in brackets what to do about it."""
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def seconds(duration_s: float) -> str:
    """Return a duration: `40 ms`, `2.5 s`, `90 s`; from ten seconds on without a fraction."""
    if duration_s < 1:
        return f"{duration_s * 1000:.0f} ms"
    return f"{duration_s:.1f} s" if duration_s < _TEN_S and duration_s % 1 else f"{duration_s:,.0f} s"


def elapsed(began_at: str | None, ended_at: str | None) -> str:
    """Return how long it was from one event's time to another's, or nothing where one is not known."""
    if began_at is None or ended_at is None:
        return ""
    return seconds(_seconds_between(began_at, ended_at))


def whole_seconds(began_at: str | None, now: str) -> str:
    """Return how long something that goes on has taken, without a fraction, which would only flicker."""
    if began_at is None:
        return ""
    return f"{max(int(_seconds_between(began_at, now)), 0):,} s"


def moment(at: str) -> str:
    """Return an event's time, to the second, as people read it: `2026-07-01 12:30:05 UTC`."""
    return f"{at[:10]} {at[11:19]} UTC" if at else ""


def _seconds_between(began_at: str, ended_at: str) -> float:
    return (datetime.fromisoformat(ended_at) - datetime.fromisoformat(began_at)).total_seconds()


def beginning(text: str, most: int | None) -> str:
    """Return a text, or of one with more than `most` characters its first ones."""
    return text if most is None else text[:most]


def is_cut(text: str | None, most: int | None) -> bool:
    """Say whether `beginning` leaves something out."""
    return text is not None and most is not None and len(text) > most


def indented(text: str, by: int = 4) -> str:
    """Return the text with every line moved right, so that none of it can pass for one of ours."""
    return "\n".join(" " * by + line if line else "" for line in text.removesuffix("\n").split("\n"))

"""Let what the API answers to one call decide when the next ones leave."""

from collections.abc import Mapping
from typing import Final

from overlord_run.engine.base import Failure, FailureKind, Reply
from overlord_run.engine.gate import Gate, Pass
from overlord_run.engine.remaining import exhausted
from overlord_run.engine.retry import LONGEST_WAIT_S
from overlord_run.engine.weight import used_tokens

COMPLAINTS: Final[frozenset[FailureKind]] = frozenset({"rate-limited", "overloaded"})
"""The failures that say that there are too many calls."""


class Feedback:
    """What the gate hears of one call that it let out.

    Args:
        gate: Where calls wait.
        passed: What the call was let out by.
        is_patient: Whether what an answer asks to wait is waited for; a replay asks nobody.
    """

    __slots__ = ("_gate", "_is_patient", "_passed")

    def __init__(self, gate: Gate, passed: Pass, *, is_patient: bool = True) -> None:
        self._gate = gate
        self._passed = passed
        self._is_patient = is_patient

    def sent(self) -> None:
        """Say that the call leaves now."""
        self._gate.sent(self._passed)

    def take(self, result: Reply | Failure, headers: Mapping[str, str]) -> None:
        """Take what came of the call.

        A limit that is used up holds back every call, whichever model it was about: an answer does not say for whom
        its limits hold.
        """
        if isinstance(result, Failure) and result.kind == "quota":
            return  # no waiting and no smaller number of calls brings the money back
        tokens = used_tokens(result)
        if tokens is not None:
            self._gate.correct(self._passed, tokens)
        if isinstance(result, Failure) and result.kind in COMPLAINTS:
            self._gate.narrow(self._passed, result.reason)
            if result.retry_after_s is not None and result.retry_after_s <= LONGEST_WAIT_S:
                self._hush(result.retry_after_s, result.reason)
        used_up = exhausted(headers)
        if used_up is not None:
            kind, wait_s = used_up
            self._hush(wait_s, f"the API allows no more {kind} until then")

    def _hush(self, wait_s: float, why: str) -> None:
        if self._is_patient:
            self._gate.hush(wait_s, why)

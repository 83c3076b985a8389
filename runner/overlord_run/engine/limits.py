"""Say how long a call must wait for time to pass: for the rate that a playbook sets, and while the API wants quiet."""

import math
from collections.abc import Mapping
from typing import Literal

from overlord_run.engine.window import Entry, Window
from overlord_run.playbook.model import Rate

Kind = Literal["requests", "tokens"]
Amounts = Mapping[Kind, int]
"""What a call counts as; a kind that is left out counts nothing."""

NOTHING: Amounts = {"requests": 0, "tokens": 0}


class Limits:
    """The limits that time lifts. Time is handed in: seconds of a clock that never goes back.

    Args:
        rate: How many requests and tokens may leave within any minute.
    """

    def __init__(self, rate: Rate) -> None:
        limits: dict[Kind, int | None] = {"requests": rate.requests_per_minute, "tokens": rate.tokens_per_minute}
        self._windows = {kind: Window(limit) for kind, limit in limits.items() if limit is not None}
        self._quiet_until_s = -math.inf
        self._why_quiet = ""

    @property
    def counts_tokens(self) -> bool:
        """Whether anybody needs to know how many tokens a call takes."""
        return "tokens" in self._windows

    def wait(self, amounts: Amounts, now_s: float) -> tuple[float, str]:
        """Return how many seconds until a call may leave, and why; not above 0 where it may now."""
        longest_s, why = self._quiet_until_s - now_s, self._why_quiet
        for kind, window in self._windows.items():
            wait_s = window.wait_s(amounts.get(kind, 0), now_s)
            if wait_s > longest_s:
                longest_s, why = wait_s, _allowed(window.limit, kind)
        return longest_s, why

    def let_out(self, amounts: Amounts) -> dict[Kind, Entry]:
        """Count a call that may leave, and return what it is counted as."""
        return {kind: window.let_out(amounts.get(kind, 0)) for kind, window in self._windows.items()}

    def leave(self, entries: Mapping[Kind, Entry], now_s: float) -> None:
        """Let a call that was let out leave now."""
        for kind, entry in entries.items():
            self._windows[kind].leave(entry, now_s)

    def correct(self, entries: Mapping[Kind, Entry], amounts: Amounts, now_s: float) -> None:
        """Count a call as other amounts than was thought."""
        for kind, entry in entries.items():
            if kind in amounts:
                self._windows[kind].correct(entry, amounts[kind], now_s)

    def hush(self, wait_s: float, why: str, now_s: float) -> None:
        """Let nothing leave for so many seconds; a longer quiet that was asked for before holds on."""
        if now_s + wait_s > self._quiet_until_s:
            self._quiet_until_s, self._why_quiet = now_s + wait_s, why


def _allowed(limit: int, kind: Kind) -> str:
    return f"the playbook's rate is {limit:,} {kind if limit > 1 else kind[:-1]} a minute"

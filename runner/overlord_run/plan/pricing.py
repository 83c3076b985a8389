"""Reckon what an answer cost, what a call may cost at most, and which price a model has.

Fugu's orchestration tokens are billed besides prompt and completion, at the same rates. Cached tokens are a part of the
prompt's, and of the orchestration's input. Source: https://console.sakana.ai/pricing.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from overlord_run.playbook.money import Price, price_from_json
from overlord_run.shipped import shipped

Usage = Mapping[str, Any]
"""The counts of an answer as events have them: `promptTokens`, `completionTokens` and so on; None where not told."""

_MILLION = 1_000_000
# Cached and reasoning tokens are parts of the prompt's and the completion's; orchestration comes on top of them.
ADDED = ("promptTokens", "completionTokens", "orchestrationInputTokens", "orchestrationOutputTokens")


class Amount(Struct, frozen=True):
    """Tokens, and what they cost in nano-dollars, 0 where nothing is priced."""

    tokens: int = 0
    nano_usd: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Return both together."""
        return Amount(self.tokens + other.tokens, self.nano_usd + other.nano_usd)

    def __sub__(self, other: "Amount") -> "Amount":
        """Return what is left without the other."""
        return Amount(self.tokens - other.tokens, self.nano_usd - other.nano_usd)


NOTHING = Amount()


class Cost(Struct, frozen=True, gc=False):
    """What several calls cost.

    Attributes:
        nano_usd: What is known of it.
        priced: How many calls that is of.
        unpriced: How many calls cost something, or may have, that nobody knows.
    """

    nano_usd: int = 0
    priced: int = 0
    unpriced: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        """Return both together."""
        if self == NO_COST:  # as that of nearly every call is the first of its message: then no other value is made
            return other
        return Cost(self.nano_usd + other.nano_usd, self.priced + other.priced, self.unpriced + other.unpriced)


NO_COST = Cost()
_UNKNOWN_COST = Cost(unpriced=1)


def cost_of(nano_usd: int | None) -> Cost:
    """Return the cost of one call; None where it is not known."""
    return _UNKNOWN_COST if nano_usd is None else Cost(nano_usd, priced=1)


class Share(Struct, frozen=True):
    """How much orchestration comes on top, as a fraction: so many tokens to so many of the prompt, or the answer."""

    part: int = 1
    whole: int = 1

    def of(self, tokens: int) -> int:
        """Return how many come on top of so many tokens, rounded up."""
        return -(-tokens * self.part // self.whole)

    def exceeds(self, other: "Share") -> bool:
        """Return whether this is more."""
        return self.part * other.whole > other.part * self.whole


_AS_MUCH_AGAIN = Share()


class Orchestration(Struct, frozen=True):
    """The shares of a model's orchestration on top of the prompt and of the answer; as much again while unknown."""

    input: Share = _AS_MUCH_AGAIN
    output: Share = _AS_MUCH_AGAIN


UNKNOWN = Orchestration()


def tokens_of(usage: Usage) -> int | None:
    """Return what one reply cost in tokens, orchestration included; None where the API did not say."""
    known = [count for key in ADDED if (count := _count(usage, key)) is not None]
    return sum(known) if known else None


def is_whole(usage: Usage) -> bool:
    """Return whether the API told both what was asked and what was answered; else the cost is not known."""
    return _count(usage, "promptTokens") is not None and _count(usage, "completionTokens") is not None


def cost(usage: Usage, price: Price | None) -> int | None:
    """Return what a reply cost in nano-dollars, rounded up; None where price or usage is not known."""
    if price is None or not is_whole(usage):
        return None
    prompt, completion, over, out = (_count(usage, key) or 0 for key in ADDED)
    cached = min(_count(usage, "cachedTokens") or 0, prompt)
    cached += min(_count(usage, "orchestrationInputCachedTokens") or 0, over)
    rates = price.at(prompt)
    in_millionths = (prompt + over - cached) * rates.input + cached * rates.cached + (completion + out) * rates.output
    return -(-in_millionths // _MILLION)


def most(prompt_tokens: int, answer_tokens: int, price: Price | None, orchestration: Orchestration) -> Amount:
    """Return what a call may cost at most, with an answer of so many tokens and nothing cached."""
    usage = {
        "promptTokens": prompt_tokens,
        "completionTokens": answer_tokens,
        "orchestrationInputTokens": orchestration.input.of(prompt_tokens),
        "orchestrationOutputTokens": orchestration.output.of(answer_tokens),
    }
    return Amount(sum(usage.values()), cost(usage, price) or 0)


def orchestration_of(usage: Usage, before: Orchestration | None) -> Orchestration | None:
    """Return the largest shares that were seen, with those of one more reply; None while none was."""
    if not is_whole(usage):
        return before
    prompt, completion, over, out = (_count(usage, key) or 0 for key in ADDED)
    input_, output = Share(over, max(prompt, 1)), Share(out, max(completion, 1))
    if before is None:
        return Orchestration(input_, output)
    return Orchestration(
        input_ if input_.exceeds(before.input) else before.input,
        output if output.exceeds(before.output) else before.output,
    )


def answer_limit(params: Mapping[str, Any]) -> int | None:
    """Return how many tokens an answer may have by a model's parameters; None where they set no limit."""
    limits = [params.get(name) for name in ("max_tokens", "max_completion_tokens")]
    known = [int(limit) for limit in limits if isinstance(limit, int | float) and not isinstance(limit, bool)]
    return max(known) if known and min(known) > 0 else None


def listed_price(model_id: str, base_url: str | None) -> Price | None:
    """Return the price that ships with the runner for a model of the API at `base_url`, by the API's own id.

    A price is of one API: another one's model of the same id has none here. None is the API that is asked by default.
    """
    table = _table("sakana")
    price = table["models"].get(model_id) if base_url in (None, table["baseUrl"]) else None
    return None if price is None else price_from_json(price)


@functools.cache
def _table(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shipped("prices") / f"{name}.json").read_text("utf-8"))
    return content


def _count(usage: Usage, key: str) -> int | None:
    value = usage.get(key)
    return value if type(value) is int and value >= 0 else None

"""Count, for each servant, what it was sent, what came of it, and the tokens that the API told."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from overlord_run.engine.base import Usage
from overlord_run.plan.pricing import ADDED, NO_COST, Cost, tokens_of
from overlord_run.playbook.money import in_usd
from overlord_run.store.events import camel
from overlord_run.store.state import Result, Servant, State

USAGE_KEYS = tuple(map(camel, Usage.__struct_fields__))


class Spent(Struct, frozen=True):
    """Tokens of several replies, and what all calls cost.

    Attributes:
        counts: The sum of each count of a reply's usage; None where no reply told it.
        told: How many replies told their tokens.
        untold: How many did not.
    """

    counts: Mapping[str, int | None]
    told: int
    untold: int
    cost: Cost

    @property
    def tokens(self) -> int:
        """What was told in all, orchestration included."""
        return sum(self.counts.get(key) or 0 for key in ADDED)


class Tally(Struct, frozen=True):
    """One servant's part in a run."""

    servant: Servant
    sent: int
    answered: int
    failed: int
    skipped: int
    spent: Spent


def tallies(state: State) -> list[Tally]:
    """Return the tally of every servant, in the order of the assignments."""
    results: dict[str, list[Result]] = {slot: [] for slot in state.servants}
    for message in state.messages.values():
        for slot, result in message.results.items():
            results[slot].append(result)
    return [_tally(servant, results[slot]) for slot, servant in state.servants.items()]


def spent(state: State) -> Spent:
    """Return the tokens of the whole run."""
    return _spent(result for message in state.messages.values() for result in message.results.values())


def tokens_told(told: Spent) -> str:
    """Return the tokens as people read them: never zero for what is not known."""
    return tokens_text(told.tokens, told=told.told, untold=told.untold)


def tokens_text(tokens: int, *, told: int, untold: int) -> str:
    """Return a sum of tokens as people read it, of so many replies that told theirs and so many that did not."""
    if not told:
        return "unknown" if untold else "0"
    return f"{'at least ' if untold else ''}{tokens:,}"


def cost_text(cost: Cost) -> str:
    """Return a cost as people read it: never zero for what is not known."""
    known = in_usd(cost.nano_usd) if cost.priced or not cost.unpriced else ""
    return " + ".join(filter(None, (known, "unpriced" if cost.unpriced else "")))


def _tally(servant: Servant, results: list[Result]) -> Tally:
    states = [result.state for result in results]
    return Tally(
        servant=servant,
        sent=sum(result.attempts > 0 for result in results),
        answered=states.count("completed"),
        failed=states.count("failed"),
        skipped=states.count("skipped"),
        spent=_spent(results),
    )


def _spent(every: Iterable[Result]) -> Spent:
    results = list(every)
    usages = [result.usage for result in results if result.usage is not None]
    told = sum(tokens_of(usage) is not None for usage in usages)
    cost = sum((result.cost for result in results), NO_COST)
    return Spent({key: _sum(usages, key) for key in USAGE_KEYS}, told, len(usages) - told, cost)


def _sum(usages: Iterable[Mapping[str, int | None]], key: str) -> int | None:
    known = [count for usage in usages if (count := usage.get(key)) is not None]
    return sum(known) if known else None

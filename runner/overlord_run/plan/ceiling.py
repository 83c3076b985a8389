"""Say before the first call what a plan may cost at most, as far as that can be known."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from overlord_run.expect.words import with_ending
from overlord_run.plan.estimate import prompt_tokens
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan
from overlord_run.plan.pricing import NO_COST, NOTHING, UNKNOWN, Cost, answer_limit, cost_of, most
from overlord_run.plan.redirects import PlannedBlock, PlannedMessage, PlannedRedirect
from overlord_run.playbook.money import Price


class Ceiling(Struct, frozen=True):
    """What all calls of a plan may take at most, if every answer is as long as it may be.

    A text that waits for replies counts as its template and each reply that it reads once. Fugu's orchestration counts
    as much again, and of a block every round. Further attempts are left out: they are made where nothing was billed.

    Attributes:
        tokens: Of all calls; None where an answer has no limit.
        cost: Of all calls.
        unbounded: The aliases of the models whose answers have no limit.
        unpriced: The aliases of the models without a price.
    """

    tokens: int | None
    cost: Cost
    unbounded: tuple[str, ...]
    unpriced: tuple[str, ...]


def ceiling(plan: Plan, prices: Mapping[str, Price | None]) -> Ceiling:
    """Return the ceiling of a plan; `prices` are by alias."""
    limits = {alias: answer_limit(model.params) for alias, model in plan.models.items()}
    unbounded = tuple(alias for alias, limit in limits.items() if limit is None)
    unpriced = tuple(alias for alias in plan.models if prices.get(alias) is None)
    amount, cost = NOTHING, NO_COST
    conversations = {servant.slot: prompt_tokens([servant.system]) for servant in plan.servants}
    for message_id, slot, asked in _questions(plan, limits):
        alias, expect = plan.by_slot[slot].model, plan.expect(message_id, slot)
        answer = limits[alias] or 0
        for _call in range(1 if expect is None else 1 + expect.repairs):
            conversations[slot] += asked
            call = most(conversations[slot], answer, prices.get(alias), UNKNOWN)
            conversations[slot] += answer
            amount += call
            cost += cost_of(None if alias in unpriced or alias in unbounded else call.nano_usd)
    return Ceiling(None if unbounded else amount.tokens, cost, unbounded, unpriced)


def _questions(plan: Plan, limits: Mapping[str, int | None]) -> Iterable[tuple[str, str, int]]:
    """Yield message id, slot and about how many tokens each message is."""
    for servant in plan.servants:
        if servant.task is not None:
            yield STARTUP, servant.slot, prompt_tokens([servant.task])
    longest = {slot: limits[servant.model] or 0 for slot, servant in plan.by_slot.items()}
    answers = {one: sum(longest[slot] for slot in slots) for one, slots in plan.targets.items()}
    for message in _messages(plan.redirects):
        read = sum(answers.get(one, 0) for one in message.reads)
        for slot in message.targets:
            yield message.id, slot, prompt_tokens([_text(message, slot)]) + read


def _messages(redirects: Iterable[PlannedRedirect]) -> Iterable[PlannedMessage]:
    """Yield each message as often as it may be sent: in a block once a round."""
    for redirect in redirects:
        if isinstance(redirect, PlannedMessage):
            yield redirect
        elif isinstance(redirect, PlannedBlock):
            for _round in range(redirect.repeat.max):
                yield from _messages(redirect.redirects)


def _text(message: PlannedMessage, slot: str) -> str:
    return with_ending(message.template.source, message.ending) if message.texts is None else message.texts[slot]

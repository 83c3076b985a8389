"""Know what a plan sends in all: its messages to servants, their digests, and about how many tokens they are."""

import hashlib

from msgspec import Struct

from overlord_run.plan.estimate import tokens
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan, PlannedServant
from overlord_run.plan.redirects import PlannedMessage


class Sending(Struct, frozen=True):
    """One message to one servant.

    Attributes:
        text: What is sent; None where it waits for replies.
        times: How often at most: in a block once a round.
    """

    message_id: str
    slot: str
    text: str | None
    times: int = 1


class Sums(Struct, frozen=True):
    """What a plan sends in all.

    Attributes:
        calls: How many calls there are at most.
        waiting: How many of them wait for replies with their texts.
        is_conditional: Whether a run may make fewer calls than there are.
        known_tokens: About how many tokens the texts are that are known before the first call, each counted once.
    """

    calls: int
    waiting: int
    is_conditional: bool
    known_tokens: int


def starting(plan: Plan) -> list[PlannedServant]:
    """Return the servants that begin with a task of their own."""
    return [servant for servant in plan.servants if servant.task is not None]


def sendings(plan: Plan) -> list[Sending]:
    """Return every message to every servant, in the plan's order."""
    found = [Sending(STARTUP, one.slot, one.task) for one in starting(plan)]
    for message in plan.messages():
        block, texts = plan.block_of.get(message.id), message.texts or {}
        times = 1 if block is None else block.repeat.max
        found += [Sending(message.id, slot, texts.get(slot), times) for slot in message.targets]
    return found


def sums(plan: Plan) -> Sums:
    """Return what a plan sends in all."""
    every = sendings(plan)
    texts = [one.text for one in every if one.text is not None]
    return Sums(
        calls=sum(one.times for one in every),
        waiting=sum(one.times for one in every if one.text is None),
        is_conditional=any(
            not isinstance(each, PlannedMessage) or each.needs or each.when is not None or each.only is not None
            for each in plan.every_redirect()
        ),
        known_tokens=sum(tokens(text) for text in [*(servant.system for servant in plan.servants), *texts]),
    )


def text_digest(text: str) -> str:
    """Return `sha256:` and the hex digest of a text's UTF-8."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

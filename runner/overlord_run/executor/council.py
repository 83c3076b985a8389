"""Hold what every step of a run needs, and whether anything new may be sent."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct, field

from overlord_run.engine.base import Engine, Held, Narrowed, Slowing
from overlord_run.engine.body import Digests
from overlord_run.executor.histories import Histories
from overlord_run.plan.account import Call
from overlord_run.plan.model import Plan, PlannedServant
from overlord_run.plan.pricing import NOTHING, Amount
from overlord_run.playbook.money import Price
from overlord_run.store import events as ev
from overlord_run.store.events import Body
from overlord_run.store.state import State


class Recorder(Protocol):
    """Where events go."""

    @property
    def state(self) -> State:
        """What the events so far fold into."""
        ...

    async def record(self, *bodies: Body) -> None:
        """Return when the events are on disk and in `state`. Raises `StoreError` when they cannot be."""
        ...

    def note(self, *bodies: Body) -> None:
        """Take events that nobody waits for; they reach the disk before any that is recorded later."""
        ...


class Policy(Struct, frozen=True):
    """What holds for a call where nothing more specific does.

    Attributes:
        timeout_s: Bounds one attempt.
        attempts: How often a call is tried at most where nothing was billed.
        jitter: Gives a number from 0 to 1 that spreads waits.
        clock: Gives the time as events have it.
        prices: What each model's tokens cost, by alias; None where nobody knows.
        pace: How much of each wait is waited: all of it, or, in a replay, nothing.
    """

    timeout_s: float
    attempts: int
    jitter: Callable[[], float]
    clock: Callable[[], str]
    prices: Mapping[str, Price | None] = field(default_factory=dict)
    pace: float = 1.0


class Halt(Struct):
    """A request to send nothing new: from a person (`wanted`), or from a redirect that says so (`reason`).

    Attributes:
        is_rejection: Whether a check, or a person, said no: then the run has not been carried out.
        request_id: Of the person who asked through the inbox; None where it was a signal.
        limit: Which limit of the budget asks for it, in a sentence, with `wanted`; None where none does.
    """

    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str | None = None
    is_rejection: bool = False
    request_id: str | None = None
    limit: str | None = None


class Flights(Struct):
    """The calls of this process that the budget has let go.

    Attributes:
        claims: What those of them may cost that do not stand in the book yet.
        claimed: All of these together.
        count: How many have not ended.
        landed: Set when one ends; whoever waits for the next clears it before.
    """

    claims: dict[Call, Amount] = field(default_factory=dict)
    claimed: Amount = NOTHING
    count: int = 0
    landed: asyncio.Event = field(default_factory=asyncio.Event)

    def claim(self, call: Call, amount: Amount) -> None:
        """Take what a call may cost that is about to leave."""
        self.drop(call)
        self.claims[call] = amount
        self.claimed += amount

    def drop(self, call: Call) -> None:
        """Give the claim of a call up, if it has one."""
        claim = self.claims.pop(call, None)
        if claim is not None:
            self.claimed -= claim


class Council(Struct, frozen=True):
    """A run in progress.

    Attributes:
        details: Message id and slot → what the provider said of the call's failure, redacted. It reaches no file.
        answers: What waits for a person's answer, by the message's id; done once that is on record.
        floor: Slot → the lock of whoever speaks with that servant: a conversation has one question at a time, and the
            waiting are served as they came.
        flights: The calls under way.
        histories: The conversations, as the next requests begin.
        digests: Of requests' bodies.
    """

    plan: Plan
    engine: Engine
    recorder: Recorder
    policy: Policy
    halt: Halt
    servants: dict[str, PlannedServant]
    details: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[str, asyncio.Future[bool]] = field(default_factory=dict)
    floor: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    flights: Flights = field(default_factory=Flights)
    histories: Histories = field(default_factory=Histories)
    digests: Digests = field(default_factory=Digests)

    @property
    def state(self) -> State:
        """The run's state so far."""
        return self.recorder.state

    def timeout_s(self, slot: str, redirect_timeout_s: float | None = None) -> float:
        """Return what bounds an attempt: the redirect's own timeout, else the model's, else the run's."""
        model = self.plan.models[self.servants[slot].model]
        return redirect_timeout_s or model.timeout_s or self.policy.timeout_s

    def price(self, slot: str) -> Price | None:
        """Return what the tokens of a servant's model cost; None where nobody knows."""
        return self.policy.prices.get(self.servants[slot].model)


def convene(plan: Plan, engine: Engine, recorder: Recorder, policy: Policy, halt: Halt) -> Council:
    """Return the council of a plan. What makes its requests leave later than they could is on record from now on."""
    servants = {servant.slot: servant for servant in plan.servants}
    engine.heed(halt.wanted, lambda slowing: recorder.note(_slowed(slowing)))
    return Council(plan, engine, recorder, policy, halt, servants)


def _slowed(slowing: Slowing) -> Body:
    match slowing:
        case Held(wait_s, reason):
            return ev.RequestsHeld(round(wait_s, 1), reason)
        case Narrowed(concurrency, reason):
            return ev.ConcurrencyFell(concurrency, reason)

"""Keep the book of a run's spending: what is spent, what calls in flight may cost, and whether one more call fits.

A call reserves what it may cost at most before it leaves, and is settled when it has ended. So as long as no call bills
more than it reserved, what all of them bill stays within the limits, in whatever order they come and end:

- an answer counts as what it cost, in place of its reservation;
- where nothing can have been billed, the reservation is given back;
- where nobody can tell (no whole answer in time, an answer that is none, a crash), the reservation stays, as possibly
  billed. It is never given back: the money may be gone.

All of it is folded from the log, so a run that is taken up again goes on with the same book.
"""

from msgspec import Struct, field

from overlord_run.plan.pricing import NOTHING, Amount, Orchestration, Usage, is_whole, orchestration_of, tokens_of
from overlord_run.playbook.money import NO_LIMITS, LimitName, Limits, raising

Call = tuple[str, str]
"""A message's id and a slot."""


class Account(Struct):
    """The book of one run.

    Attributes:
        spent: What answers cost.
        possible: What calls may have cost of which nobody can tell.
        reserved: What calls in flight may cost.
        requests: How many calls were sent, further attempts and probes included.
        elapsed_ms: How long the run has worked.
        reached: The limit that stopped the run, until it is raised.
        needed: The least limit that the call would have fitted into which was not sent then.
        open: The reservation of each call in flight.
        orchestration: By the model's id at the API, the largest shares seen.
    """

    limits: Limits = NO_LIMITS
    spent: Amount = NOTHING
    possible: Amount = NOTHING
    reserved: Amount = NOTHING
    requests: int = 0
    elapsed_ms: int = 0
    reached: LimitName | None = None
    needed: int = 0
    open: dict[Call, Amount] = field(default_factory=dict)
    orchestration: dict[str, Orchestration] = field(default_factory=dict)

    @property
    def committed(self) -> Amount:
        """What is spent, or may be by now."""
        return self.spent + self.possible + self.reserved

    def after(self, amount: Amount, claims: Amount = NOTHING, requests: int = 1) -> dict[LimitName, int]:
        """Return how much of each limit would be used if one more call left; time passes by itself.

        Args:
            amount: What it may cost at most.
            claims: What calls may cost that are about to leave and not in this book yet.
            requests: How many calls these are, with the one that is asked about.
        """
        total = self.committed + amount + claims
        return {"usd": total.nano_usd, "tokens": total.tokens, "requests": self.requests + requests}

    def obstacle(self, amount: Amount, claims: Amount = NOTHING, requests: int = 1) -> LimitName | None:
        """Return the limit that one more call does not fit into, or None where it fits; the arguments are `after`'s."""
        if not self.limits:
            return None
        used = self.after(amount, claims, requests)
        limits = ((name, self.limits.of(name)) for name in used)
        return next((name for name, limit in limits if limit is not None and used[name] > limit), None)

    def remedy(self) -> str:
        """Return how the limit that stopped the run is raised: to twice what it is, or more where the call needs it."""
        if self.reached is None:
            return ""
        return raising(self.reached, max(2 * (self.limits.of(self.reached) or 0), self.needed))

    def reserve(self, call: Call, amount: Amount) -> None:
        """Take a call that leaves now; one of the same message and slot that never ended may have been billed."""
        if call in self.open:
            self.settle(call, None)
        self.requests += 1
        self.open[call] = amount
        self.reserved += amount

    def hold(self, amount: Amount) -> None:
        """Take a call of which nobody will tell what it cost."""
        self.requests += 1
        self.possible += amount

    def settle(self, call: Call, billed: Amount | None) -> None:
        """Take what a call cost in place of its reservation; None keeps that as possibly billed."""
        reserved = self._close(call)
        if billed is None:
            self.possible += reserved
        else:
            self.spent += billed

    def release(self, call: Call) -> None:
        """Give a reservation back: nothing can have been billed."""
        self._close(call)

    def answer(self, call: Call, model_id: str, usage: Usage, nano_usd: int | None) -> None:
        """Take an answer: what the API told of it, and what that costs, None where nobody knows."""
        is_known = is_whole(usage) and (nano_usd is not None or self.limits.nano_usd is None)
        self.settle(call, Amount(tokens_of(usage) or 0, nano_usd or 0) if is_known else None)
        seen = orchestration_of(usage, self.orchestration.get(model_id))
        if seen is not None:
            self.orchestration[model_id] = seen

    def raise_to(self, limits: Limits) -> None:
        """Take other limits; one that had stopped the run does so no more where it is higher now."""
        before = self.limits
        self.limits = limits
        if self.reached is not None and (limits.of(self.reached) or 0) > (before.of(self.reached) or 0):
            self.reached = None

    def _close(self, call: Call) -> Amount:
        amount = self.open.pop(call, NOTHING)
        self.reserved -= amount
        return amount

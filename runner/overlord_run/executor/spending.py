"""Let a call go only where the run's budget covers what it may cost; at a limit stop the run.

The book itself is in the run's state, folded from the log. Between the question whether a call fits and the event that
it left lies a sync of the disk, and other calls ask meanwhile. So what may leave is claimed here until it stands in the
book, and the calls of this process in flight are counted: a call that does not fit waits for one of them to end, and
when none is in flight the limit is reached. A call that a crash left open is in flight for nobody; what it reserved
stays in the book.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from overlord_run.engine.base import Failure, FailureKind, Request
from overlord_run.errors import BudgetError
from overlord_run.executor.council import Council
from overlord_run.plan.account import Account, Call
from overlord_run.plan.estimate import prompt_tokens, tokens
from overlord_run.plan.pricing import NOTHING, UNKNOWN, Amount, answer_limit, most
from overlord_run.playbook.money import LimitName, in_limit, in_usd
from overlord_run.store import events as ev
from overlord_run.store.book import worked_ms

PROBE_TOKENS: Final = 1000
"""What a probe's answer counts as: a probe sets no limit, and nobody tells what it cost."""

# The API answered before it asked a model, or nothing was sent. Any other failure may have been billed: even a 400 can
# come from a filter that is paid for, and after a timeout or a 500 the model may have worked.
_REFUSED: Final[frozenset[FailureKind]] = frozenset({"refused-key", "quota", "not-found", "key-in-prompt", "script"})
_LEAST_S: Final = 0.05


async def cover(council: Council, request: Request) -> Amount | None:
    """Return what a call may cost at most once the budget covers it, or None where nothing more is sent.

    The call counts as in flight then, until `land` is told of it.
    """
    amount = await _claim(council, _call_of(request), lambda: _at_most(council, request))
    if amount is not None:
        council.flights.count += 1
    return amount


def booked(council: Council, request: Request) -> None:
    """Give the claim of a call up: that it left is on record, so it stands in the book."""
    council.flights.drop(_call_of(request))


def land(council: Council, request: Request) -> None:
    """Count a call as in flight no more; how it ended must be on record by now."""
    flights = council.flights
    flights.drop(_call_of(request))
    flights.count -= 1
    flights.landed.set()


async def book_probe(council: Council, model_id: str, prompt: str) -> None:
    """Record that a probe leaves now, once the budget covers it.

    Raises:
        BudgetError: It does not, or the run was stopped meanwhile.
    """
    amount = NOTHING
    if council.state.account.limits.needs_reservations:
        known = [price for price in council.policy.prices.values() if price is not None]
        dearest = max(known, key=lambda price: price.rates.output, default=None)  # it need not be one of the plan's
        amount = most(prompt_tokens([prompt]), PROBE_TOKENS, dearest, UNKNOWN)
    call = ("preflight", model_id)
    if await _claim(council, call, lambda: amount) is None:
        raise BudgetError(council.halt.limit or "the run was stopped meanwhile")
    try:
        await council.recorder.record(ev.ProbeSent(model_id, amount.tokens, amount.nano_usd))
    finally:
        council.flights.drop(call)


@asynccontextmanager
async def timed(council: Council) -> AsyncIterator[None]:
    """Stop the run when it has worked for as long as it may, while the block is carried out."""
    watch = asyncio.create_task(_watch_time(council))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait({watch})  # had it failed to record, so does whoever records next


async def _watch_time(council: Council) -> None:
    while (limit_ms := council.state.account.limits.time_ms) is not None:
        left_ms = limit_ms - worked_ms(council.state, council.policy.clock())
        if left_ms <= 0:
            await _reach(council, "time", NOTHING, limit_ms - left_ms)
            return
        if await is_set_within(council.halt.wanted, max(left_ms / 1000, _LEAST_S)):
            return


async def is_set_within(event: asyncio.Event, wait_s: float) -> bool:
    """Return whether an event is set within so many seconds, as soon as it is."""
    try:
        async with asyncio.timeout(wait_s):
            return await event.wait()
    except TimeoutError:
        return False


def is_unbilled(failure: Failure) -> bool:
    """Return whether nothing can have been billed for a call that failed so."""
    return failure.unbilled or failure.kind in _REFUSED


def _at_most(council: Council, request: Request) -> Amount:
    account = council.state.account
    if not account.limits.needs_reservations:
        return NOTHING
    form = request.params.get("response_format")  # some providers put the schema into the prompt
    prompt = prompt_tokens(request.contents())
    prompt += 0 if form is None else tokens(json.dumps(form))
    orchestration = account.orchestration.get(request.model, UNKNOWN)
    return most(prompt, answer_limit(request.params) or 0, council.price(request.slot), orchestration)


def _call_of(request: Request) -> Call:
    return (request.message, request.slot)


async def _claim(council: Council, call: Call, at_most: Callable[[], Amount]) -> Amount | None:
    """Claim what a call may cost, waiting for calls in flight while it does not fit; None where nothing more is sent.

    What it may cost is asked anew each time: answers teach how much orchestration comes on top.
    """
    flights, halt = council.flights, council.halt
    while not halt.wanted.is_set():
        amount = at_most()
        claimed, count = flights.claimed, len(flights.claims) + 1
        obstacle = council.state.account.obstacle(amount, claimed, count)
        if obstacle is None:
            flights.claim(call, amount)
            return amount
        if flights.count == 0:
            needed = council.state.account.after(amount, claimed, count)[obstacle]
            await _reach(council, obstacle, amount, needed)
        else:
            flights.landed.clear()
            await _either(flights.landed, halt.wanted)
    return None


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _reach(council: Council, limit: LimitName, amount: Amount, needed: int) -> None:
    """Stop the run at a limit, once: what several calls find out together is one thing."""
    halt = council.halt
    if halt.wanted.is_set():
        return
    halt.limit = _reason(council.state.account, limit, amount)
    halt.wanted.set()
    await council.recorder.record(ev.BudgetReached(limit, halt.limit, needed))


def _reason(account: Account, limit: LimitName, amount: Amount) -> str:
    """Return which limit is reached, and by what; a call in flight that was let go counts as spent by now."""
    reached = f"the budget of {in_limit(limit, account.limits.of(limit) or 0)} is reached"
    match limit:
        case "usd":
            spent, possible, asked = (in_usd(one.nano_usd) for one in (account.spent, account.possible, amount))
            maybe = f", {possible} may have been billed" if account.possible.nano_usd else ""
            return f"{reached}: {spent} is spent{maybe}, and the next call may cost {asked}"
        case "tokens":
            maybe = f", {account.possible.tokens:,} may have been billed" if account.possible.tokens else ""
            return f"{reached}: {account.spent.tokens:,} are spent{maybe}, and the next call may take {amount.tokens:,}"
        case _:
            return reached

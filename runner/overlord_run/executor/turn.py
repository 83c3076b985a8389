"""Ask one servant one message, and record each attempt before and after."""

import asyncio
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from overlord_run.engine.base import ChatMessage, Failure, Lane, Part, Reply, Request, Usage
from overlord_run.engine.retry import delay_s
from overlord_run.executor.council import Council
from overlord_run.executor.spending import booked, cover, is_set_within, is_unbilled, land
from overlord_run.expect.answer import Misfit, read_answer
from overlord_run.expect.words import repair as repair_of
from overlord_run.plan.ids import redirect_id
from overlord_run.plan.pricing import Amount, cost
from overlord_run.store import events as ev
from overlord_run.store.state import Result

Outcome = Literal["answered", "failed", "unfit", "unsent"]

# Each count of an answer, and what events call it.
_USAGE = tuple((name, ev.camel(name)) for name in Usage.__struct_fields__)


class Ask(Struct, frozen=True):
    """A message rendered for one servant."""

    message_id: str
    target: str
    slot: str
    text: str
    timeout_s: float


class Try(Struct, frozen=True):
    """Which attempt this is, from 1; how many there were before this call; how long this call has waited."""

    number: int
    before: int
    waited_s: float
    repairs: int


def always() -> bool:
    """Say that a first attempt may begin."""
    return True


async def take_turn(council: Council, ask: Ask, *, may_begin: Callable[[], bool] = always) -> Outcome:
    """Ask until there is an answer that fits, or none comes, and return how it ended.

    An answer that does not fit is answered by what does not, as often as the message says; then it is `unfit`, and the
    servant is not blocked for it. A question that was asked before, by a process that is gone, is asked as it stands on
    record, and its attempts and repairs count on. `may_begin` is asked before the first attempt; where it says no, or a
    person stopped the run, the message stays as it is and `unsent` comes back.
    """
    asked = _asked_before(council, ask) or _queue(council, ask)
    while True:
        outcome = await _call(council, ask, asked, may_begin=may_begin)
        asked = _asked_before(council, ask) or asked
        if outcome != "unfit" or asked.repair is None:
            return outcome
        may_begin = always


async def _call(council: Council, ask: Ask, asked: Result, *, may_begin: Callable[[], bool]) -> Outcome:
    """Ask one question, again where nothing was billed, and return how it ended."""
    history = council.histories.of(ask.slot, council.state.servants[ask.slot].conversation)
    opening = () if asked.system is None or history else (ChatMessage("system", asked.system),)
    messages: tuple[Part, ...] = (*history, *opening, ChatMessage("user", asked.repair or asked.text or ""))
    before, repairs = asked.attempts, asked.repairs
    attempt, waited_s = before + 1, 0.0
    while True:
        ended = await _attempt(council, ask, messages, Try(attempt, before, waited_s, repairs), may_begin=may_begin)
        if not isinstance(ended, float):
            return ended
        if await is_set_within(council.halt.wanted, ended * council.policy.pace):
            return "unsent"
        attempt, waited_s = attempt + 1, waited_s + ended


def _asked_before(council: Council, ask: Ask) -> Result | None:
    message = council.state.messages.get(ask.message_id)
    result = None if message is None else message.results.get(ask.slot)
    return None if result is None or result.text is None else result


def _queue(council: Council, ask: Ask) -> Result:
    """Record the question to a servant; its first one comes with the system message, and with what it takes over."""
    servant = council.state.servants[ask.slot]
    system = None if servant.conversation else council.servants[ask.slot].system
    handoff = None if servant.conversation else servant.handoff
    text = ask.text if handoff is None else f"{handoff}\n{ask.text}"
    council.recorder.note(ev.MessageQueued(ask.message_id, ask.target, ask.slot, text, system))
    return Result(ask.slot, text, system=system)


async def _attempt(
    council: Council,
    ask: Ask,
    messages: tuple[Part, ...],
    attempt: Try,
    *,
    may_begin: Callable[[], bool],
) -> Outcome | float:
    """Make one attempt; return how the turn ended, or the seconds to wait before the next attempt.

    The lane is kept until the end is on record, so that whoever waits for a lane knows of it; so is what the budget
    has reserved for the call.
    """
    request = _request(council, ask, messages, attempt)
    async with council.engine.lane(request) as lane:
        reserved = await cover(council, request)
        if reserved is None:
            return "unsent"
        try:
            is_first = attempt.number == attempt.before + 1
            if council.halt.wanted.is_set() or (is_first and not may_begin()):
                return "unsent"
            return await _ask(council, lane, request, attempt, reserved)
        finally:
            land(council, request)


async def _ask(council: Council, lane: Lane, request: Request, attempt: Try, reserved: Amount) -> Outcome | float:
    """Ask, on record before and after; return what `_attempt` does."""
    await council.recorder.record(
        ev.RequestSent(
            message_id=request.message,
            slot=request.slot,
            attempt=request.attempt,
            model=request.model,
            digest=council.digests.of(request),
            reserved_tokens=reserved.tokens,
            reserved_nano_usd=reserved.nano_usd,
        )
    )
    booked(council, request)
    result = await lane.ask(request)
    if isinstance(result, Reply):
        received = await _received(council, request, result)
        await council.recorder.record(received, *_ready(council, request.slot))
        return "unfit" if received.misfits else "answered"
    again_s = delay_s(
        result,
        attempt=attempt.number - attempt.before,
        attempts=council.policy.attempts,
        waited_s=attempt.waited_s,
        jitter=council.policy.jitter(),
    )
    if again_s is None:
        council.details[request.message, request.slot] = result.detail
    wait_s = None if again_s is None else again_s * council.policy.pace
    await council.recorder.record(*_failed(request, result, wait_s))
    return "failed" if again_s is None else again_s


def _request(council: Council, ask: Ask, messages: tuple[Part, ...], attempt: Try) -> Request:
    model = council.plan.models[council.servants[ask.slot].model]
    return Request(
        slot=ask.slot,
        message=ask.message_id,
        attempt=attempt.number,
        model=model.id,
        messages=messages,
        params=model.params_for(redirect_id(ask.message_id), council.plan.expect(ask.message_id, ask.slot)),
        timeout_s=ask.timeout_s,
        repair=attempt.repairs,
    )


async def _received(council: Council, request: Request, reply: Reply) -> ev.ReplyReceived:
    """Return the event of an answer, with what about it does not fit, and what the servant is told of that.

    It is looked at before it is recorded, so that no crash can come between. A thread does so: what a model wrote to
    make it slow must not hold up the others.
    """
    misfits: tuple[str, ...] = ()
    repair = None
    expect = council.plan.expect(request.message, request.slot)
    if expect is not None:
        answer = await asyncio.to_thread(read_answer, reply.text, expect.schema)
        misfits = answer.reasons if isinstance(answer, Misfit) else ()
        repair = repair_of(misfits) if misfits and request.repair < expect.repairs else None
    usage = {told: getattr(reply.usage, name) for name, told in _USAGE}
    return ev.ReplyReceived(
        message_id=request.message,
        slot=request.slot,
        attempt=request.attempt,
        model=reply.model,
        request_id=reply.request_id,
        text=reply.text,
        finish_reason=reply.finish_reason,
        cut=reply.cut,
        usage=usage,
        note=reply.note,
        misfits=list(misfits),
        repair=repair,
        cost_nano_usd=cost(usage, council.price(request.slot)),
    )


def _ready(council: Council, slot: str) -> tuple[ev.Body, ...]:
    return () if council.state.servants[slot].state == "ready" else (ev.ServantReady(slot),)


def _failed(request: Request, failure: Failure, again_s: float | None) -> tuple[ev.Body, ...]:
    failed = ev.RequestFailed(
        message_id=request.message,
        slot=request.slot,
        attempt=request.attempt,
        model=request.model,
        kind=failure.kind,
        status=failure.status,
        request_id=failure.request_id,
        reason=failure.reason,
        retry_in_s=again_s,
        unbilled=is_unbilled(failure),
    )
    return (failed, ev.ServantBlocked(request.slot, failure.reason)) if again_s is None else (failed,)

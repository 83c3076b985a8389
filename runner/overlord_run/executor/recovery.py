"""Help a servant whose call failed: ask it once more, or put a new one into its slot."""

from collections.abc import Callable

from overlord_run.executor.council import Council
from overlord_run.executor.proof import fault_of
from overlord_run.executor.turn import Ask, Outcome, always, take_turn
from overlord_run.plan.handoff import handoff
from overlord_run.store import events as ev
from overlord_run.store.lease import scope_token
from overlord_run.store.state import Message, State


async def ask(council: Council, question: Ask, *, may_begin: Callable[[], bool] = always) -> None:
    """Ask a servant, and where the plan says `recovery: auto` help it when it fails: how it ended is in the state."""
    if await take_turn(council, question, may_begin=may_begin) == "failed":
        await remedy(council, question)


async def remedy(council: Council, question: Ask) -> None:
    """Help a servant whose call failed, where the plan says `recovery: auto`, by what was not tried yet."""
    outcome: Outcome = "failed"
    while outcome == "failed" and council.plan.recovery == "auto":
        remedy = _next_remedy(council.state, question)
        # The leases of the others are not in question; naming all of them for each that failed would be quadratic.
        if remedy is None or await fault_of(council, renews_leases=False) is not None:
            return
        await council.recorder.record(remedy)
        outcome = await take_turn(council, question)


def recovered(slot: str, message_id: str, request_id: str | None = None) -> ev.ServantRecovered:
    """Return the event that a blocked servant is asked the question that failed again."""
    return ev.ServantRecovered(slot, message_id, request_id)


def replaced(state: State, slot: str, message_id: str | None, request_id: str | None = None) -> ev.ServantReplaced:
    """Return the event that a new servant takes a slot, with what it is told of the old one."""
    servant, created = state.servants[slot], state.created
    if created is None:
        raise LookupError(slot)
    generation = servant.generation + 1
    scope = (slot, generation, servant.profile, servant.assignment)
    told = handoff(_reason(state, slot, message_id), servant.assignment, servant.conversation)
    if servant.handoff is not None and not servant.conversation:
        told = servant.handoff  # it was asked nothing itself, so it hands on what it was handed
    return ev.ServantReplaced(
        slot=slot,
        generation=generation,
        scope_token=scope_token(created.run_token, created.run_id, scope),
        handoff=told,
        message_id=message_id,
        request_id=request_id,
    )


def left_without_remedy(state: State) -> list[tuple[Message, str]]:
    """Return each message that has not ended, with a slot whose call failed: a crash may have come before the remedy.

    A call that a person has said to count as failed is none of them.
    """
    return [
        (message, slot)
        for message in state.messages.values()
        if message.ended_at is None
        for slot, result in message.results.items()
        if state.servants[slot].state == "blocked" and result.failure_kind not in (None, "unknown")
    ]


def failed_question(state: State, slot: str) -> str | None:
    """Return the id of the message that a blocked servant did not answer, the last one; None where there is none."""
    failed = [
        message.id
        for message in state.messages.values()
        if slot in message.results and message.results[slot].state == "failed" and message.results[slot].attempts
    ]
    return failed[-1] if failed else None


def _next_remedy(state: State, question: Ask) -> ev.ServantRecovered | ev.ServantReplaced | None:
    """Return what is tried next: the first servant of a slot is asked once more, then it is replaced, once."""
    servant = state.servants[question.slot]
    if servant.generation > 1:
        return None
    if servant.recoveries == 0:
        return recovered(question.slot, question.message_id)
    return replaced(state, question.slot, question.message_id)


def _reason(state: State, slot: str, message_id: str | None) -> str:
    result = None if message_id is None else state.messages[message_id].results.get(slot)
    return (result.failure if result is not None else None) or "the Overlord asked for another"

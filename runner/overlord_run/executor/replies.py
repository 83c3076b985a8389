"""Turn what servants answered into the values that templates see."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from overlord_run.executor.council import Council
from overlord_run.expect.answer import Answer, read_answer
from overlord_run.plan.ids import round_id
from overlord_run.plan.language.templates import NO_JSON, ReplyText
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedRedirect
from overlord_run.plan.views import Seen
from overlord_run.store.state import Result, Servant, State

Replies = dict[str, dict[str, ReplyText]]


def replies_of(plan: Plan, state: State, message_ids: Iterable[str]) -> Replies:
    """Return message id → slot → reply, for those of `message_ids` that were asked and the servants that answered.

    Of a redirect in a block it is the latest round that has ended.
    """
    latest = {message_id: state.latest.get(message_id, message_id) for message_id in message_ids}
    return _replies(plan, state, latest)


def seen_by(council: Council, redirect: PlannedRedirect, number: int | None = None) -> Seen:
    """Return what the templates of a redirect can read now; `number` is the round of its block, from 1."""
    plan, state = council.plan, council.state
    previous: Replies = {}
    if number is not None and number > 1:
        block = plan.block_of.get(redirect.id, redirect)
        previous = _replies(plan, state, {one: round_id(one, number - 1) for one in plan.messages_in(block.id)})
    return Seen(replies_of(plan, state, redirect.reads), states_of(state), approvals_of(state), number, previous)


def seen_by_outputs(council: Council) -> Seen:
    """Return what the outputs can read."""
    plan, state = council.plan, council.state
    return Seen(replies_of(plan, state, plan.targets), states_of(state), approvals_of(state))


def approvals_of(state: State) -> dict[str, dict[str, str]]:
    """Return what persons said to the pauses that they approved, of the latest round, by the redirects' ids."""
    found = {redirect: state.messages[message_id] for redirect, message_id in state.latest.items()}
    return {
        redirect: {"by": message.answer.by, "note": message.answer.note, "at": message.ended_at or ""}
        for redirect, message in found.items()
        if message.answer is not None and message.answer.approved
    }


def _replies(plan: Plan, state: State, message_of: Mapping[str, str]) -> Replies:
    """Return redirect id → slot → reply, of the messages that stand for the redirects."""
    return {
        redirect: {
            slot: _reply(result.reply, result, plan.schema_of(slot, redirect))
            for slot, result in state.messages[message_id].results.items()
            if result.reply is not None
        }
        for redirect, message_id in message_of.items()
        if message_id in state.messages
    }


def _reply(text: str, result: Result, schema: Mapping[str, Any] | None) -> ReplyText:
    def read_json() -> Any:
        answer = None if schema is None else read_answer(text, schema)
        return answer.value if isinstance(answer, Answer) else NO_JSON

    return ReplyText(
        text,
        read_json=read_json,
        model=result.llm_model or "",
        finish_reason=result.finish_reason or "",
        cut=result.cut,
    )


class _States(Mapping[str, str]):
    """Slot → the servant's state, looked up when it is asked for: a message to 10,000 is rendered for each of them."""

    __slots__ = ("_servants",)

    def __init__(self, servants: Mapping[str, Servant]) -> None:
        self._servants = servants

    def __getitem__(self, slot: str) -> str:
        return self._servants[slot].state

    def __iter__(self) -> Iterator[str]:
        return iter(self._servants)

    def __len__(self) -> int:
        return len(self._servants)


def states_of(state: State) -> Mapping[str, str]:
    """Return slot → the servant's state, now and as it changes."""
    return _States(state.servants)

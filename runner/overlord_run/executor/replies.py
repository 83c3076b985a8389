"""Turn what servants answered into the values that templates see."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from overlord_run.expect.answer import Answer, read_answer
from overlord_run.plan.language.templates import NO_JSON, ReplyText
from overlord_run.plan.model import Plan
from overlord_run.store.state import Result, Servant, State

Replies = dict[str, dict[str, ReplyText]]


def replies_of(plan: Plan, state: State, message_ids: Iterable[str]) -> Replies:
    """Return message id → slot → reply, for those of `message_ids` that were asked and the servants that answered."""
    return {
        message_id: {
            slot: _reply(result.reply, result, plan.schema_of(slot, message_id))
            for slot, result in state.messages[message_id].results.items()
            if result.reply is not None
        }
        for message_id in message_ids
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

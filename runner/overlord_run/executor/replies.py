"""Turn what servants answered into the values that templates see."""

from collections.abc import Iterable

from overlord_run.plan.language.templates import ReplyText
from overlord_run.store.state import State

Replies = dict[str, dict[str, ReplyText]]


def replies_of(state: State, message_ids: Iterable[str]) -> Replies:
    """Return message id → slot → reply, for those of `message_ids` that were asked and the servants that answered."""
    return {
        message_id: {
            slot: ReplyText(
                result.reply, model=result.llm_model or "", finish_reason=result.finish_reason or "", cut=result.cut
            )
            for slot, result in state.messages[message_id].results.items()
            if result.reply is not None
        }
        for message_id in message_ids
        if message_id in state.messages
    }


def states_of(state: State) -> dict[str, str]:
    """Return slot → the servant's state."""
    return {slot: servant.state for slot, servant in state.servants.items()}

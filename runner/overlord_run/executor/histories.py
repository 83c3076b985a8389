"""Keep each servant's conversation as the messages that its next request begins with."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from overlord_run.engine.base import ChatMessage


class _Kept(Struct):
    """A conversation as the state has it, and the messages made of it so far."""

    conversation: Sequence[Mapping[str, str]]
    messages: list[ChatMessage] = field(default_factory=list)


class Histories:
    """The messages of each conversation, made once: a conversation only grows, until another servant has the slot."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def of(self, slot: str, conversation: Sequence[Mapping[str, str]]) -> Sequence[ChatMessage]:
        """Return the messages of the conversation that the servant in a slot has now."""
        kept = self._kept.get(slot)
        if kept is None or kept.conversation is not conversation:
            kept = self._kept[slot] = _Kept(conversation)
        kept.messages += [ChatMessage(**turn) for turn in conversation[len(kept.messages) :]]
        return kept.messages

"""Keep each servant's conversation as its next request begins with it."""

from overlord_run.engine.history import History
from overlord_run.plan.conversation import Conversation


class Histories:
    """The history of each conversation: that only grows, until another servant has the slot."""

    def __init__(self) -> None:
        self._kept: dict[str, History] = {}

    def of(self, slot: str, conversation: Conversation) -> tuple[History, ...]:
        """Return what a request of the servant that is in a slot now begins with; nothing where nothing was said."""
        kept = self._kept.get(slot)
        if kept is None or kept.conversation is not conversation:
            kept = History(conversation)
        self._kept[slot] = kept = kept.grown()
        return (kept,) if kept.count else ()

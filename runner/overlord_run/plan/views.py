"""Show templates the servants of a plan and what they answered."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from overlord_run.plan.language.templates import Answers, ByName, ReplyText
from overlord_run.plan.model import Plan, PlannedServant

Replies = Mapping[str, Mapping[str, ReplyText]]
"""Message id → slot → reply; only servants that answered are there."""


class Seen(Struct, frozen=True):
    """What a run knows that the templates of its plan can read.

    Attributes:
        replies: To the messages that have ended, of the latest round, by their redirects' ids.
        states: Slot → the servant's state.
        approvals: What persons said to the pauses that they approved, by the redirect's id: `by note at`.
        round: Which round it is, from 1; None outside of blocks.
        previous: As `replies`, of the round before; empty in the first.
    """

    replies: Replies
    states: Mapping[str, str]
    approvals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    round: int | None = None
    previous: Replies = field(default_factory=dict)


def servant_view(servant: PlannedServant) -> dict[str, Any]:
    """Return what templates see as `servant`."""
    return {
        "slot": servant.slot,
        "name": servant.name,
        "role": servant.role,
        "model": servant.model,
        "profile": servant.profile,
        "with": servant.values,
    }


class Servants(ByName[Mapping[str, Any]]):
    """What templates see as `servants`: slot → what a servant is, with its state; made as it is read."""

    __slots__ = ("_by_slot", "_states")

    def __init__(self, by_slot: Mapping[str, PlannedServant], states: Mapping[str, str]) -> None:
        self._by_slot = by_slot
        self._states = states

    def __getitem__(self, slot: str) -> Mapping[str, Any]:
        return {**servant_view(self._by_slot[slot]), "state": self._states.get(slot, "pending")}

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_slot)

    def __len__(self) -> int:
        return len(self._by_slot)

    def missing(self, name: str) -> str:
        """Return that nobody is there: a limit left the servant out, or `for_each` did not make it."""
        return f"no servant is in a slot {name}"


def answers(plan: Plan, message_id: str, replies: Replies) -> Answers:
    """Return the replies to one message, as templates see them."""
    return Answers(message_id, plan.targets[message_id], replies.get(message_id, {}))

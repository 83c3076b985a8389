"""Read a conversation, which is kept as its texts alone: a value for each message would be larger than most of them.

The texts are questions and answers in turn. Where their number is odd, a system message stands before them.
"""

from collections.abc import Sequence

from msgspec import Struct

Conversation = Sequence[str]
_ROLES = ("system", "user", "assistant")


class Turn(Struct, frozen=True, gc=False):
    """One message of a conversation, in OpenAI's terms: `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


def turns(conversation: Conversation, first: int = 0, until: int | None = None) -> list[Turn]:
    """Return the messages of a conversation, as it was when it had `until` texts, from the place `first` on."""
    count = len(conversation) if until is None else until
    opening = count % 2
    return [
        Turn(_ROLES[1 + (at - opening) % 2 if at >= opening else 0], conversation[at]) for at in range(first, count)
    ]

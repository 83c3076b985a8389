"""Hold a conversation as the next request begins with it: encoded once, as a whole, however many messages it has.

A value for each message would be larger than most messages. So what is kept is one piece of JSON, which grows with each
answer, and the state's own list of texts, for whoever wants to look at them.
"""

from collections.abc import Sequence

from msgspec import Struct

from overlord_run.engine.base import ChatMessage
from overlord_run.plan.conversation import Conversation, Turn, turns


class History(Struct, frozen=True):
    """The first `count` turns of a conversation. It stands in a request for all these messages.

    Attributes:
        conversation: All its texts, as the state has them: a list that only grows.
        encoded: The messages as JSON in ASCII, with commas between them, as they stand in a request's body.
        tokens: About how many tokens their contents are.
    """

    conversation: Conversation
    count: int = 0
    encoded: bytes = b""
    tokens: int = 0

    @property
    def contents(self) -> Sequence[str]:
        """What the messages say."""
        return self.conversation[: self.count]

    @property
    def turns(self) -> Sequence[Turn]:
        """The messages."""
        return turns(self.conversation, 0, self.count)

    def grown(self) -> "History":
        """Return the history of all that the conversation has by now."""
        new = [ChatMessage(turn.role, turn.content) for turn in turns(self.conversation, self.count)]
        if not new:
            return self
        before = (self.encoded,) if self.count else ()
        encoded = b",".join([*before, *(message.encoded for message in new)])
        tokens = self.tokens + sum(message.tokens for message in new)
        return History(self.conversation, self.count + len(new), encoded, tokens)

"""Write and hash a request's body, made of messages that are encoded once, however often their conversation is sent.

A conversation is sent whole with each question, so its cost grows with the square of its length. What is left of that
here is the copying of bytes: what was said before is encoded when it was said (`History.encoded`), and the digest of a
conversation goes on from where the one before it ended.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from overlord_run.engine.base import Request
from overlord_run.engine.history import History
from overlord_run.plan.conversation import Conversation, Turn, turns
from overlord_run.plan.digest import canonical

if TYPE_CHECKING:
    from hashlib import _Hash

_MESSAGES: Final = "messages"
_COMMA: Final = b","


def body_bytes(request: Request) -> bytes:
    """Return the body as it goes out: `request.body()` as JSON without blanks, in ASCII."""
    messages = _COMMA.join([message.encoded for message in request.messages])
    params = "".join([f",{_compact(name)}:{_compact(value)}" for name, value in request.params.items()])
    return b'{"model":%b,"messages":[%b]%b}' % (_compact(request.model).encode(), messages, params.encode())


class _Begun(Struct):
    """The digest of a body, as far as it has hashed the turns of a conversation."""

    head: str
    conversation: Conversation
    count: int = 0
    hash: "_Hash" = field(default_factory=hashlib.sha256)

    def goes_on_as(self, head: str, history: History) -> bool:
        """Say whether a body with this head and history begins with what is hashed."""
        return self.head == head and self.conversation is history.conversation and self.count <= history.count

    def up_to(self, history: History) -> "_Hash":
        """Return the digest with all of the history."""
        for turn in turns(history.conversation, self.count, history.count):
            self.hash.update(_in_order(turn) + _COMMA)
        self.count = history.count
        return self.hash


class Digests:
    """The digests of bodies: what a servant's body has in common with the one before it is not hashed again."""

    def __init__(self) -> None:
        self._begun: dict[str, _Begun] = {}

    def of(self, request: Request) -> str:
        """Return the digest of a body, which is that of `request.body()` by `plan.digest`."""
        values = {name: canonical(value) for name, value in request.params.items()}
        values |= {"model": canonical(request.model), _MESSAGES: "["}
        members = [(name, f"{_compact(name)}:{values[name]}") for name in sorted(values)]
        head = "{" + ",".join([member for name, member in members if name <= _MESSAGES])
        tail = "".join([f",{member}" for name, member in members if name > _MESSAGES])
        first, *rest = request.messages
        whole = hashlib.sha256(head.encode())
        if isinstance(first, History):
            whole = self._with_history(request.slot, head, first).copy()
        else:
            rest = [first, *rest]
        whole.update(_COMMA.join([_in_order(turn) for part in rest for turn in part.turns]))
        whole.update(f"]{tail}}}".encode())
        return f"sha256:{whole.hexdigest()}"

    def _with_history(self, slot: str, head: str, history: History) -> "_Hash":
        begun = self._begun.get(slot)
        if begun is None or not begun.goes_on_as(head, history):
            begun = self._begun[slot] = _Begun(head, history.conversation)
            begun.hash.update(head.encode())
        return begun.up_to(history)


def _in_order(turn: Turn) -> bytes:
    """Return a message with its keys in order, as digests have them."""
    return f'{{"content":{json.dumps(turn.content)},"role":"{turn.role}"}}'.encode("ascii")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)

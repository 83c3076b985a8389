"""Write and hash a request's body, made of messages that are encoded once, however often their conversation is sent.

A conversation is sent whole with each question, so its cost grows with the square of its length. What is left of that
here is the copying of bytes: a text is encoded when its message is made (`ChatMessage.encoded`), and the digest of a
conversation goes on from where the one before it ended.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from overlord_run.engine.base import ChatMessage, Request
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
    """The digest of a body, as far as its last message but one."""

    head: bytes
    messages: tuple[ChatMessage, ...] = ()
    hash: "_Hash" = field(default_factory=hashlib.sha256)

    def add(self, messages: tuple[ChatMessage, ...]) -> None:
        for message in messages:
            self.hash.update(_in_order(message))
            self.hash.update(_COMMA)
        self.messages += messages


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
        whole = self._up_to_the_last(request, head.encode()).copy()
        whole.update(_in_order(request.messages[-1]))
        whole.update(f"]{tail}}}".encode())
        return f"sha256:{whole.hexdigest()}"

    def _up_to_the_last(self, request: Request, head: bytes) -> "_Hash":
        begun, earlier = self._begun.get(request.slot), request.messages[:-1]
        if begun is None or begun.head != head or earlier[: len(begun.messages)] != begun.messages:
            begun = self._begun[request.slot] = _Begun(head)
            begun.hash.update(head)
        begun.add(earlier[len(begun.messages) :])
        return begun.hash


def _in_order(message: ChatMessage) -> bytes:
    """Return a message with its keys in order, as digests have them."""
    role = f'"role":"{message.role}"'.encode()
    content = message.encoded.removeprefix(b"{%b," % role)
    return b"{%b,%b}" % (content[:-1], role)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)

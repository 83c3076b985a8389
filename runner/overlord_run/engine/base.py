"""Name what the executor asks of an engine: one request in, one reply or one failure out."""

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from itertools import chain
from typing import Any, Final, Literal, Protocol

from msgspec import Struct

from overlord_run.plan.conversation import Turn
from overlord_run.plan.estimate import tokens

EngineName = Literal["chat", "rehearsal", "recording"]
ANSWERING: Final[Mapping[str, str]] = {"chat": "the API", "rehearsal": "the rehearsal", "recording": "a recording"}
"""What is said to answer, by the name of the engine; a log may hold the name of a later version's."""
ProofMethod = Literal["models", "probe"]
FailureKind = Literal[
    "timeout",
    "connect",
    "transport",
    "rate-limited",
    "overloaded",
    "quota",
    "refused-key",
    "bad-request",
    "not-found",
    "server-error",
    "status",
    "redirected",
    "too-large",
    "malformed",
    "no-text",
    "tool-calls",
    "refusal",
    "key-in-prompt",
    "script",
    "not-recorded",
]


class ChatMessage(Struct, frozen=True, dict=True):
    """One message of a conversation, in OpenAI's terms: `role` is `system`, `user` or `assistant`."""

    role: str
    content: str

    @cached_property
    def encoded(self) -> bytes:
        """The message as JSON in ASCII, as it stands in the body of each request that holds it."""
        return f'{{"role":"{self.role}","content":{json.dumps(self.content)}}}'.encode("ascii")

    @cached_property
    def tokens(self) -> int:
        """About how many tokens the content is."""
        return tokens(self.content)

    @property
    def contents(self) -> Sequence[str]:
        """The content, as the one that it is."""
        return (self.content,)

    @property
    def turns(self) -> Sequence[Turn]:
        """This message, as the one turn that it is."""
        return (Turn(self.role, self.content),)


class Part(Protocol):
    """What a request's messages are made of: a message, or a history that stands for several."""

    @property
    def encoded(self) -> bytes:
        """The messages as JSON in ASCII, with commas between them."""
        ...

    @property
    def tokens(self) -> int:
        """About how many tokens the contents are."""
        ...

    @property
    def contents(self) -> Sequence[str]:
        """What the messages say."""
        ...

    @property
    def turns(self) -> Sequence[Turn]:
        """The messages."""
        ...


class Usage(Struct, frozen=True):
    """What an answer cost in tokens; None where the API did not say.

    The three `orchestration_*` counts are Fugu's own and are billed besides prompt and completion. Source: the usage
    details of the Fugu API, `orchestration_input_tokens` and its kin.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    orchestration_input_tokens: int | None = None
    orchestration_input_cached_tokens: int | None = None
    orchestration_output_tokens: int | None = None


class Request(Struct, frozen=True):
    """One chat completion to ask for.

    Attributes:
        slot: The servant that asks; never on the wire.
        message: The message's id; never on the wire.
        attempt: From 1; never on the wire.
        repair: How many answers of this message were refused before; never on the wire.
        model: The API's model id.
        timeout_s: Bounds the whole attempt, from before connecting to the body's last byte.
    """

    slot: str
    message: str
    attempt: int
    model: str
    messages: tuple[Part, ...]
    params: Mapping[str, Any]
    timeout_s: float
    repair: int = 0

    def contents(self) -> Iterator[str]:
        """Give what the messages say."""
        return chain.from_iterable(part.contents for part in self.messages)

    def body(self) -> dict[str, Any]:
        """Return the request's JSON body: `model`, `messages` and the model's parameters, nothing else."""
        messages = [{"role": turn.role, "content": turn.content} for part in self.messages for turn in part.turns]
        return {"model": self.model, "messages": messages, **self.params}


class Reply(Struct, frozen=True):
    """What a servant answered.

    Attributes:
        text: The assistant's text, not blank.
        model: The model that the API names, else the one asked.
        request_id: The `x-request-id` header, else the body's `id`, else None.
        cut: Whether the answer ended at the token limit (`finish_reason: length`).
        note: Something about this answer that a person should hear, or empty.
    """

    text: str
    model: str
    request_id: str | None
    finish_reason: str | None
    usage: Usage
    cut: bool = False
    note: str = ""


class Failure(Struct, frozen=True):
    """Why there is no reply.

    Attributes:
        reason: A short sentence of ours, redacted; never an exception's or a body's own text.
        unbilled: Whether certainly nothing was billed, so that another attempt costs nothing twice.
        retry_after_s: How long the API asks to wait; None where it does not say, infinite where it asks for too long.
        detail: What the provider said, redacted and cut, for `--debug` and a failed startup; it reaches no file.
    """

    kind: FailureKind
    reason: str
    status: int | None = None
    request_id: str | None = None
    unbilled: bool = False
    retry_after_s: float | None = None
    detail: str = ""


class Held(Struct, frozen=True):
    """No request leaves for `wait_s` seconds, and somebody waits for it."""

    wait_s: float
    reason: str


class Narrowed(Struct, frozen=True):
    """Fewer calls than before may be under way at once: `concurrency` of them."""

    concurrency: int
    reason: str


Slowing = Held | Narrowed


class PastCall(Struct, frozen=True):
    """Requests that left `ago_s` seconds ago, and the tokens that they are known to have taken."""

    ago_s: float
    requests: int
    tokens: int


class Stop(Protocol):
    """Set, as an `asyncio.Event` is, when nothing new is to be sent."""

    def is_set(self) -> bool:
        """Return whether it is."""
        ...

    async def wait(self) -> object:
        """Return once it is."""
        ...


class Lane(Protocol):
    """One connection, lent to one call at a time."""

    async def ask(self, request: Request) -> Reply | Failure:
        """Make one attempt. Only cancellation and bugs are raised."""
        ...


class Engine(Protocol):
    """What answers requests: the chat API, the rehearsal, or a recording."""

    @property
    def name(self) -> EngineName:
        """What the records call it."""
        ...

    @property
    def proves_by(self) -> ProofMethod:
        """How the preflight proves the models."""
        ...

    def heed(self, stop: Stop, tell: Callable[[Slowing], None]) -> None:
        """Wait for no limit any more once `stop` is set; tell what makes requests leave later than they could."""
        ...

    def recall(self, calls: Iterable[PastCall]) -> None:
        """Count calls that other processes made, the oldest first, before the first of this one leaves."""
        ...

    def lane(self, request: Request) -> AbstractAsyncContextManager[Lane]:
        """Lend a lane to a request once it may leave: while all are lent, or a limit holds it back, it waits."""
        ...

    async def preflight(
        self, before_probe: Callable[[str], Awaitable[None]], method: ProofMethod | None = None
    ) -> tuple[str, ...]:
        """Prove the API and return the model ids proved; raise `PreflightError` where it cannot be proved.

        `before_probe` is awaited with the model's id before each call of a probe, which may be billed. The method is
        the engine's own where none is named.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...

"""Ask an OpenAI-compatible API for chat completions: one request, one reply or one failure."""

import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

import httpx

from overlord_run.credential import Redactor
from overlord_run.engine.base import EngineName, Failure, PastCall, ProofMethod, Reply, Request, Slowing, Stop
from overlord_run.engine.body import body_bytes
from overlord_run.engine.completion import read_completion
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.feedback import Feedback
from overlord_run.engine.foreign import Fault
from overlord_run.engine.gate import Gate, Pass
from overlord_run.engine.guard import Guard
from overlord_run.engine.lanes import Connection, Lanes
from overlord_run.engine.limits import NOTHING, Amounts
from overlord_run.engine.preflight import Terms, prove_asked, prove_listed, require_key
from overlord_run.engine.quote import token
from overlord_run.engine.status import failure_of
from overlord_run.engine.weight import expected_tokens
from overlord_run.engine.wire import Answer, exchange
from overlord_run.host.shell import Host
from overlord_run.playbook.model import Rate

if TYPE_CHECKING:
    from overlord_run.engine.recording import Keeper
    from overlord_run.engine.rehearsal import RehearsalTransport
    from overlord_run.engine.replay import ReplayTransport

DEFAULT_KEY_NAME: Final = "SAKANA_API_KEY"
UNLIMITED: Final = Rate()


class ChatEngine:
    """The engine: chat completions over HTTP, or over a transport that stands in for the network.

    Args:
        endpoint: Where the API is, and the key for it.
        models: The ids that preflight must prove.
        host: Knows the syntax of the person's shell, for remedies.
        concurrency: How many calls may be in flight.
        rate: How many requests and tokens may leave a minute.
        timeout_s: Bounds each exchange of the preflight; a call brings its own.
        is_key_required: Whether preflight refuses to go on without a key.
        is_probe: Whether preflight asks each model one word instead of reading `/models`.
        transport: Answers in the network's place: the rehearsal, or a recording. No key is needed then.
        keeper: Keeps every exchange, where the run is recorded.
        clock: Gives seconds since the epoch, for `Retry-After` dates.
        steady_clock: Gives the seconds of a clock that never goes back, for limits.

    Raises:
        SettingsError: The base URL, the proxy or the file of certificates cannot be used.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        models: tuple[str, ...],
        host: Host,
        concurrency: int = 8,
        rate: Rate = UNLIMITED,
        timeout_s: float = 90.0,
        is_key_required: bool = True,
        is_probe: bool = False,
        transport: "RehearsalTransport | ReplayTransport | None" = None,
        keeper: "Keeper | None" = None,
        clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._redactor = Redactor(endpoint.credential)
        self._guard = Guard(self._redactor)
        self._terms = Terms(
            endpoint=endpoint,
            models=models,
            key_name=DEFAULT_KEY_NAME,
            is_key_required=is_key_required and transport is None,
            host=host,
            timeout_s=timeout_s,
        )
        self._name: EngineName = "chat" if transport is None else transport.name
        # A rehearsal has no models to ask; a recording holds how they were proved then.
        self._proves_by: ProofMethod = "probe" if is_probe and self._name != "rehearsal" else "models"
        connect = endpoint.connector() if transport is None else lambda: transport
        if keeper is not None:
            connect = partial(_recorded, connect, keeper, self._redactor, clock)
        self._gate = Gate(concurrency, rate, steady_clock)
        self._lanes = Lanes(connect)
        self._clock = clock

    @property
    def name(self) -> EngineName:
        """What the records call it."""
        return self._name

    @property
    def proves_by(self) -> ProofMethod:
        """How the preflight proves the models."""
        return self._proves_by

    def heed(self, stop: Stop, tell: Callable[[Slowing], None]) -> None:
        """Wait for no limit any more once `stop` is set; tell what makes requests leave later than they could."""
        self._gate.heed(stop, tell)

    def recall(self, calls: Iterable[PastCall]) -> None:
        """Count calls that other processes made, the oldest first, before the first of this one leaves."""
        self._gate.recall(calls)

    def lane(self, request: Request) -> "Passage":
        """Lend a lane to a request once it may leave: while all are lent, or a limit holds it back, it waits."""
        tokens = expected_tokens(request) if self._gate.counts_tokens else 0
        return Passage(self._gate, self._lanes, {"requests": 1, "tokens": tokens}, self._lane)

    def _lane(self, connection: Connection, passed: Pass) -> "ChatLane":
        feedback = Feedback(self._gate, passed, is_patient=self._name != "recording")
        return ChatLane(self._endpoint, connection, feedback, self._guard, self._clock)

    async def preflight(
        self, before_probe: Callable[[str], Awaitable[None]], method: ProofMethod | None = None
    ) -> tuple[str, ...]:
        """Prove the API and return the model ids proved; `before_probe` is awaited before each call of a probe.

        Raises:
            PreflightError: The API is not proved; no model was asked (but by a probe).
        """
        require_key(self._terms)
        if (method or self._proves_by) == "probe":
            return await prove_asked(self.lane, self._terms, before_probe)
        passed = await self._gate.enter(NOTHING)
        try:
            async with self._lanes.lend() as connection:
                request = self._endpoint.request("/models", extensions={})
                outcome = await exchange(connection, request, timeout_s=self._terms.timeout_s)
        finally:
            self._gate.take_back(passed)
        return prove_listed(outcome, self._terms, self._redactor)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._lanes.aclose()


def _recorded(
    connect: Callable[[], httpx.AsyncBaseTransport], keeper: "Keeper", redactor: Redactor, clock: Callable[[], float]
) -> httpx.AsyncBaseTransport:
    from overlord_run.engine.recording import RecordingTransport  # noqa: PLC0415 - few runs are recorded

    return RecordingTransport(connect(), keeper, redactor, clock)


class Passage:
    """The way of one call through the gate and over a lane, while a block is carried out.

    A class, not a generator: there may be thousands of them at once, and a generator takes four times the memory.

    Args:
        gate: Lets the call out, and takes it back.
        lanes: Lend a connection.
        amounts: What the call counts as.
        lane: Makes the lane.
    """

    __slots__ = ("_amounts", "_connection", "_gate", "_lane", "_lanes", "_passed")

    def __init__(
        self, gate: Gate, lanes: Lanes, amounts: Amounts, lane: Callable[[Connection, Pass], "ChatLane"]
    ) -> None:
        self._gate = gate
        self._lanes = lanes
        self._amounts = amounts
        self._lane = lane

    async def __aenter__(self) -> "ChatLane":
        """Wait until the call may leave."""
        self._passed = await self._gate.enter(self._amounts)
        try:
            self._connection = self._lanes.take()
        except BaseException:
            self._gate.take_back(self._passed)
            raise
        return self._lane(self._connection, self._passed)

    async def __aexit__(self, *_raised: object) -> None:
        """Take the call back."""
        try:
            await self._lanes.give_back(self._connection)
        finally:
            self._gate.take_back(self._passed)


class ChatLane:
    """One connection, lent to one call at a time."""

    __slots__ = ("_clock", "_connection", "_endpoint", "_feedback", "_guard", "_redactor")

    def __init__(
        self,
        endpoint: Endpoint,
        connection: Connection,
        feedback: Feedback,
        guard: Guard,
        clock: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._connection = connection
        self._feedback = feedback
        self._guard = guard
        self._redactor = guard.redactor
        self._clock = clock

    async def ask(self, request: Request) -> Reply | Failure:
        """Make one attempt. Only cancellation and bugs are raised."""
        if self._guard.holds_key(request):
            return Failure("key-in-prompt", "the prompt holds the API key, so nothing was sent")
        facts = {"overlord": (request.slot, request.message, request.attempt, request.repair)}
        sent = self._endpoint.request("/chat/completions", body_bytes(request), extensions=facts)
        self._feedback.sent()
        outcome = await exchange(self._connection, sent, timeout_s=request.timeout_s)
        result = self._result(outcome, request)
        self._feedback.take(result, outcome.headers)
        return result

    def _result(self, outcome: Answer | Fault, request: Request) -> Reply | Failure:
        if isinstance(outcome, Fault):
            return self._failure(outcome)
        if outcome.status != httpx.codes.OK:
            return failure_of(outcome, self._redactor, now_s=self._clock())
        return read_completion(outcome, request, self._redactor)

    def _failure(self, fault: Fault) -> Failure:
        return Failure(
            kind=fault.kind,
            reason=self._redactor.redact(fault.reason),
            status=fault.status,
            request_id=token(fault.headers.get("x-request-id"), self._redactor),
            unbilled=fault.unbilled,
        )

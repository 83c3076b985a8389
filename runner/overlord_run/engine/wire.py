"""Make one HTTP exchange, bounded in time and size, and turn whatever goes wrong into a value."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final, cast

import httpx
from msgspec import Struct
from msgspec.structs import replace

from overlord_run.engine.base import FailureKind
from overlord_run.engine.foreign import RAISED, Fault, timed_out, translate
from overlord_run.engine.lanes import Connection

LARGEST_REPLY: Final = 8 * 1024 * 1024
LARGEST_ERROR: Final = 256 * 1024
ENCODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
WITNESS: Final = "overlord-witness"


class NoAnswerError(Exception):
    """A transport that stands in for the network has no answer; `fault` says why."""

    def __init__(self, *, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class Answer(Struct, frozen=True):
    """An HTTP answer. The body of one with a status other than 200 may be cut short.

    Attributes:
        headers: A mapping that minds no case.
        body: As it was before the transfer: never compressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


Witness = Callable[[Answer | Fault], Awaitable[None]]


async def exchange(connection: Connection, request: httpx.Request, *, timeout_s: float) -> Answer | Fault:
    """Send a request once and return the whole answer, or why there is none. Only cancellation and bugs are raised.

    A transport that wants to know how it ended puts a `Witness` into the request's extensions, under `WITNESS`; it is
    awaited before anyone else hears of it, and outside of the timeout.
    """
    outcome = await _exchange(connection, request, timeout_s)
    witness: Witness | None = request.extensions.get(WITNESS)
    if witness is not None:
        await witness(outcome)
    return outcome


async def _exchange(connection: Connection, request: httpx.Request, timeout_s: float) -> Answer | Fault:
    course = _Course()
    request.extensions["trace"] = course.trace
    connection.spoiled = True
    fault: Fault | None = None
    try:
        async with asyncio.timeout(timeout_s):
            await course.run(connection.transport, request)
    except TimeoutError:
        fault = timed_out(timeout_s, is_connecting=course.is_connecting)
    except NoAnswerError as error:
        connection.spoiled = False
        return error.fault
    except _UnfitBodyError as error:
        fault = Fault(error.kind, error.reason)
    except RAISED as error:
        fault = translate(error, timeout_s, is_connecting=course.is_connecting)
    connection.spoiled = fault is not None
    if fault is not None and course.status in (None, httpx.codes.OK):
        return replace(fault, status=course.status, headers=course.headers)
    return Answer(cast("int", course.status), course.headers, bytes(course.body))


class _UnfitBodyError(Exception):
    def __init__(self, *, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind: FailureKind = kind
        self.reason = reason


class _Course:
    """What has happened so far in one exchange."""

    __slots__ = ("_loop_turned", "_socket", "body", "headers", "is_connecting", "status")

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = bytearray()
        self.is_connecting = False
        self._loop_turned = True
        self._socket: Any = None

    async def run(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> None:
        try:
            response = await transport.handle_async_request(request)
        except asyncio.CancelledError:
            if self.is_connecting and self._socket is not None:
                await self._socket.aclose()  # a cancelled TLS handshake leaves it open
            raise
        stream = cast("httpx.AsyncByteStream", response.stream)
        try:
            if not self._loop_turned:
                raise _UnfitBodyError(kind="transport", reason="the server answered before it was asked")
            self.status, self.headers = response.status_code, response.headers
            limit = LARGEST_REPLY if self.status == httpx.codes.OK else LARGEST_ERROR
            async with aclosing(cast("AsyncGenerator[bytes]", aiter(stream))) as chunks:
                await self._read(chunks, limit)
        finally:
            await stream.aclose()

    async def _read(self, chunks: AsyncGenerator[bytes], limit: int) -> None:
        inflater = _inflater(self.headers.get("content-encoding", "identity"))
        async for chunk in chunks:
            room = limit - len(self.body)
            try:
                piece = chunk if inflater is None else inflater.decompress(chunk, room + 1)
            except zlib.error:
                raise _UnfitBodyError(kind="malformed", reason="the answer's compression is damaged") from None
            self.body += piece[:room]
            if len(piece) > room:
                raise _UnfitBodyError(kind="too-large", reason=f"the answer is larger than {limit // 1024} KiB")

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the transport through the exchange, by what httpcore calls the steps.

        While a connection is being made nothing of the request has left; a proxy's CONNECT belongs to that. An answer
        whose head is there in the same turn of the event loop in which we begin to wait for it was there before the
        question: the end of another exchange, or smuggled in.
        """
        request = info.get("request")
        if event.startswith("connection."):
            self.is_connecting = True
            self._socket = info.get("return_value", self._socket)
        elif event.startswith("http11.") and request is not None and request.method != b"CONNECT":
            self.is_connecting = False
        if event == "http11.receive_response_headers.started":
            self._loop_turned = False
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._loop_turned = True


def _inflater(encoding: str) -> "zlib._Decompress | None":
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in ENCODINGS:
        raise _UnfitBodyError(kind="malformed", reason="the answer is compressed in a way that was not asked for")
    return zlib.decompressobj(wbits=47)

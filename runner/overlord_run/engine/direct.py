"""Speak HTTP/1.1 on one connection, without a pool around it.

httpx's own transport is a pool of httpcore, also where it may hold one connection: for each request it takes locks,
walks its lists and makes events that nobody waits for, and all of that runs on anyio. Lanes (`lanes.py`) already see to
it that a connection has one exchange at a time. What is left to do here is to make one where there is none to go on
with, to pass bytes between it and h11, which knows what they mean, and to say how far an exchange has come. Through a
proxy httpx's transport is used. The figures: docs/decisions/0041-http-by-h11-over-asyncio.md.
"""

import ssl
import time
from collections.abc import AsyncIterator, Mapping
from typing import Final, cast

import h11
import httpx

from overlord_run.engine.addresses import Addresses
from overlord_run.engine.stream import Stream, connect

LARGEST_HEAD: Final = 100 * 1024
PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
NO_TEXT: Final = ""
"""What an exception of ours says: the text of the one that it stands for can hold a header."""


class DirectTransport(httpx.AsyncBaseTransport):
    """A transport that has one connection at most.

    It heeds no timeout: whoever asks bounds the exchange whole, and closes the transport where its time is up. A
    `trace` in a request's extensions is told of the steps that say whether anything of the request has left.

    Args:
        tls: What a server is to show, where the URL's scheme is `https`.
        addresses: Looks hosts up, for all transports that share it.
        kept_s: How long a connection that is not used is kept.
    """

    def __init__(self, tls: ssl.SSLContext, addresses: Addresses, *, kept_s: float) -> None:
        self._tls = tls
        self._addresses = addresses
        self._kept_s = kept_s
        self._connection: _Connection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, whose body is to be read and closed before the next request."""
        connection = self._connection
        if connection is None or not connection.is_fit(self._kept_s):
            await self.aclose()
            connection = self._connection = await self._connected(request)
        return await connection.exchange(request)

    async def aclose(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def _connected(self, request: httpx.Request) -> "_Connection":
        await _tell(request, "connection.connect_tcp.started")
        url = request.url
        port = PORTS[url.scheme] if url.port is None else url.port
        tls = self._tls if url.scheme == "https" else None
        try:
            return _Connection(await connect(url.raw_host, port, tls, self._addresses))
        except OSError as error:
            raise httpx.ConnectError(NO_TEXT) from error


class _Connection:
    """HTTP over a stream, an exchange after the other.

    Attributes:
        rested_at: When the last exchange ended and left it fit for another; None in an exchange and after a bad one.
    """

    def __init__(self, stream: Stream) -> None:
        self.rested_at: float | None = None
        self._stream = stream
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)

    def is_fit(self, kept_s: float) -> bool:
        """Return whether another exchange may begin on it."""
        return self.rested_at is not None and time.monotonic() - self.rested_at <= kept_s and self._stream.is_quiet()

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer as far as its head."""
        self.rested_at = None
        await _tell(request, "http11.send_request_headers.started")
        self._send(request, b"".join([part async for part in cast("httpx.AsyncByteStream", request.stream)]))
        await _tell(request, "http11.receive_response_headers.started")
        event = await self.next_event()
        while isinstance(event, h11.InformationalResponse):
            event = await self.next_event()
        head = cast("h11.Response", event)
        said = {"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason}
        return httpx.Response(head.status_code, headers=head.headers.raw_items(), stream=_Body(self), extensions=said)

    async def next_event(self) -> h11.Event:
        """Return what the server says next."""
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._stream.read())
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(NO_TEXT) from error
        except OSError as error:
            raise httpx.ReadError(NO_TEXT) from error
        return cast("h11.Event", event)

    def rest(self) -> None:
        """Make ready for another exchange, where both sides have said all of this one and no more."""
        is_at_end = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if is_at_end and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
            self.rested_at = time.monotonic()
        else:
            self.close()

    def close(self) -> None:
        """Drop the connection."""
        self._stream.close()

    def _send(self, request: httpx.Request, content: bytes) -> None:
        method, target = request.method.encode("ascii"), request.url.raw_path
        try:
            head = self._http.send(h11.Request(method=method, target=target, headers=request.headers.raw))
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(NO_TEXT) from error
        body = self._http.send(h11.Data(data=content)) if content else b""
        end = self._http.send(h11.EndOfMessage())
        self._stream.write(b"".join((head, body, end)))  # one write is one packet, where it is small


class _Body(httpx.AsyncByteStream):
    """The body of an answer."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._is_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._connection.next_event(), h11.Data):
            yield bytes(event.data)
        self._is_read = True
        self._connection.rest()

    async def aclose(self) -> None:
        if not self._is_read:
            self._connection.close()


async def _tell(request: httpx.Request, step: str) -> None:
    """Tell of a step in the words of httpcore, whose transport httpx uses."""
    trace = request.extensions.get("trace")
    if trace is not None:
        await trace(step, {"request": request})

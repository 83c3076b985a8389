"""Speak HTTP on one connection, without a pool around it.

httpx's own transport is a pool, also where it may hold one connection: for each request it takes locks, walks its lists
and makes events that nobody waits for. Lanes (`lanes.py`) already see to it that a connection has one exchange at a
time, so what is left to do here is to make one where there is none to go on with. Through a proxy httpx's transport is
used, since what httpcore offers there is a pool too. The figures: docs/decisions/0038-a-connection-without-a-pool.md.
"""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final, cast

import httpcore
import httpx

MAPPED: Final = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)
"""What httpcore raises; httpx has an exception of the same name for each."""


class DirectTransport(httpx.AsyncBaseTransport):
    """A transport that has one connection at most.

    Args:
        tls: What a server is to show, where the URL's scheme is `https`.
        kept_s: How long a connection that is not used is kept.
    """

    def __init__(self, tls: ssl.SSLContext, *, kept_s: float) -> None:
        self._tls = tls
        self._kept_s = kept_s
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, whose body is to be read and closed before the next request."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        with _as_httpx():
            connection = await self._ready(url.origin)
            answer = await connection.handle_async_request(sent)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()

    async def _ready(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """Return the connection where it can be gone on with, else a new one, which connects with its first request."""
        kept = self._connection
        if kept is not None and kept.is_available() and not kept.has_expired():
            return kept
        await self.aclose()
        self._connection = httpcore.AsyncHTTPConnection(origin, self._tls, keepalive_expiry=self._kept_s)
        return self._connection


class _Body(httpx.AsyncByteStream):
    """The body of an answer as httpx reads one."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in cast("AsyncIterable[bytes]", self._answer.stream):
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpx's exceptions in place of httpcore's, without their texts: one of these can hold a header."""
    try:
        yield
    except MAPPED as error:
        raise _named(type(error)) from error


def _named(kind: type[Exception]) -> Exception:
    found: type[Exception] = getattr(httpx, kind.__name__)
    return found("")

"""Carry the bytes of one TCP connection, over TLS or not: the event loop pushes them in, one reader takes them out."""

import asyncio
import socket
import ssl
from typing import Final, cast

from aiohappyeyeballs import start_connection

from overlord_run.engine.addresses import Addresses

PORTION: Final = 64 * 1024
"""As many bytes are read at a time; while more than that wait to be read, the socket is left alone."""
NEXT_ADDRESS_S: Final = 0.25
"""After so long without a connection the next of a host's addresses is tried beside the first (RFC 8305)."""
HANDSHAKE_S: Final = 24 * 3600.0
"""asyncio wants a limit of its own here; the one that counts is the exchange's."""


class Stream(asyncio.Protocol):
    """One connection. Whoever reads it does so alone, and writes without waiting: a request is in memory anyway.

    Args:
        connected: What it speaks over.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._transport: asyncio.Transport
        self._unread = bytearray()
        self._is_full = False
        self._is_over = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take what to write to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come in for the reader."""
        self._unread += data
        if len(self._unread) > PORTION:
            self._is_full = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that the other side will say no more; asyncio closes the connection then."""
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is no more, and why; what goes wrong after the other side has ended is nothing."""
        if not self._is_over:
            self._is_over = True
            self._error = exc
        self._wake()

    async def read(self) -> bytes:
        """Return what has come in, once there is something; nothing where the other side has ended.

        Raises:
            OSError: The connection broke. What had come in before was returned before.
        """
        if self._is_full:
            await asyncio.sleep(0)  # to understand the last portion may have taken long, and others wait
        elif not self._unread and not self._is_over:
            await self._more()
        if not self._unread and self._error is not None:
            raise self._error
        data = bytes(self._unread[:PORTION])
        del self._unread[:PORTION]
        if self._is_full and len(self._unread) <= PORTION:
            self._is_full = False
            self._transport.resume_reading()
        return data

    def write(self, data: bytes) -> None:
        """Send bytes, in the background where the socket has no room. That it broke is told to the reader."""
        self._transport.write(data)

    def is_quiet(self) -> bool:
        """Return whether the connection stands, and neither side has left anything in it, not even its end."""
        transport = self._transport
        if self._is_over or transport.is_closing() or self._unread or transport.get_write_buffer_size():
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)  # the event loop may not have looked yet
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Drop the connection at once."""
        self._transport.abort()

    async def _more(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


async def connect(host: bytes, port: int, tls: ssl.SSLContext | None, addresses: Addresses) -> Stream:
    """Connect to the first of a host's addresses that answers, and do TLS's handshake where there is a context.

    Args:
        host: A name or an address, in ASCII. The dot at the end of a full name is no part of it in TLS (RFC 6066).
        port: Of TCP.
        tls: What the host is to show.
        addresses: Looks the host up.

    Raises:
        OSError: There is no connection; its kind says why, where all addresses agree.
    """
    loop = asyncio.get_running_loop()
    connected = await start_connection(await addresses.of(host, port), happy_eyeballs_delay=NEXT_ADDRESS_S)
    if tls is None:
        return (await loop.create_connection(lambda: Stream(connected), sock=connected))[1]
    name = host.decode("ascii").removesuffix(".")
    try:
        _, stream = await loop.create_connection(
            lambda: Stream(connected), sock=connected, ssl=tls, server_hostname=name, ssl_handshake_timeout=HANDSHAKE_S
        )
    except ConnectionError as error:
        raise ssl.SSLError(*error.args) from error
    return stream

"""A server on loopback that breaks HTTP in any way it is told to, byte by byte, and counts what it is asked."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

CERTIFICATE = Path(__file__).with_name("loopback.pem")


class Visit:
    """One connection, seen from the server."""

    def __init__(self, server: "FaultServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    async def read_request(self) -> bytes:
        """Read one request whole and return its body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.server.requests.append(head)
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return await self.reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)

    async def send(self, data: bytes) -> None:
        """Send bytes and wait until the socket has room again."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST in place of FIN."""
        linger_no_time = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_no_time)
        self.writer.transport.abort()

    async def hang(self) -> None:
        """Do nothing until the client has gone."""
        await self.reader.read()
        await asyncio.Event().wait()


Serve = Callable[[Visit], Awaitable[None]]


class FaultServer:
    """The server, from `async with` to its end. Each connection is handed to `serve`, then closed."""

    def __init__(self, serve: Serve, *, is_tls: bool = False) -> None:
        self._serve = serve
        self._tls = tls() if is_tls else None
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.connections = 0

    @property
    def chats(self) -> int:
        """How many chat calls have arrived."""
        return sum(head.startswith(b"POST /v1/chat/completions ") for head in self.requests)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.base_url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._visit(reader, writer))
        self._tasks.add(task)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._serve(Visit(self, reader, writer))
        finally:
            writer.close()


def tls() -> ssl.SSLContext:
    """Return what the server needs to speak TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context

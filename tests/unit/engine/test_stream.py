"""The bytes of one connection: what is read of them, when it may be gone on with, and how it is made."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from faults.server import CERTIFICATE, tls
from overlord_run.engine.addresses import Addresses
from overlord_run.engine.stream import PORTION, Stream, connect

MANY = b"x" * (5 * PORTION)


class Other:
    """The other side of the only connection."""

    def __init__(self) -> None:
        self.is_here = asyncio.Event()

    def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.is_here.set()

    def reset(self) -> None:
        """End the connection with RST in place of FIN."""
        at_once = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.writer.transport.abort()


@asynccontextmanager
async def both(host: bytes = b"127.0.0.1") -> AsyncIterator[tuple[Stream, Other]]:
    other = Other()
    async with await asyncio.start_server(other.meet, "127.0.0.1", 0) as server:
        stream = await connect(host, server.sockets[0].getsockname()[1], None, Addresses())
        await other.is_here.wait()
        yield stream, other
        stream.close()
        other.writer.close()


async def turns() -> None:
    """Return when the event loop has told both sides of what has happened on one."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_is_written_on_one_side_is_read_on_the_other() -> None:
    async def story() -> None:
        async with both() as (stream, other):
            stream.write(b"one ")
            stream.write(b"two")
            assert await other.reader.readexactly(7) == b"one two"
            other.writer.write(b"three")
            assert await stream.read() == b"three"
            other.writer.write(b"four")
            other.writer.close()
            assert [await stream.read() for _ in range(3)] == [b"four", b"", b""]

    asyncio.run(story())


def test_what_came_before_a_connection_broke_is_read_before_that_is_told() -> None:
    async def story() -> None:
        async with both() as (stream, other):
            other.writer.write(b"half")
            await turns()
            other.reset()
            await turns()
            assert await stream.read() == b"half"
            for _ in range(2):
                with pytest.raises(ConnectionResetError):
                    await stream.read()

    asyncio.run(story())


def test_what_goes_wrong_after_the_other_side_has_ended_takes_nothing_away() -> None:
    async def story() -> None:
        async with both() as (stream, other):
            stream.write(MANY * 50)  # more than there is room for, and the other side reads none of it
            other.writer.write(b"all that there is to say")
            other.writer.write_eof()
            assert await stream.read() == b"all that there is to say"
            other.reset()
            await turns()
            await turns()
            assert stream._socket.fileno() < 0
            assert await stream.read() == b""

    asyncio.run(story())


def test_no_more_is_taken_in_than_is_read_and_others_get_their_turn_meanwhile() -> None:
    async def story() -> None:
        async with both() as (stream, other):
            other.writer.write(MANY * 50)
            others, portions, read = 0, 0, 0

            async def count() -> None:
                nonlocal others
                while True:
                    others += 1
                    await asyncio.sleep(0)

            counting = asyncio.create_task(count())
            while read < len(MANY) * 50:
                data = await stream.read()
                assert 0 < len(data) <= PORTION
                read += len(data)
                portions += 1
                assert len(stream._unread) <= 256 * 1024 + PORTION  # asyncio's own portion beside ours
            counting.cancel()
            assert others > portions // 2

    asyncio.run(story())


def test_a_connection_in_which_nothing_is_left_is_quiet() -> None:
    async def story() -> None:
        async with both() as (stream, other):
            assert stream.is_quiet()
            stream.write(MANY * 20)
            assert not stream.is_quiet()
            await other.reader.readexactly(len(MANY) * 20)
            assert stream.is_quiet()

    asyncio.run(story())


@pytest.mark.parametrize("is_told", [True, False], ids=["of which the event loop has told", "of which it has not yet"])
@pytest.mark.parametrize("kind", ["more", "end", "reset", "closed"])
def test_a_connection_with_anything_in_it_is_not(kind: str, *, is_told: bool) -> None:
    async def story() -> None:
        async with both() as (stream, other):
            match kind:
                case "more":
                    other.writer.write(b"more")
                case "end":
                    other.writer.write_eof()
                case "reset":
                    other.reset()
                case _:
                    stream.close()
            if is_told or kind == "reset":
                await turns()
            assert not stream.is_quiet()

    asyncio.run(story())


def test_a_reader_that_is_cancelled_leaves_the_bytes_to_the_next() -> None:
    async def story() -> None:
        async with both() as (stream, other):
            reading = asyncio.create_task(stream.read())
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            other.writer.write(b"late")
            assert await stream.read() == b"late"

    asyncio.run(story())


def test_a_name_with_addresses_of_two_families_is_reached_at_the_one_that_answers() -> None:
    async def story() -> None:
        async with both(b"localhost") as (stream, other):
            other.writer.write(b"here")
            assert await stream.read() == b"here"

    asyncio.run(story())


@pytest.mark.parametrize("host", [b"127.0.0.1", b"localhost"])
def test_a_port_that_nobody_listens_at_is_refused_at_all_addresses(host: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(connect(host, port, None, Addresses()))


def test_a_name_that_nobody_has_is_told() -> None:
    with pytest.raises(socket.gaierror):
        asyncio.run(connect(b"api.invalid", 80, None, Addresses()))


def test_a_handshake_that_breaks_off_is_an_error_of_tls() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await connect(b"127.0.0.1", port, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Addresses())

    with pytest.raises(ssl.SSLError):
        asyncio.run(story())


def test_the_dot_at_the_end_of_a_full_name_is_not_told_in_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str | None] = []
    resolve = socket.getaddrinfo

    def resolve_localhost(host: bytes, *args: Any, **kwargs: Any) -> Any:
        return resolve(b"localhost" if host == b"localhost." else host, *args, **kwargs)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def story() -> None:
        context = tls()
        context.sni_callback = lambda _socket, name, _context: told.append(name)
        trusting = ssl.create_default_context(cafile=CERTIFICATE)
        async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context) as server:
            port = server.sockets[0].getsockname()[1]
            (await connect(b"localhost.", port, trusting, Addresses())).close()

    monkeypatch.setattr(socket, "getaddrinfo", resolve_localhost)
    asyncio.run(story())
    assert told == ["localhost"]

"""One connection without a pool: what is kept, raised and told. The faults of networks are in tests/faults."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import h11
import httpx
import pytest

from canary import CANARY as KEY
from overlord_run.engine.addresses import Addresses
from overlord_run.engine.direct import DirectTransport

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
MORE = ANSWER + b"and more"
BARE = b"HTTP/1.1 200 OK\r\n\r\nok"
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"
NO_TEXT = r"\A\Z"
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Server:
    """Gives each question the next of these answers, over connections that it counts."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.connections = 0
        self.questions: list[bytes] = []
        self.ended: asyncio.Queue[None] = asyncio.Queue()

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                self.questions.append(await reader.readuntil(b"\r\n\r\n"))
                answer = self.answers.pop(0)
                writer.write(answer)
                await writer.drain()
                if answer not in (ANSWER, MORE):
                    break
        except asyncio.IncompleteReadError:
            pass  # the other side hung up between two questions
        writer.close()
        self.ended.put_nowait(None)


@asynccontextmanager
async def served(*answers: bytes) -> AsyncIterator[tuple[Server, str]]:
    server = Server(list(answers))
    async with await asyncio.start_server(server.speak, "127.0.0.1", 0) as listening:
        yield server, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        for _ in range(server.connections):
            await server.ended.get()


async def ask(transport: DirectTransport, url: str) -> bytes:
    answer = await transport.handle_async_request(httpx.Request("GET", url))
    return await answer.aread()


@pytest.mark.parametrize(
    ("answers", "kept_s", "connections"),
    [
        ((ANSWER, ANSWER, ANSWER), 60.0, 1),
        ((LAST, ANSWER, ANSWER), 60.0, 2),
        ((BARE, ANSWER, ANSWER), 60.0, 2),
        ((MORE, ANSWER, ANSWER), 60.0, 2),
        ((ANSWER, ANSWER, ANSWER), 0.0, 3),
    ],
    ids=["kept", "closed by the server", "ended by its close", "more than was asked for", "too old"],
)
def test_a_connection_is_gone_on_with_while_it_is_good(
    answers: tuple[bytes, ...], kept_s: float, connections: int
) -> None:
    async def story() -> None:
        transport = DirectTransport(TLS, Addresses(), kept_s=kept_s)
        async with served(*answers) as (server, url):
            assert [await ask(transport, url) for _ in answers] == [b"ok"] * len(answers)
            assert server.connections == connections
            await transport.aclose()
            await transport.aclose()

    asyncio.run(story())


def test_an_answer_that_was_not_read_to_its_end_takes_its_connection_along() -> None:
    async def story() -> int:
        transport = DirectTransport(TLS, Addresses(), kept_s=60.0)
        async with served(ANSWER, ANSWER) as (server, url):
            answer = await transport.handle_async_request(httpx.Request("GET", url))
            await answer.aclose()
            assert await ask(transport, url) == b"ok"
            await transport.aclose()
            return server.connections

    assert asyncio.run(story()) == 2


def test_a_request_goes_out_whole_and_an_answer_comes_back_with_all_that_its_head_said() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def story() -> tuple[list[bytes], httpx.Response]:
        transport = DirectTransport(TLS, Addresses(), kept_s=60.0)
        async with served(b"HTTP/1.0 418 I'm a teapot\r\nX-Kind: pot\r\n\r\n") as (server, url):
            sent = httpx.Request("POST", url, headers={"host": "api", "content-length": "6"}, content=parts())
            answer = await transport.handle_async_request(sent)
            await transport.aclose()
            return server.questions, answer

    questions, answer = asyncio.run(story())
    assert questions == [b"POST /v1 HTTP/1.1\r\nhost: api\r\ncontent-length: 6\r\n\r\n"]
    assert (answer.status_code, answer.http_version, answer.reason_phrase) == (418, "HTTP/1.0", "I'm a teapot")
    assert answer.headers.raw == [(b"X-Kind", b"pot")]


@pytest.mark.parametrize("answer", [b"", HALF], ids=["no answer", "half of a body"])
def test_what_h11_raises_is_raised_as_httpx_does_and_without_a_text(answer: bytes) -> None:
    async def story() -> None:
        transport = DirectTransport(TLS, Addresses(), kept_s=60.0)
        async with served(answer) as (_, url):
            with pytest.raises(httpx.RemoteProtocolError, match=NO_TEXT) as caught:
                await ask(transport, url)
            assert isinstance(caught.value.__cause__, h11.RemoteProtocolError)
            await transport.aclose()

    asyncio.run(story())


def test_a_header_that_cannot_be_sent_is_not_told() -> None:
    async def story() -> None:
        transport = DirectTransport(TLS, Addresses(), kept_s=60.0)
        async with served(ANSWER) as (_, url):
            request = httpx.Request("GET", url, headers={"authorization": f"Bearer {KEY}\n"})
            with pytest.raises(httpx.LocalProtocolError, match=NO_TEXT):
                await transport.handle_async_request(request)
            await transport.aclose()

    asyncio.run(story())


def test_a_host_that_is_not_there_is_told_with_its_cause() -> None:
    async def story() -> None:
        async with served() as (_, url):
            pass
        with pytest.raises(httpx.ConnectError, match=NO_TEXT) as caught:
            await ask(DirectTransport(TLS, Addresses(), kept_s=60.0), url)
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)

    asyncio.run(story())


def test_a_request_can_tell_what_of_it_has_happened() -> None:
    told: list[str] = []

    async def trace(step: str, info: dict[str, Any]) -> None:
        told.append(step)
        assert info["request"].method == "GET"

    async def story() -> None:
        transport = DirectTransport(TLS, Addresses(), kept_s=60.0)
        async with served(ANSWER, ANSWER) as (_, url):
            for _ in range(2):
                request = httpx.Request("GET", url, extensions={"trace": trace})
                await (await transport.handle_async_request(request)).aread()
            await transport.aclose()

    asyncio.run(story())
    exchange = ["http11.send_request_headers.started", "http11.receive_response_headers.started"]
    assert told == ["connection.connect_tcp.started", *exchange, *exchange]

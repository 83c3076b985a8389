"""One connection without a pool: what is kept and what is raised. The faults of networks are in tests/faults."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore
import httpx
import pytest

from overlord_run.engine.direct import MAPPED, DirectTransport

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Server:
    """Gives each question the next of these answers, over connections that it counts."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.connections = 0

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers and await reader.readuntil(b"\r\n\r\n"):
                answer = self.answers.pop(0)
                writer.write(answer)
                await writer.drain()
                if answer is not ANSWER:
                    break
        except asyncio.IncompleteReadError:
            pass  # the other side hung up between two questions
        writer.close()


@asynccontextmanager
async def served(*answers: bytes) -> AsyncIterator[tuple[Server, str]]:
    server = Server(list(answers))
    async with await asyncio.start_server(server.speak, "127.0.0.1", 0) as listening:
        yield server, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


async def ask(transport: DirectTransport, url: str) -> bytes:
    answer = await transport.handle_async_request(httpx.Request("GET", url))
    return await answer.aread()


@pytest.mark.parametrize(
    ("answers", "kept_s", "connections"),
    [
        ((ANSWER, ANSWER, ANSWER), 60.0, 1),
        ((LAST, ANSWER, ANSWER), 60.0, 2),
        ((ANSWER, ANSWER, ANSWER), 0.0, 3),
    ],
    ids=["kept", "closed by the server", "too old"],
)
def test_a_connection_is_gone_on_with_while_it_is_good(
    answers: tuple[bytes, ...], kept_s: float, connections: int
) -> None:
    async def story() -> None:
        transport = DirectTransport(TLS, kept_s=kept_s)
        async with served(*answers) as (server, url):
            assert [await ask(transport, url) for _ in answers] == [b"ok"] * len(answers)
            assert server.connections == connections
            await transport.aclose()
            await transport.aclose()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(b"", httpx.RemoteProtocolError), (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", httpx.RemoteProtocolError)],
    ids=["no answer", "half of a body"],
)
def test_what_httpcore_raises_is_raised_as_httpx_does_and_without_a_text(answer: bytes, kind: type[Exception]) -> None:
    async def story() -> None:
        transport = DirectTransport(TLS, kept_s=60.0)
        async with served(answer) as (_, url):
            with pytest.raises(kind) as caught:
                await ask(transport, url)
            assert str(caught.value) == ""
            assert isinstance(caught.value.__cause__, httpcore.RemoteProtocolError)
            await transport.aclose()

    asyncio.run(story())


def test_httpx_has_an_exception_of_the_name_of_each_that_httpcore_raises() -> None:
    raised = [kind for kind in vars(httpcore).values() if isinstance(kind, type) and issubclass(kind, MAPPED)]
    assert len(raised) >= 12
    assert all(issubclass(getattr(httpx, kind.__name__), httpx.TransportError) for kind in raised)

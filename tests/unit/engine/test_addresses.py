"""Looking hosts up: how often, and who is told."""

import asyncio
import socket
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from overlord_run.engine.addresses import Addresses

ADDRESS = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))


class NameServer:
    """Answers when it is let, and counts what it is asked."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.asked: list[bytes] = []
        self.may_answer = Event()

    def getaddrinfo(self, host: bytes, _port: int, *_kinds: int, flags: int = 0, **_more: int) -> Any:
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        self.asked.append(host)
        self.may_answer.wait()
        return self.answer()


def unknown() -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "unknown")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> NameServer:
    server = NameServer(lambda: [ADDRESS])
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    return server


async def begun(addresses: Addresses, host: bytes, count: int) -> list[asyncio.Task[Any]]:
    """Return look-ups that are under way."""
    tasks = [asyncio.create_task(addresses.of(host, 443)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


def test_those_who_ask_for_a_host_at_the_same_time_share_a_look_up_and_the_next_has_one_of_its_own(
    server: NameServer,
) -> None:
    async def story() -> None:
        addresses = Addresses()
        tasks = await begun(addresses, b"one.example", 100) + await begun(addresses, b"two.example", 1)
        server.may_answer.set()
        assert await asyncio.gather(*tasks) == [[ADDRESS]] * 101
        assert await addresses.of(b"one.example", 443) == [ADDRESS]

    asyncio.run(story())
    assert sorted(server.asked) == [b"one.example", b"one.example", b"two.example"]


def test_who_gives_up_leaves_the_look_up_to_the_others(server: NameServer) -> None:
    async def story() -> None:
        first, second = await begun(Addresses(), b"one.example", 2)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        server.may_answer.set()
        assert await second == [ADDRESS]

    asyncio.run(story())


def test_a_host_that_is_not_found_is_told_to_all_and_asked_for_again(server: NameServer) -> None:
    async def story() -> None:
        addresses = Addresses()
        server.answer = unknown
        tasks = await begun(addresses, b"one.example", 3)
        server.may_answer.set()
        assert [type(said) for said in await asyncio.gather(*tasks, return_exceptions=True)] == [socket.gaierror] * 3
        server.answer = lambda: [ADDRESS]
        assert await addresses.of(b"one.example", 443) == [ADDRESS]

    asyncio.run(story())


def test_a_look_up_that_fails_when_nobody_waits_for_it_any_more_is_no_complaint(server: NameServer) -> None:
    complaints: list[Any] = []

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        server.answer = unknown
        addresses = Addresses()
        (only,) = await begun(addresses, b"one.example", 1)
        only.cancel()
        await asyncio.wait([only])
        looking = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        server.may_answer.set()
        await asyncio.wait(looking)

    asyncio.run(story())
    assert complaints == []


@pytest.mark.parametrize("host", [b"127.0.0.1", b"::1"])
def test_an_address_that_is_written_out_is_not_looked_up(host: bytes) -> None:
    async def story() -> str:
        coroutine = Addresses().of(host, 443)
        with pytest.raises(StopIteration) as ended:
            coroutine.send(None)  # it waits for nothing
        return str(ended.value.value[0][4][0])

    assert asyncio.run(story()) == host.decode()

import asyncio

import httpx
import pytest

from overlord_run.engine.endpoint import LIMITS
from overlord_run.engine.lanes import KEPT_S, Lanes


class Wire(httpx.AsyncBaseTransport):
    def __init__(self, number: int) -> None:
        self.number = number
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


class Exchange:
    """Makes numbered transports and keeps them."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []

    def connect(self) -> Wire:
        self.wires.append(Wire(len(self.wires)))
        return self.wires[-1]


def test_an_idle_connection_is_lent_again() -> None:
    exchange = Exchange()

    async def borrow_twice() -> None:
        lanes = Lanes(exchange.connect)
        for _ in range(2):
            async with lanes.lend():
                pass

    asyncio.run(borrow_twice())
    assert [wire.is_closed for wire in exchange.wires] == [False]


def test_the_connection_that_came_back_last_is_lent_first() -> None:
    exchange = Exchange()

    async def borrow() -> list[int]:
        lanes = Lanes(exchange.connect)
        async with lanes.lend() as first:
            async with lanes.lend() as second, lanes.lend():
                pass
            second_number = second.transport.number
        lent = []
        async with lanes.lend() as connection:
            lent.append(connection.transport.number)
            async with lanes.lend() as another:
                lent.append(another.transport.number)
        assert (first.transport.number, second_number) == (0, 1)
        return lent

    assert asyncio.run(borrow()) == [0, 1]


def test_a_connection_that_was_cut_off_amid_an_exchange_is_dropped() -> None:
    exchange = Exchange()

    async def cut_off() -> int:
        lanes = Lanes(exchange.connect)

        async def call() -> None:
            async with lanes.lend() as connection:
                connection.spoiled = True
                await asyncio.Event().wait()

        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with lanes.lend() as connection:
            return connection.transport.number

    assert asyncio.run(cut_off()) == 1
    assert [wire.is_closed for wire in exchange.wires] == [True, False]


def test_closing_closes_what_is_idle_now_and_what_is_lent_later() -> None:
    exchange = Exchange()

    async def close() -> list[bool]:
        lanes = Lanes(exchange.connect)
        async with lanes.lend():
            async with lanes.lend():
                pass
            await lanes.aclose()
            return [wire.is_closed for wire in exchange.wires]

    assert asyncio.run(close()) == [False, True]
    assert [wire.is_closed for wire in exchange.wires] == [True, True]


@pytest.mark.parametrize("common_s", [2.0, 5.0, 60.0, 75.0])
def test_connections_are_kept_for_shorter_than_common_servers_keep_them(common_s: float) -> None:
    assert LIMITS.keepalive_expiry == KEPT_S < common_s
    assert LIMITS.max_connections == 1

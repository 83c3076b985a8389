"""Look hosts up: the addresses that connections are made to.

A run may begin with a thousand connections to one host. Each look-up takes a thread of the few that there are, for as
long as a name server takes. So those who ask at the same time share one; what it said is not kept, and whoever asks
later is told what holds then.
"""

import asyncio
import socket
from collections.abc import Sequence

from aiohappyeyeballs import AddrInfoType


class Addresses:
    """Looks hosts up, each once at a time."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[bytes, int], asyncio.Task[Sequence[AddrInfoType]]] = {}

    async def of(self, host: bytes, port: int) -> Sequence[AddrInfoType]:
        """Return the addresses of a host. One that is written out is looked up at once.

        Args:
            host: A name or an address, in ASCII.
            port: Of TCP.

        Raises:
            OSError: The host has none, or nobody knows.
        """
        written = _written(host, port)
        if written:
            return written
        task = self._under_way.get((host, port))
        if task is None:
            loop = asyncio.get_running_loop()
            task = loop.create_task(_looked_up(host, port))
            self._under_way[host, port] = task
            task.add_done_callback(lambda done: self._end((host, port), done))
        return await asyncio.shield(task)  # whoever gives up leaves it to the others

    def _end(self, key: tuple[bytes, int], task: asyncio.Task[Sequence[AddrInfoType]]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # it may be that nobody is left to hear of it, and asyncio complains then


async def _looked_up(host: bytes, port: int) -> Sequence[AddrInfoType]:
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _written(host: bytes, port: int) -> Sequence[AddrInfoType]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return ()

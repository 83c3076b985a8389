"""Lend connections, one to a call, and keep the good ones.

A lane is an httpx transport that holds one connection. A servant's call borrows a lane, makes one exchange on it and
gives it back. There are three reasons not to leave this to httpx's own pool:

- *Cost.* Every request of that pool walks over all its connections, so its work grows with the square of the calls in
  flight. A transport with one connection has nothing to walk over. Transports are cheap to make as long as they share
  one TLS context, which is the one dear part (reading the trusted certificates takes tens of milliseconds).
- *Cancellation.* A call can be cut off at any point, by its timeout or by a person. Whatever state that leaves a
  connection in, it is thrown away with its transport; no other call can be held up by it, or read the rest of somebody
  else's answer.
- *Money.* A kept connection may be closed by the server at the very moment at which the next request goes out; then
  nobody can tell whether that request was billed. So connections are kept for shorter than any common server keeps
  them (`KEPT_S`), and lent last-in first-out: under a small load few of them are in use, and those stay warm.

How many there are at once, and who is next, is decided before, at the gate (`gate.py`). The price of all this: a lane
that was dropped, or has rested for long, connects anew, which costs one or two round trips, little against the seconds
that a model takes.
"""

from collections.abc import Callable
from typing import Final

import httpx

KEPT_S: Final = 1.5
"""How long an unused connection is kept, in seconds: less than gunicorn's 2, Node's and uvicorn's 5, nginx's 75."""


class Connection:
    """One transport on loan. `spoiled` is true from the first byte of an exchange until its last was read."""

    __slots__ = ("spoiled", "transport")

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.transport = transport
        self.spoiled = False


class Lanes:
    """As many connections as are in use at once.

    Args:
        connect: Makes a transport. It is called when a lane is needed and none is idle.
    """

    def __init__(self, connect: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._connect = connect
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._closed = False

    def lend(self) -> "Loan":
        """Lend a connection for as long as a block lasts."""
        return Loan(self)

    def take(self) -> Connection:
        """Lend a connection, which is to be given back."""
        return Connection(self._idle.pop() if self._idle else self._connect())

    async def give_back(self, connection: Connection) -> None:
        """Take a connection back, or drop it where it is spoiled."""
        if connection.spoiled or self._closed:
            await connection.transport.aclose()
        else:
            self._idle.append(connection.transport)

    async def aclose(self) -> None:
        """Close the idle connections now, and each one on loan when it comes back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().aclose()


class Loan:
    """A connection on loan while a block is carried out."""

    __slots__ = ("_connection", "_lanes")

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def __aenter__(self) -> Connection:
        """Lend a connection."""
        self._connection = self._lanes.take()
        return self._connection

    async def __aexit__(self, *_raised: object) -> None:
        """Take it back."""
        await self._lanes.give_back(self._connection)

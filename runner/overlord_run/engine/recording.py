"""Keep each exchange of a run: a transport that stands before the network and hands on what came of every request.

It does not listen on the wire. Whether an answer is whole, too large, or was waited for in vain is decided above it, in
`wire.py`; it leaves a witness in the request, who is told the outcome. An exchange is on disk before anyone acts on it.
One that a person cut off has no outcome, and is no part of the recording.
"""

from collections.abc import Callable
from typing import Final, Protocol

import httpx

from overlord_run.credential import Redactor
from overlord_run.engine.exchange import Asked, Exchange, exchange_line
from overlord_run.engine.foreign import Fault
from overlord_run.engine.payload import as_mapping, parse_json
from overlord_run.engine.wire import WITNESS, Answer, NoAnswerError

UNKEPT: Final = Fault("not-recorded", "nothing was sent, since the recording cannot be written any more", unbilled=True)


class Keeper(Protocol):
    """Where the lines of a recording go."""

    @property
    def is_broken(self) -> bool:
        """Whether a line could not be kept: nothing more is sent then."""
        ...

    async def keep(self, line: bytes) -> None:
        """Return when the line is on disk, or cannot be; it raises nothing."""
        ...


class RecordingTransport(httpx.AsyncBaseTransport):
    """A transport that hands every exchange of another one to a keeper.

    Args:
        inner: What carries the requests out.
        keeper: Where the lines go.
        redactor: Takes the key out of them.
        clock: Gives seconds since the epoch.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, keeper: Keeper, redactor: Redactor, clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._keeper = keeper
        self._redactor = redactor
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Have the request carried out, unless what comes of it could not be kept."""
        if self._keeper.is_broken:
            raise NoAnswerError(fault=UNKEPT)
        asked = _asked(request)

        async def witness(outcome: Answer | Fault) -> None:
            exchange = Exchange(self._clock(), asked, outcome)
            await self._keeper.keep(exchange_line(exchange, self._redactor))

        request.extensions[WITNESS] = witness
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()


def _asked(request: httpx.Request) -> Asked | None:
    if request.method == "GET":
        return None
    slot, message, attempt, repair = request.extensions["overlord"]
    return Asked(slot, message, attempt, repair, as_mapping(parse_json(request.read())))

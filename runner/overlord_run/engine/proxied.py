"""Speak through a proxy, by httpx's own transport."""

from typing import Final

import httpx

from overlord_run.engine.direct import NO_TEXT
from overlord_run.engine.foreign import Cause, cause_of

BY_THE_PROXY: Final[frozenset[Cause]] = frozenset({"dns", "refused", "unreachable"})
"""Why there is no TCP connection. The only one that we make goes to the proxy; the one to the API is the proxy's."""


class ProxiedTransport(httpx.AsyncHTTPTransport):
    """A transport that tells a proxy which is not reached from an API that is not."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer as far as its head.

        Raises:
            httpx.ProxyError: There is no connection to the proxy, or the proxy has none to the API.
        """
        try:
            return await super().handle_async_request(request)
        except httpx.ConnectError as error:
            if cause_of(error) in BY_THE_PROXY:
                raise httpx.ProxyError(NO_TEXT) from error
            raise

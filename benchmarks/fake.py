"""Answer as the nginx of `api.py` does, as a plain ASGI application: for machines on which nginx is not to be had."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from benchmarks.api import COMPLETION, LISTING, THINKING_S

Message = MutableMapping[str, Any]


async def answer(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        pass
    is_listing = scope["path"].endswith("/models")
    if not is_listing and not scope["path"].startswith("/now/"):
        await asyncio.sleep(THINKING_S)
    body = (LISTING if is_listing else COMPLETION).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), (b"x-request-id", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Let the owner of a run read its inbox from an event loop, without the loop ever waiting for the disk."""

import asyncio
import contextlib
from collections.abc import Sequence

from overlord_run.store.inbox import Inbox, Letter

LOOK_EVERY_S = 0.2


class Mailbox:
    """An inbox as the executor sees it."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def letters(self) -> Sequence[Letter]:
        """Return what is there, the oldest first."""
        return await asyncio.to_thread(self._inbox.letters)

    async def discard(self, letter: Letter) -> None:
        """Take a request out."""
        await asyncio.to_thread(self._inbox.discard, letter)

    async def pause(self, closing: asyncio.Event) -> None:
        """Return when it is worth looking again, or at once when `closing` is set."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await closing.wait()

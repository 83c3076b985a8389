"""Notice when nothing of a plan can move any more without a person, and let what waits for that go home."""

import asyncio
from typing import Protocol


class Moving(Protocol):
    """What may be at a standstill."""

    def moves(self) -> bool:
        """Say whether anything goes on without a person."""
        ...


def is_done(future: asyncio.Future[bool]) -> bool:
    """Say whether what a future stands for has come about."""
    return future.done() and not future.cancelled() and future.result()


class Standstill:
    """Who waits for what, and whether anything else moves."""

    def __init__(self) -> None:
        self._waited: set[asyncio.Future[bool]] = set()
        self._whole: Moving | None = None
        self._is_declared = False

    def watch(self, whole: Moving) -> None:
        """Look at `whole` from now on."""
        self._whole = whole

    def look(self) -> None:
        """Declare a standstill where nothing moves: whoever waits here waits no longer. It is not taken back."""
        if self._whole is None or self._whole.moves():
            return
        self._is_declared = True
        for future in self._waited:
            if not future.done():
                future.set_result(False)

    async def unless(self, awaited: asyncio.Future[bool]) -> bool:
        """Wait for something, and return True when it has come about; False where a standstill came first."""
        if awaited.done():
            return awaited.result()
        if self._is_declared:
            return False
        self._waited.add(awaited)
        try:
            return await awaited
        finally:
            self._waited.discard(awaited)

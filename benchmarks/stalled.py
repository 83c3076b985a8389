"""Run the program on a disk whose every sync is slow, and tell how late its event loop was. FILE SECONDS ARGUMENT...

The operating system's own calls are made slow, so nothing of the program is replaced.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from overlord_run.cli.main import execute

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

    Sync = Callable[[FileDescriptorLike], None]

_BEAT_S = 0.01


class Late:
    """How late the event loop was at worst, and how often the disk was waited for."""

    def __init__(self) -> None:
        self.lag_s = 0.0
        self.syncs = 0

    def beat(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Take the time, and come again."""
        self.lag_s = max(self.lag_s, loop.time() - due)
        loop.call_later(_BEAT_S, self.beat, loop, loop.time() + _BEAT_S)

    def slowly(self, sync: "Sync", sync_s: float) -> "Sync":
        """Return a sync that takes longer."""

        def slow(fd: "FileDescriptorLike") -> None:
            self.syncs += 1
            time.sleep(sync_s)
            sync(fd)

        return slow


class Beating(asyncio.DefaultEventLoopPolicy):
    """Makes event loops that notice when they are late."""

    def __init__(self, late: Late) -> None:
        super().__init__()
        self._late = late

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Make a loop."""
        loop = super().new_event_loop()
        loop.call_soon(lambda: self._late.beat(loop, loop.time()))
        return loop


def main() -> int:
    """Run the program."""
    told, sync_s, late = Path(sys.argv[1]), float(sys.argv[2]), Late()
    for name in ("fsync", "fdatasync"):
        setattr(os, name, late.slowly(getattr(os, name), sync_s))
    asyncio.set_event_loop_policy(Beating(late))
    code = execute(sys.argv[3:])
    told.write_text(json.dumps({"lag_s": late.lag_s, "syncs": late.syncs}), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())

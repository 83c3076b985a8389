"""Run the program and tell where its CPU went, part by part. FILE ARGUMENT...

A thread looks two hundred times a second what each other thread is at, and books the CPU that this thread has spent
since the last look to it. So waiting costs nothing, and every thread counts for what it does.
"""

import json
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

from overlord_run.cli.main import execute

_LOOKS_EVERY_S = 0.005

# The innermost frame that one of these is in the path of says what its CPU goes to; a frame of the event loop that no
# such frame is inside of is the event loop itself.
PARTS = (
    ("JSON", ("/json/", "/store/notation.py", "/store/lines.py", "/engine/payload.py")),
    ("HTTP client", ("/httpx/", "/h11/", "/engine/direct.py", "/engine/stream.py", "/ssl.py")),
    ("engine: gate, request, reply", ("/overlord_run/engine/",)),
    (
        "views: registry, ledger, journals",
        ("/store/views.py", "/store/registry.py", "/store/ledger.py", "/store/journal.py", "/store/excerpt.py"),
    ),
    ("log: chain, write, sync", ("/store/log.py", "/store/writer.py", "/store/recorder.py", "/store/events/")),
    ("state: events folded", ("/store/fold.py", "/store/state.py", "/store/book.py", "/store/lease.py")),
    ("executor: turns, redirects, budgets", ("/overlord_run/executor/", "/overlord_run/plan/")),
    ("imports", ("importlib",)),
    ("event loop", ("/asyncio/base_events.py", "/asyncio/runners.py")),
    ("command line and progress", ("/overlord_run/cli/", "/overlord_run/app/")),
)
REST = "the rest"


def part_of(frame: FrameType | None) -> str:
    """Return the part of the program that a thread is at, by its innermost frame."""
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        for name, fragments in PARTS:
            if any(fragment in path for fragment in fragments):
                return name
        frame = frame.f_back
    return REST


class Profile:
    """Nanoseconds of CPU by part, of all threads but the one that looks."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._before: dict[int, int] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> "Profile":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._is_over.wait(_LOOKS_EVERY_S):
            frames = sys._current_frames()  # noqa: SLF001 - what it is there for
            for thread in threading.enumerate():
                if thread is not self._thread and thread.ident in frames and thread.native_id is not None:
                    self._book(thread.native_id, frames[thread.ident])

    def _book(self, thread: int, frame: FrameType) -> None:
        try:
            now = int(Path(f"/proc/self/task/{thread}/schedstat").read_text("ascii").split()[0])
        except OSError:  # it has ended since
            return
        self.spent[part_of(frame)] += now - self._before.get(thread, 0)
        self._before[thread] = now


def main() -> int:
    """Run the program."""
    with Profile() as profile:
        code = execute(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(profile.spent), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())

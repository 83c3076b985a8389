"""Run the program on a terminal: a pseudo-terminal, and an emulator that tells what a person would see on it.

Nothing is read from the terminal unless a test waits for something, so a test is also the person who does not read.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pyte

LIMIT_S = 60.0
"""A test fails after so long without what it waits for; on a machine that is busy everything takes its time."""
_SLICE_S = 0.1
# The child takes the terminal as its own, so that what is typed can interrupt it.
_IN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
_IN_BACKGROUND = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.execv(sys.argv[1], sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@dataclass
class Terminal:
    """A terminal in which one command runs."""

    process: subprocess.Popen[bytes]
    master: int
    screen: pyte.Screen
    stream: pyte.ByteStream
    received: bytearray = field(default_factory=bytearray)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without the blanks at the lines' ends and without the empty lines below."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    @property
    def text(self) -> str:
        """What stands on the screen, as one text."""
        return "\n".join(self.lines)

    def wait_for(self, holds: Callable[["Terminal"], bool], what: str = "") -> None:
        """Read until something holds of the screen."""
        ends_at = monotonic() + LIMIT_S
        while not holds(self):
            assert monotonic() < ends_at, f"waited in vain {what}; the screen:\n{self.text}"
            assert self._read() or holds(self), f"the program ended {what}; the screen:\n{self.text}"

    def shows(self, *texts: str) -> None:
        """Read until all these texts stand on the screen."""
        self.wait_for(lambda terminal: all(text in terminal.text for text in texts), f"for {texts}")

    def wait_unread(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, and read nothing meanwhile."""
        ends_at = monotonic() + LIMIT_S
        while not holds():
            assert monotonic() < ends_at, "waited in vain"
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_SLICE_S)

    def end(self) -> int:
        """Read what is left and return the exit code."""
        ends_at = monotonic() + LIMIT_S
        while self._read():
            assert monotonic() < ends_at, f"the program did not end; the screen:\n{self.text}"
        return self.process.wait(LIMIT_S)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal, as dragging a window's corner does."""
        set_size(self.master, columns, lines)
        self.screen.resize(lines, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def _read(self) -> bool:
        """Take what the program wrote, or wait a moment for it; False once nothing more can come."""
        if not select.select([self.master], [], [], _SLICE_S)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux tells so that nobody has the terminal open any more
            return False
        self.received += data
        self.stream.feed(data)
        return bool(data)


def set_size(terminal: int, columns: int, lines: int) -> None:
    """Tell a terminal its size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextmanager
def started(
    words: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    *,
    columns: int = 80,
    lines: int = 24,
    background: bool = False,
) -> Iterator[Terminal]:
    """Start the program in a terminal of this size, perhaps as a job in the background; at the end it is killed."""
    master, own = os.openpty()
    set_size(master, columns, lines)
    code = _IN_BACKGROUND if background else _IN_TERMINAL
    command = [sys.executable, "-c", code, sys.executable, "-m", "overlord_run", *words]
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdin=own, stdout=own, stderr=own, start_new_session=True
    )
    os.close(own)
    screen = pyte.Screen(columns, lines)
    with process:
        try:
            yield Terminal(process, master, screen, pyte.ByteStream(screen))
        finally:
            process.kill()
            os.close(master)

"""A kernel for tests: its processes end, and their pids are used again, exactly when the test says."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from overlord_run.host.system import Lookup

BOOT = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
PYTHON = "/usr/bin/python3.12"
PID = 4711


@dataclass(eq=False)
class Process:
    """A process, and what it was sent."""

    start: str
    program: str = PYTHON
    lives: bool = True
    ends_when_asked: bool = False
    sent: list[str] = field(default_factory=list)

    def take(self, signal: str) -> None:
        """Take a signal; one that has ended takes none."""
        if not self.lives:
            raise ProcessLookupError
        self.sent.append(signal)
        self.lives = signal != "KILL" and not self.ends_when_asked


@dataclass(eq=False)
class Kernel:
    """One pid and who has it. It changes hands right before the kernel's step number `turn`.

    Attributes:
        process: Who has it.
        heirs: Who has it afterwards, one after the other.
        turn: From 0; None for never.
        every: After how many steps it changes hands again; 0 for never.
    """

    process: Process
    heirs: Iterator[Process]
    turn: int | None
    every: int = 0
    steps: int = 0
    started: list[Process] = field(default_factory=list)

    def step(self) -> None:
        """Do one thing, before which the pid may change hands."""
        if self.steps == self.turn:
            self.process.lives = False
            self.process = next(self.heirs)
            self.started.append(self.process)
            self.turn = self.turn + self.every if self.every else None
        self.steps += 1

    def process_of(self, pid: int) -> Process:
        """Return who has the pid now."""
        self.step()
        if pid != PID or not self.process.lives:
            raise ProcessLookupError
        return self.process

    def family(self) -> Lookup:
        raise OSError

    def boot_id(self) -> str:
        self.step()
        return BOOT

    def start_time(self, pid: int) -> str:
        return self.process_of(pid).start

    def executable(self, pid: int) -> str:
        return self.process_of(pid).program

    def hold(self, pid: int) -> "Held":
        return Held(self, self.process_of(pid))


@dataclass(eq=False)
class Held:
    """A handle as it should be: it stays with its process."""

    kernel: Kernel
    process: Process

    def ask(self) -> bool:
        self.kernel.step()
        self.process.take("TERM")
        return True

    def kill(self) -> None:
        self.kernel.step()
        self.process.take("KILL")

    def has_ended(self, _within_s: float) -> bool:
        self.kernel.step()
        return not self.process.lives

    def close(self) -> None:
        self.kernel.step()

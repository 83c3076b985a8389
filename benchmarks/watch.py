"""Watch a run from outside while it goes on: what it has spent so far, by how many replies it has recorded."""

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.arithmetic import windows
from benchmarks.process import Spent, spend, written_bytes
from benchmarks.results import Curve

Line = list[tuple[float, float]]
"""How many replies there were, and what one more cost."""

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_REPLY = b'"type":"reply_received"'
_NAMES = ("first run", "second run", "third run")


@dataclass(frozen=True, slots=True)
class Look:
    """What there was at one moment.

    Attributes:
        log_size: Of the run's log, in bytes.
        cpu_s: What the process had spent, all its threads.
        written_bytes: What it had given to `write`.
    """

    log_size: int
    cpu_s: float
    written_bytes: int


@dataclass(slots=True)
class Watch:
    """Looks at the process of the one run of a state folder.

    Attributes:
        state_dir: The state folder.
        looks: In the order of time.
    """

    state_dir: Path
    looks: list[Look] = field(default_factory=list)

    def __call__(self, pid: int) -> None:
        """Look once."""
        log = self.log_path
        if log is not None:
            self.looks.append(Look(log.stat().st_size, cpu_s(pid), written_bytes(pid)))

    @property
    def log_path(self) -> Path | None:
        """The run's log; None where there is none yet."""
        return next(self.state_dir.glob("runs/*/events.jsonl"), None)

    def replies(self) -> list[int]:
        """Return how many replies the log held at each look."""
        assert self.log_path is not None
        ends = reply_ends(self.log_path)
        return [bisect_right(ends, look.log_size) for look in self.looks]


@dataclass(frozen=True, slots=True)
class Watched:
    """A run that was watched from its start to its end.

    Attributes:
        spent: What all of it took.
        replies: How many replies there were at each look.
        looks: In the order of time.
    """

    spent: Spent
    replies: Sequence[int]
    looks: Sequence[Look]

    def cpu_ms(self, width: int) -> Line:
        """Return what a message cost in milliseconds of CPU, over windows of so many messages."""
        return windows(self.replies, [1000 * look.cpu_s for look in self.looks], width=width)

    def written(self, width: int) -> Line:
        """Return how many bytes were written for a message, over windows of so many messages."""
        return windows(self.replies, [look.written_bytes for look in self.looks], width=width)


def watched(
    command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], state_dir: Path, *, exit_code: int = 0
) -> Watched:
    """Run the program to its end and return what was seen; its run is the only one of the state folder."""
    watch = Watch(state_dir)
    spent = spend(command, folder, environ, exit_code=exit_code, look=watch)
    return Watched(spent, watch.replies(), watch.looks)


def curves(plot: str, lines: Sequence[Line]) -> Iterator[Curve]:
    """Yield a curve for each of a few runs."""
    for name, line in zip(_NAMES, lines, strict=False):
        yield Curve(plot, name, tuple(line))


def cpu_s(pid: int) -> float:
    """Return how much CPU a process has spent so far, those of its threads that have ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def reply_ends(log_path: Path) -> Sequence[int]:
    """Return where in a log each line of a reply ends."""
    ends, end = [], 0
    with log_path.open("rb") as lines:
        for line in lines:
            end += len(line)
            if _REPLY in line:
                ends.append(end)
    return ends

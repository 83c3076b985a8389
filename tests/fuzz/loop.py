"""Try changed files one after the other, keep each failure once, and make the file that shows it small."""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, takewhile
from random import Random

from fuzz.mutations import mutate
from fuzz.oracle import Worst, judge


@dataclass(slots=True)
class Trial:
    """What is known of the files of one target that were tried so far.

    Attributes:
        slowness: How much slower than usual the program is, since its coverage is counted.
        shrink_s: How long a file that fails is made smaller.
        findings: The smallest file for each failure, by the kind of exception and where it was raised.
    """

    attempt: Callable[[bytes], None]
    slowness: float = 1.0
    shrink_s: float = 10.0
    tried: int = 0
    worst: Worst = field(default_factory=Worst)
    findings: dict[str, bytes] = field(default_factory=dict)

    def take(self, content: bytes) -> None:
        """Try a file."""
        self.tried += 1
        failure = self._failure(content)
        if failure is not None and failure not in self.findings:
            self.findings[failure] = shrink(content, lambda smaller: self._failure(smaller) == failure, self.shrink_s)

    def _failure(self, content: bytes) -> str | None:
        try:
            judge(self.attempt, content, self.worst, slowness=self.slowness)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__} in {frame.name}, {frame.filename}:{frame.lineno}"
        return None


def case(number: int, name: str, seeds: Sequence[bytes]) -> bytes:
    """Return the changed file of a number; the same one each time."""
    random = Random(f"{name} {number}")
    return mutate(random.choice(seeds), random, seeds)


def cases(name: str, seeds: Sequence[bytes], seconds: float) -> Iterator[bytes]:
    """Yield the seeds, then changed files until the time is up."""
    end = time.monotonic() + seconds
    yield from seeds
    yield from (case(number, name, seeds) for number in takewhile(lambda _: time.monotonic() < end, count()))


def shrink(content: bytes, still_fails: Callable[[bytes], bool], seconds: float) -> bytes:
    """Return a small file that still fails: first of fewer lines, then of fewer bytes."""
    end = time.monotonic() + seconds
    for parts in (content.splitlines(keepends=True), None):
        left = parts if parts is not None else [content[at : at + 1] for at in range(len(content))]
        size = max(len(left) // 2, 1)
        while size and time.monotonic() < end:
            at = 0
            while at < len(left) and time.monotonic() < end:
                fewer = left[:at] + left[at + size :]
                if still_fails(b"".join(fewer)):
                    left = fewer
                else:
                    at += size
            size //= 2
        content = b"".join(left)
    return content

"""Have programs run under ptrace: what to do to which of their system calls, and how they ended."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

TESTS = Path(__file__).parents[1]
DEADLINE_S = 60
"""A program that hangs ends the tests instead of the session."""
OVERLORD_RUN = "overlord_run.cli.main:main"


@dataclass(frozen=True)
class Blow:
    """What is done to a process, and when: at the N-th call of a name, or of any name where that is empty.

    Attributes:
        within: Only calls about files whose path has this in it count; where it is empty, all do.
        signal: Is sent before the call is made.
        hold: The call is held until nothing else in the process moves, as by a slow disk; then comes the signal.
        errno: The call is not made and fails with it; all later ones too where `for_ever` is set.
    """

    name: str = ""
    at: int = 0
    within: str = ""
    signal: int = 0
    hold: bool = False
    errno: int = 0
    for_ever: bool = False


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        exit: Its exit code, or the number of the signal that killed it, below zero.
        met: The call that the blow met, and the file that it was about; empty where it met none.
        seen: How many calls it could have met.
        calls: How often each name was called.
        synced: How long each file was, by its path then, when a sync of it began that succeeded.
    """

    out: str
    err: str
    exit: int
    met: str
    seen: int
    calls: Mapping[str, int]
    synced: Mapping[str, int]


@dataclass(frozen=True)
class Start:
    """A program to be run: a function, the words of its command line, its folder and its environment."""

    folder: Path
    words: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    program: str = OVERLORD_RUN


class Tracer:
    """The process that runs and traces programs, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, start: Start, blow: Blow = Blow()) -> Ended:
        """Run a program to its end and return that."""
        out, err = start.folder / "stdout", start.folder / "stderr"
        order = {
            "program": start.program,
            "words": start.words,
            "folder": str(start.folder),
            "environ": {"HOME": str(start.folder), "PATH": os.defpath, **start.environ},
            "out": str(out),
            "err": str(err),
            **vars(blow),
        }
        for path in (out, err):
            path.write_bytes(b"")
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told = self._answer()
        texts = (path.read_text(encoding="utf-8", errors="replace") for path in (out, err))
        return Ended(*texts, **told)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline = Timer(DEADLINE_S, self._process.kill)
        deadline.start()
        line = self._process.stdout.readline()
        deadline.cancel()
        assert line, f"a program that takes milliseconds did not end within {DEADLINE_S} s"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def tracer() -> Iterator[Tracer]:
    """Give a tracer, to the end of the block."""
    command = [sys.executable, "-m", "faults.tracer"]
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Tracer(process)
        assert process.stdin is not None
        process.stdin.close()

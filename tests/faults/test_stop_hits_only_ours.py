"""Forge records, and use pids again at every step: whoever is not the recorded process is sent nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from faults.careless import ON_A_KERNEL, SEEDED, End, ours
from faults.kernel import BOOT, PID, PYTHON, Kernel, Process
from overlord_run.host.ending import Ending

START = "88123"
RECORD = {"bootId": BOOT, "startTime": START, "executable": PYTHON}
STEPS = 12
"""More than the kernel's steps of the longest ending: to look, to ask, to kill, and to wait for each."""


@dataclass(frozen=True)
class Reuse:
    """When the pid of the recorded process changes hands, and to whom.

    Attributes:
        turn: Before which step of the kernel.
        every: After how many steps it does so again; 0 for never.
        later: The ticks between the starts of one that has the pid and the next one.
    """

    turn: int
    every: int
    later: int
    program: str
    ends_when_asked: bool

    def kernel(self) -> Kernel:
        starts = count(int(START) + self.later, self.later)
        heirs = (Process(str(start), self.program) for start in starts)
        return Kernel(Process(START, ends_when_asked=self.ends_when_asked), heirs, self.turn, self.every)


REUSES = [
    Reuse(*facts) for facts in product(range(STEPS), (0, 1, 3), (1, 700_000), (PYTHON, "/usr/bin/nginx"), (False, True))
]


def forged() -> Iterator[dict[str, Any]]:
    """Yield records that a process fits in part, and so is not proved to be the one."""
    for fact, value in RECORD.items():
        others = [value + " ", value + "0", value[:-1], value.swapcase() + "_", "", [value], {value: value}, 0, 1, True]
        yield from ({**RECORD, fact: other} for other in others)
        yield from ({fact: value, **dict.fromkeys(set(RECORD) - {fact}, other)} for other in (None, "", 0, "0"))
        yield {fact: value}
    for fact in ("bootId", "startTime"):
        yield {**RECORD, fact: None}
        yield {name: value for name, value in RECORD.items() if name != fact}
    yield {**RECORD, "startTime": int(START)}
    yield {name.lower(): value for name, value in RECORD.items()}
    yield {}


def hits(end_recorded: End) -> list[object]:
    """Return the cases in which a process that is not proved to be the recorded one was sent something."""
    hit: list[object] = []
    for reuse in REUSES:
        kernel = reuse.kernel()
        end_recorded(PID, RECORD, kernel)
        hit += [reuse for process in kernel.started if process.sent]
    for record in forged():
        innocent = Process(START)
        end_recorded(PID, record, Kernel(innocent, iter(()), None))
        hit += [record] if innocent.sent else []
    return hit


def test_the_recorded_process_is_hit() -> None:
    for asked, ending, sent in ((True, Ending.TERMINATED, ["TERM"]), (False, Ending.KILLED, ["TERM", "KILL"])):
        process = Process(START, ends_when_asked=asked)
        kernel = Kernel(process, iter(()), None)
        assert ours(PID, RECORD, kernel) is ending
        assert process.sent == sent
        assert kernel.steps <= STEPS


def test_of_all_forged_records_and_pids_that_are_used_again_none_is_hit() -> None:
    assert len(REUSES) + len(list(forged())) > 300
    assert hits(ours) == []


@pytest.mark.parametrize("bug", SEEDED, ids=lambda bug: bug.__name__)
def test_the_sweep_finds_a_stop_that(bug: End) -> None:
    assert hits(bug) != []


def reused_pids(name: str, *, rounds: int) -> dict[str, Any]:
    """Let a kernel use pids again, in a namespace of its own, and return what became of those who got them."""
    script = Path(__file__).with_name("reused_pids.py")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*NAMESPACE, sys.executable, script, name, str(rounds)],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")


def can_choose_pids() -> bool:
    """Say whether this system lets a test choose the pid of the next process, in a namespace of its own."""
    if shutil.which(NAMESPACE[0]) is None:
        return False
    words = [*NAMESPACE, "sh", "-c", "echo 400 >/proc/sys/kernel/ns_last_pid"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


on_a_kernel = pytest.mark.skipif(not can_choose_pids(), reason="no namespace may be made here in which pids are chosen")


@on_a_kernel
def test_of_the_pids_that_a_kernel_uses_again_none_is_hit() -> None:
    told = reused_pids("ours", rounds=4)
    assert told["reused"] >= 70
    assert told["ended"] >= 8
    assert told["hits"] == []


@on_a_kernel
@pytest.mark.parametrize("bug", ON_A_KERNEL, ids=lambda bug: bug.__name__)
def test_a_kernel_finds_a_stop_that(bug: End) -> None:
    assert reused_pids(bug.__name__, rounds=1)["hits"] != []


@on_a_kernel
@pytest.mark.sweep
def test_of_many_pids_that_a_kernel_uses_again_none_is_hit() -> None:
    told = reused_pids("ours", rounds=100)
    assert told["reused"] >= 1700
    assert told["hits"] == []

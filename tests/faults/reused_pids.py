"""Stop recorded processes whose pids a real kernel gives to others meanwhile. Runs alone in a namespace of pids.

    python reused_pids.py STOP ROUNDS

prints how often a pid was used again, how often the recorded process ended, and where another one was hit.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from faults.careless import SEEDED, ours
from overlord_run.host import linux
from overlord_run.host.handle import Handle
from overlord_run.host.process import fingerprint
from overlord_run.host.system import Lookup

LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
STEPS = 11
"""One more than the steps of the longest ending: in the last case nothing changes hands."""

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def start(*, ignores_asking: bool = False, pid: int | None = None) -> subprocess.Popen[bytes]:
    """Start a process that waits, with this pid if one is given."""
    if pid is not None:
        LAST_PID.write_text(str(pid - 1), encoding="ascii")
    signal.signal(signal.SIGTERM, signal.SIG_IGN if ignores_asking else signal.SIG_DFL)  # it is inherited
    process = subprocess.Popen(["/bin/sleep", "60"])
    assert pid in (None, process.pid)
    return process


@dataclass
class Switch:
    """Linux, where right before step number `turn` the recorded process ends and another one gets its pid."""

    process: subprocess.Popen[bytes]
    turn: int
    steps: int = 0
    heirs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def step(self) -> None:
        if self.steps == self.turn:
            self.process.kill()
            self.process.wait()
            self.heirs.append(start(pid=self.process.pid))
        self.steps += 1

    def family(self) -> Lookup:
        raise OSError

    def boot_id(self) -> str:
        self.step()
        return linux.boot_id()

    def start_time(self, pid: int) -> str:
        self.step()
        return linux.start_time(pid)

    def executable(self, pid: int) -> str:
        self.step()
        return linux.executable(pid)

    def hold(self, pid: int) -> "Held":
        self.step()
        return Held(self, linux.hold(pid))


@dataclass
class Held:
    """A handle of Linux, before each use of which the pid may change hands."""

    switch: Switch
    handle: Handle

    def ask(self) -> bool:
        self.switch.step()
        return self.handle.ask()

    def kill(self) -> None:
        self.switch.step()
        self.handle.kill()

    def has_ended(self, within_s: float) -> bool:
        self.switch.step()
        return self.handle.has_ended(within_s)

    def close(self) -> None:
        self.switch.step()
        self.handle.close()


def live_longer_than_a_tick(pid: int) -> None:
    """Wait until a process that starts now starts later: a recorded one has always lived that long."""
    while time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS_A_SECOND < int(linux.start_time(pid)) + 1:
        pass


def was_hit(process: subprocess.Popen[bytes]) -> bool:
    """Say whether a process was sent what ends it, and end it. What it was sent before comes before the stop."""
    os.kill(process.pid, signal.SIGSTOP)
    found = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    process.kill()
    process.wait()
    return found is not None and found.si_code != os.CLD_STOPPED


def main(name: str, rounds: int) -> None:
    stop = {bug.__name__: bug for bug in (ours, *SEEDED)}[name]
    reused, ended, hits = 0, 0, []
    for turn in range(STEPS):
        for ignores_asking in (False, True) * rounds:
            process = start(ignores_asking=ignores_asking)
            recorded = fingerprint(process.pid)
            live_longer_than_a_tick(process.pid)
            switch = Switch(process, turn)
            stop(process.pid, recorded, switch)
            reused += len(switch.heirs)
            ended += not switch.heirs and was_hit(process)
            hits += [(turn, ignores_asking) for heir in switch.heirs if was_hit(heir)]
    print(json.dumps({"reused": reused, "ended": ended, "hits": hits}))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

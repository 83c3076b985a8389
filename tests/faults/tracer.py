"""Run programs under ptrace, system call by system call, and do one thing to one of them: a process of its own.

It imports what the programs need once, forks for each of them, and reads orders and writes answers, one JSON object a
line (`traced.py` is the other end). The counts are the process's, whatever thread makes a call, and begin where the
program does.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from faults import ptrace

IMPORTED = (
    *("overlord_run.cli.main", "overlord_run.cli.run", "overlord_run.cli.live"),
    *("overlord_run.cli.status", "overlord_run.cli.verify"),
    *("encodings.ascii", "encodings.utf_8_sig"),  # what httpx imports late
)
QUIET_S = 0.02
"""For how long no thread has made a call that tells, before a process whose call is held is taken to wait for it."""


class Trace:
    """One program from its fork to its end; `order` is a blow's fields."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._held: int | None = None
        self._moved_at = 0.0
        self._failing: set[int] = set()
        self._syncing: dict[int, tuple[str, int]] = {}
        self.calls: Counter[str] = Counter()
        self.synced: dict[str, int] = {}
        self.met = ""
        self.seen = 0

    def follow(self, process: int) -> int:
        """See a process through, and return its exit code, or a signal's number below zero."""
        os.waitpid(process, ptrace.WALL)
        ptrace.request(ptrace.SETOPTIONS, process, 0, ptrace.OPTIONS)
        ptrace.request(ptrace.SYSCALL, process)
        known = {process}
        while True:
            thread, status = self._next(process)
            if not os.WIFSTOPPED(status):
                if thread == process:
                    return os.waitstatus_to_exitcode(status)
                continue
            with suppress(ProcessLookupError):  # whoever is killed in the meantime is told by the next wait
                self._step(process, thread, os.WSTOPSIG(status), is_new=thread not in known)
            known.add(thread)

    def _next(self, process: int) -> tuple[int, int]:
        """Return the next thread that stopped or ended, and how; kill a process that waits for its held call alone."""
        while self._held is not None:
            rest_s = self._moved_at + QUIET_S - time.monotonic()
            if rest_s <= 0:
                os.kill(process, self._order["signal"])
                self._held = None
                break
            thread, status = os.waitpid(-1, ptrace.WALL | os.WNOHANG)
            if thread:
                return thread, status
            signal.sigtimedwait([signal.SIGCHLD], rest_s)
        return os.waitpid(-1, ptrace.WALL)

    def _step(self, process: int, thread: int, stop: int, *, is_new: bool) -> None:
        """Do what a stop asks for, and let the thread go on."""
        passed_on = 0
        if stop == ptrace.SYSCALL_STOP:
            self._at_call(process, thread)
        elif not (stop == signal.SIGTRAP or (is_new and stop == signal.SIGSTOP)):  # those are ptrace's own
            passed_on = stop
        if self._held != thread:
            ptrace.request(ptrace.SYSCALL, thread, 0, passed_on)

    def _at_call(self, process: int, thread: int) -> None:
        call = ptrace.call_of(thread)
        if call is None:
            self._after_call(thread)
            return
        self.calls[call.name] += 1
        if call.name != "another":  # who waits for a lock of Python's asks for it again and again
            self._moved_at = time.monotonic()
        if call.name in ("fsync", "fdatasync"):
            self._syncing[thread] = call.subject, Path(f"/proc/{thread}/fd/{call.descriptor}").stat().st_size
        if self._order["name"] in ("", call.name) and self._order["within"] in call.subject:
            self.seen += 1
            self._meet(process, thread, call)

    def _meet(self, process: int, thread: int, call: ptrace.Call) -> None:
        at, is_struck = self._order["at"], self.seen == self._order["at"]
        if self._order["errno"] and (is_struck or (self._order["for_ever"] and self.seen > at > 0)):
            self._failing.add(thread)
            ptrace.fail(thread)
        if is_struck:
            self.met = f"{call.name} {call.subject}".strip()
            if self._order["hold"]:
                self._held = thread
            elif self._order["signal"]:
                os.kill(process, self._order["signal"])

    def _after_call(self, thread: int) -> None:
        synced = self._syncing.pop(thread, None)
        if thread in self._failing:
            self._failing.remove(thread)
            ptrace.fail_with(thread, self._order["errno"])
        elif synced is not None:
            self.synced[synced[0]] = synced[1]


def begin(order: dict[str, Any]) -> int:
    """Fork a process that waits to be traced and then runs the program; return its id."""
    process = os.fork()
    if process:
        return process
    ptrace.request(ptrace.TRACEME, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for descriptor, path in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = ["program", *order["words"]]
    module, _, function = order["program"].partition(":")
    program = getattr(importlib.import_module(module), function)
    os.kill(os.getpid(), signal.SIGSTOP)
    program()
    sys.exit(0)


def main() -> None:
    """Carry out orders until there are no more."""
    for name in IMPORTED:
        importlib.import_module(name)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    for line in sys.stdin:
        order = json.loads(line)
        trace = Trace(order)
        code = trace.follow(begin(order))
        told = {name: getattr(trace, name) for name in ("met", "seen", "calls", "synced")}
        sys.stdout.write(json.dumps({"exit": code, **told}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Tell small runs to the store, on a disk that can fail: what the tests of the store share."""

import errno
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overlord_run.plan.digest import digest
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.folder import RunFolder
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import State

RUN_ID = "20261122-132501-council-7f3a"
TOKEN = "7f3a" * 8
SLOTS = ("alder", "birch")
USAGE = {"promptTokens": 11, "completionTokens": 7, "cachedTokens": None, "orchestrationInputTokens": 3}

_CONTENT: dict[str, Any] = {"name": "council", "inputs": {"question": "Zürich?"}, "servants": list(SLOTS)}
PLAN: dict[str, Any] = {"schemaVersion": 1, "digest": digest(_CONTENT), **_CONTENT}


def clock(start: int = 0) -> Callable[[], str]:
    """Return a clock that goes one millisecond further each time it is read."""
    ticks = iter(range(start, start + 10_000_000))
    return lambda: _stamp(next(ticks))


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"2026-11-22T{hours:02}:{minutes:02}:{seconds:02}.{rest:03}Z"


def created(folder: RunFolder, slots: Iterable[str] = SLOTS, **changes: Any) -> ev.RunCreated:
    """Return the first event of a run in `folder`."""
    facts: dict[str, Any] = {
        "run_id": folder.run_id,
        "run_token": TOKEN,
        "engine": "rehearsal",
        "provider": "sakana",
        "worktree": "/home/dev/project",
        "run_dir": f"/home/dev/project/.overlord/runs/{folder.run_id}",
        "playbook": {"name": "council", "path": "/home/dev/project/council.yml", "digest": "sha256:" + "1" * 64},
        "plan_digest": PLAN["digest"],
        "settings": {"concurrency": {"value": 8, "source": "default"}},
        "host": {"platform": "linux", "shell": "bash"},
        "cwd": "/home/dev/project",
        "branch": "main",
        "commit": "0" * 40,
        "servants": [servant(slot) for slot in slots],
    }
    return ev.RunCreated(**facts | changes)


def servant(slot: str, **changes: Any) -> dict[str, Any]:
    """Return a servant's facts as `run_created` has them."""
    return {
        "slot": slot,
        "name": slot.capitalize(),
        "role": "critic",
        "model": "normal",
        "llmModel": "fugu",
        "profile": "consultation",
        "assignment": "List what can go wrong.",
        "scopeToken": "ab" * 32,
    } | changes


OWNER = ev.OwnerChanged(4711, {"boot": "b00t", "start": 12, "executable": "/usr/bin/python3"}, "run")


def queued(message_id: str, slot: str, text: str = "And then?", system: str | None = None) -> ev.MessageQueued:
    """Return a message rendered for a servant."""
    return ev.MessageQueued(message_id, "all", slot, text, system)


def sent(message_id: str, slot: str, attempt: int = 1) -> ev.RequestSent:
    """Return a call that leaves now."""
    return ev.RequestSent(message_id, slot, attempt, "fugu", "sha256:" + "2" * 64)


def replied(message_id: str, slot: str, text: str = "Nothing.", attempt: int = 1) -> ev.ReplyReceived:
    """Return a call's answer."""
    return ev.ReplyReceived(
        message_id, slot, attempt, "fugu", f"req-{message_id}-{slot}", text, "stop", cut=False, usage=USAGE
    )


def failed(message_id: str, slot: str, *, attempt: int = 1, retry_in_s: float | None = None) -> ev.RequestFailed:
    """Return a call's failure."""
    is_unbilled = retry_in_s is not None
    reason = "no answer within 90 s"
    return ev.RequestFailed(
        message_id, slot, attempt, "fugu", "timeout", None, None, reason, retry_in_s, unbilled=is_unbilled
    )


def story(text: str = "Größe: the café is closed.") -> list[list[ev.Body]]:
    """Return what a small run with every kind of end records after its first two events, batch by batch."""
    return [
        [ev.PreflightPassed(["fugu", "fugu-ultra"])],
        [ev.StartupBegan(list(SLOTS))],
        [queued("startup", "alder", "Begin.", "You review."), queued("startup", "birch", "Begin.", "You review.")],
        [sent("startup", "alder"), sent("startup", "birch")],
        [replied("startup", "alder", text), ev.ServantReady("alder")],
        [failed("startup", "birch", retry_in_s=0.5)],
        [sent("startup", "birch", attempt=2)],
        [replied("startup", "birch", attempt=2), ev.ServantReady("birch")],
        [ev.MessageSettled("startup", "completed", None)],
        [queued("rank", "alder"), queued("rank", "birch")],
        [sent("rank", "alder"), sent("rank", "birch")],
        [replied("rank", "alder")],
        [failed("rank", "birch"), ev.ServantBlocked("birch", "no answer within 90 s")],
        [ev.MessageSettled("rank", "partial", "birch gave no answer")],
        [ev.RedirectFailed("verdict", "all", "alder", "replies.rank.birch does not exist")],
        [ev.RedirectSkipped("verdict", "all", "birch", "the servant is blocked")],
        [ev.MessageSettled("verdict", "failed", "0 of 1 answered")],
        [ev.RedirectSkipped("last", "all", None, "verdict failed")],
        [ev.RunFinished("partial", "not all servants answered", {"verdict": {"ship": True}}, {"score": "no reply"})],
    ]


async def tell(
    folder: RunFolder,
    batches: Iterable[Iterable[ev.Body]],
    *,
    disk: SystemDisk | None = None,
    listen: Callable[[ev.Event, State], None] = lambda _event, _state: None,
    slots: Iterable[str] = SLOTS,
) -> State:
    """Record a run from its creation, each batch after the one before, close it, and return its state."""
    recorder = await Recorder.create(
        folder, PLAN, created(folder, slots), OWNER, clock=clock(), listen=listen, disk=disk or SystemDisk()
    )
    try:
        for batch in batches:
            await recorder.record(*batch)
    finally:
        await recorder.aclose()
    return recorder.state


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file under a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class HastyDisk(SystemDisk):
    """A disk that is never waited for, where a test is about what is written and not about when it is safe."""

    def sync(self, fd: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


@dataclass
class FaultyDisk(SystemDisk):
    """A disk that fails at its N-th operation of a kind, once or from then on.

    Attributes:
        operation: `open write short sync truncate replace sync_folder`; `short` is a write of half of the bytes.
        at: Which operation of that kind fails, from 1.
        error: The errno.
        for_ever: Whether all later ones fail too.
        only: Which files it is about, by a part of their names.
        done: What it was asked to do, in order, with the file's name.
    """

    operation: str
    at: int = 1
    error: int = errno.EIO
    for_ever: bool = False
    only: str = ""
    done: list[tuple[str, str]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    counted: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, path: Path, flags: int) -> int:
        self._meet("open", path.name)
        fd = super().open(path, flags)
        self.names[fd] = path.name
        return fd

    def write(self, fd: int, data: bytes | bytearray) -> int:
        name = self.names[fd]
        self._meet("write", name)
        if self._is_due("short", name):
            self.done.append(("short", name))
            return super().write(fd, data[: len(data) // 2])
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._meet("sync", self.names[fd])
        super().sync(fd)

    def truncate(self, fd: int, size: int) -> None:
        self._meet("truncate", self.names[fd])
        super().truncate(fd, size)

    def replace(self, source: Path, target: Path) -> None:
        self._meet("replace", target.name)
        super().replace(source, target)

    def sync_folder(self, path: Path) -> None:
        self._meet("sync_folder", path.name)
        super().sync_folder(path)

    def _meet(self, operation: str, name: str) -> None:
        self.done.append((operation, name))
        if self._is_due(operation, name):
            raise OSError(self.error, os.strerror(self.error))

    def _is_due(self, operation: str, name: str) -> bool:
        if operation != self.operation or self.only not in name:
            return False
        with self.lock:  # journals are synced side by side
            self.counted += 1
            return self.counted >= self.at if self.for_ever else self.counted == self.at


def lines(path: Path) -> list[bytes]:
    """Return a file's lines with their ends."""
    return path.read_bytes().splitlines(keepends=True)

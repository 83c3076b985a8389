"""Runs with a bug in one part, each a program that can be traced: a harness must find them before it is believed."""

import contextlib
import dataclasses
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from canary import CANARY
from council_kit import Parts, carry_on, carry_out
from faults.witness import COUNCIL
from overlord_run.credential import Credential
from overlord_run.engine.base import Engine, Failure, Lane, Reply, Request
from overlord_run.engine.endpoint import Endpoint
from overlord_run.errors import Exit, OverlordError
from overlord_run.executor.council import Council
from overlord_run.executor.unknown import Decision
from overlord_run.store import events as ev
from overlord_run.store.disk import SYSTEM_DISK, SystemDisk
from overlord_run.store.recorder import Recorder


class SendsBeforeItIsOnDisk(Recorder):
    """Lets a request leave while it is being written."""

    async def record(self, *bodies: ev.Body) -> None:
        if isinstance(bodies[0], ev.RequestSent):
            self.note(*bodies)
        else:
            await super().record(*bodies)


class WritesTheRequestWithTheReply(Recorder):
    """Saves a sync: a request is written when its answer is there."""

    def __init__(self, *args: Any, **facts: Any) -> None:
        super().__init__(*args, **facts)
        self.waiting: dict[tuple[str, str], ev.RequestSent] = {}

    async def record(self, *bodies: ev.Body) -> None:
        match bodies[0]:
            case ev.RequestSent() as sent:
                self.waiting[sent.message_id, sent.slot] = sent
            case ev.ReplyReceived() as reply:
                await super().record(self.waiting.pop((reply.message_id, reply.slot)), *bodies)
            case _:
                await super().record(*bodies)


class NeverSyncsTheLog(SystemDisk):
    """Trusts the system to write the log some time."""

    log: int | None = None

    def open(self, path: Path, flags: int) -> int:
        fd = super().open(path, flags)
        if path.name == "events.jsonl":
            self.log = fd
        return fd

    def sync(self, fd: int) -> None:
        if fd != self.log:
            super().sync(fd)


class SyncsTheBatchBefore(NeverSyncsTheLog):
    """Syncs the log, but before it writes a line and not after it."""

    def write(self, fd: int, data: bytes | bytearray) -> int:
        if fd == self.log:
            super(NeverSyncsTheLog, self).sync(fd)
        return super().write(fd, data)


class NeverSyncsFolders(SystemDisk):
    """Takes a file's sync for that of its name."""

    def sync_folder(self, path: Path) -> None:
        """Do nothing."""


class RenamesBeforeItSyncs(SystemDisk):
    """Gives a file its name before its bytes are on the disk."""

    fresh: int | None = None

    def open(self, path: Path, flags: int) -> int:
        fd = super().open(path, flags)
        self.fresh = fd if path.suffix == ".tmp" else None
        return fd

    def sync(self, fd: int) -> None:
        if fd != self.fresh:
            super().sync(fd)


class WritesInPlace(SystemDisk):
    """Replaces a file by writing its new bytes over the old ones."""

    def replace(self, source: Path, target: Path) -> None:
        fd = self.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        self.write(fd, source.read_bytes())
        os.close(fd)
        source.unlink()


class TakesTheOldOneAway(SystemDisk):
    """Makes room before it gives a file its name."""

    def replace(self, source: Path, target: Path) -> None:
        target.unlink(missing_ok=True)
        super().replace(source, target)


class NeedsNoTemporaryFile(SystemDisk):
    """Writes a new file under its name from the beginning."""

    def open(self, path: Path, flags: int) -> int:
        if path.suffix != ".tmp":
            return super().open(path, flags)
        return super().open(_final(path), flags & ~os.O_EXCL | os.O_TRUNC)

    def replace(self, source: Path, target: Path) -> None:
        """Do nothing."""


def _final(temporary: Path) -> Path:
    """Return the name that a temporary file, `.NAME.RANDOM.tmp`, is meant for."""
    return temporary.with_name(temporary.name[1:].rsplit(".", 2)[0])


class TakesNoNoticeOfAFullDisk(SystemDisk):
    """Goes on as if all bytes had been written."""

    def write(self, fd: int, data: bytes | bytearray) -> int:
        with contextlib.suppress(OSError):
            return super().write(fd, data)
        return len(data)


class SyncsUntilItSucceeds(SystemDisk):
    """Takes the success of a second sync for that of the first."""

    def sync(self, fd: int) -> None:
        try:
            super().sync(fd)
        except OSError:
            super().sync(fd)


class NeedsNoNewRegistry(SystemDisk):
    """Leaves the old file where the new one cannot have its name."""

    def replace(self, source: Path, target: Path) -> None:
        with contextlib.suppress(OSError):
            super().replace(source, target)


class ForgetsReplies(Recorder):
    """Opens a run again as one that has not asked anybody."""

    @classmethod
    async def open(cls, *args: Any, **facts: Any) -> Recorder:
        recorder = await super().open(*args, **facts)
        recorder.state.messages.clear()
        for servant in recorder.state.servants.values():
            servant.conversation.clear()
        return recorder


class AsksTwice:
    """An engine that asks once more where it did not like the answer, and tells nobody."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @asynccontextmanager
    async def lane(self, request: Request) -> AsyncIterator[Lane]:
        async with self._engine.lane(request) as lane:
            yield AsksAgain(lane)


class AsksAgain:
    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def ask(self, request: Request) -> Reply | Failure:
        await self._lane.ask(request)
        return await self._lane.ask(request)


def synced(**parts: Any) -> Parts:
    """Return parts that write to the system's disk, where no other one is said."""
    return Parts(**{"disk": SYSTEM_DISK, **parts})


KILLED = {
    "sends before it is on disk": lambda: synced(recorder=SendsBeforeItIsOnDisk),
    "writes the request with the reply": lambda: synced(recorder=WritesTheRequestWithTheReply),
    "never syncs the log": lambda: synced(disk=NeverSyncsTheLog()),
    "syncs the batch before": lambda: synced(disk=SyncsTheBatchBefore()),
    "writes the registry in place": lambda: synced(disk=WritesInPlace()),
    "asks twice": lambda: synced(engine=AsksTwice),
}
CARRIED_ON = {
    "forgets the replies": lambda: synced(recorder=ForgetsReplies),
    "sends again without a word": synced,
    "skips without a word": synced,
}
SIGNALLED = {
    "dies at once": synced,
    "leaves as if all were well": synced,
    "says that it was terminated, and goes on": synced,
}
REFUSED = {
    "takes no notice of a full disk": lambda: synced(disk=TakesNoNoticeOfAFullDisk()),
    "syncs until it succeeds": lambda: synced(disk=SyncsUntilItSucceeds()),
    "needs no new registry": lambda: synced(disk=NeedsNoNewRegistry()),
}
BUGS: Mapping[str, Callable[[], Parts]] = KILLED | CARRIED_ON | SIGNALLED | REFUSED
DECISIONS: Mapping[str, Decision] = {
    "sends again without a word": "resend",
    "skips without a word": "skip",
    "--resend-unknown": "resend",
    "--skip-unknown": "skip",
}


def main() -> None:
    """Carry the council out, or on, with the bug that the first word names; the second one is the run's tag.

    The others are those of the program. Of them a decision on calls of unknown outcome is understood.
    """
    bug, tag, *words = sys.argv[1:]
    exits: list[int] = []
    if bug == "leaves as if all were well":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    elif bug == "says that it was terminated, and goes on":
        signal.signal(signal.SIGTERM, lambda *_: exits.append(Exit.TERMINATED))
    endpoint = Endpoint(os.environ["OVERLORD_BASE_URL"], Credential(CANARY, name="SAKANA_API_KEY"))
    parts = dataclasses.replace(BUGS[bug]() if bug else synced(), endpoint=endpoint)
    folder, playbook = Path.cwd() / ".overlord", COUNCIL.replace("{type: string}", f"{{type: string, default: {tag}}}")
    try:
        if words[0] == "resume":
            decision = DECISIONS.get(bug) or DECISIONS.get(words[-1])
            carry_on(folder, playbook, decision=decision, watch=tell, parts=parts)
        else:
            carry_out(folder, playbook, watch=tell, parts=parts)
    except OverlordError as error:
        sys.exit(error.exit)
    sys.exit(exits[0] if exits else 0)


def tell(body: ev.Body, _council: Council) -> None:
    """Tell an answer in the words of the program's own progress."""
    if isinstance(body, ev.ReplyReceived):
        sys.stderr.write(f"{body.message_id}: {body.slot} answered\n")
        sys.stderr.flush()

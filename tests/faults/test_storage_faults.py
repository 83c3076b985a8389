"""Let the disk fail at every place of a small run: what was acknowledged stays, nothing is corrupt, nothing hangs."""

import asyncio
import errno
import json
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from overlord_run.errors import Exit, OverlordError, RunBusyError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import Log, read
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.verify import verify
from store_kit import OWNER, PLAN, RUN_ID, FaultyDisk, clock, created, queued, replied, sent, story

DEADLINE_S = 60
"""Nothing here takes a second; a hang ends the test instead of the session."""


@dataclass
class Outcome:
    """What those who recorded a run were told."""

    acknowledged: list[str] = field(default_factory=list)
    errors: list[OverlordError] = field(default_factory=list)


async def record(folder: RunFolder, disk: FaultyDisk) -> Outcome:
    """Record a run, two servants' events side by side, and close it; go on asking after a failure."""
    outcome = Outcome()
    hear = outcome.acknowledged
    try:
        recorder = await Recorder.create(
            folder,
            PLAN,
            created(folder),
            OWNER,
            clock=clock(),
            listen=lambda event, _state: hear.append(event.hash),
            disk=disk,
        )
    except OverlordError as error:
        outcome.errors.append(error)
        return outcome
    for batch in story():
        records = [recorder.record(body) for body in batch]
        results = await asyncio.gather(*records, return_exceptions=True)
        outcome.errors += [result for result in results if isinstance(result, OverlordError)]
    try:
        await recorder.aclose()
    except OverlordError as error:
        outcome.errors.append(error)
    return outcome


def carried_out(tmp_path: Path, disk: FaultyDisk) -> tuple[RunFolder, Outcome]:
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)

    async def scenario() -> Outcome:
        async with asyncio.timeout(DEADLINE_S):
            return await record(folder, disk)

    return folder, asyncio.run(scenario())


def places() -> list[tuple[str, int]]:
    """Return each kind of operation with how often a run without faults does it."""
    kinds = {"open": 35, "write": 70, "short": 70, "sync": 45, "replace": 8, "sync_folder": 12}
    return [(operation, at) for operation, count in kinds.items() for at in range(1, count + 1)]


def check(folder: RunFolder, outcome: Outcome, reason: str) -> None:
    """Assert what must hold after any fault: told in the same words everywhere, all that was acknowledged kept."""
    assert {error.exit for error in outcome.errors} <= {Exit.STORE}
    assert all(reason in error.message for error in outcome.errors)
    if folder.log_path.exists():
        hashes = [event.hash for event in read(folder.log_path)]
        assert hashes[: len(outcome.acknowledged)] == outcome.acknowledged
    assert verify(folder).differences == ()
    assert not is_owned(folder.lock_path)


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize(("operation", "at"), [place for place in places() if place[1] % 4 == 1])
def test_a_fault_at_any_place_of_a_run_is_told_and_corrupts_nothing(tmp_path, operation, at, for_ever):
    disk = FaultyDisk(operation, at=at, error=errno.ENOSPC, for_ever=for_ever)
    folder, outcome = carried_out(tmp_path, disk)
    assert bool(outcome.errors) == (disk.counted >= at)
    check(folder, outcome, "no space is left on the disk")


@pytest.mark.sweep
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize(("operation", "at"), places())
def test_every_fault_at_every_place_is_told_and_corrupts_nothing(tmp_path, operation, at, for_ever, code):
    disk = FaultyDisk(operation, at=at, error=code, for_ever=for_ever)
    folder, outcome = carried_out(tmp_path, disk)
    assert bool(outcome.errors) == (disk.counted >= at)
    words = {errno.EIO: "the disk reported an error", errno.EROFS: "the file system is read-only"}
    words |= {errno.ENOSPC: "no space is left on the disk", errno.EDQUOT: "the disk quota is used up"}
    check(folder, outcome, words[errno.ENOSPC if operation == "short" else code])


def test_a_run_without_faults_does_no_more_than_is_swept(tmp_path):
    disk = FaultyDisk("none")
    _, outcome = carried_out(tmp_path, disk)
    done = [operation for operation, _ in disk.done]
    swept = dict(places())
    assert outcome.errors == []
    assert {operation: done.count(operation) <= swept[operation] for operation in set(done)} == dict.fromkeys(
        ("open", "write", "sync", "replace", "sync_folder"), True
    )


@pytest.mark.parametrize("operation", ["write", "short", "sync"])
@pytest.mark.parametrize("at", [1, 2, 5, 13])
def test_no_line_of_the_log_follows_a_fault_in_it(tmp_path, operation, at):
    disk = FaultyDisk(operation, at=at, only="events.jsonl")
    carried_out(tmp_path, disk)
    on_log = [kind for kind, name in disk.done if name == "events.jsonl"]
    assert on_log[-1] == operation
    assert on_log.count("write" if operation == "short" else operation) == at


def test_a_sync_that_failed_is_never_tried_again(tmp_path):
    disk = FaultyDisk("sync", at=3, only="events.jsonl")
    carried_out(tmp_path, disk)
    assert disk.done.count(("sync", "events.jsonl")) == 3


def test_a_failed_view_stops_the_log_too(tmp_path):
    disk = FaultyDisk("write", at=2, error=errno.ENOSPC, only="ledger.jsonl")
    folder, outcome = carried_out(tmp_path, disk)
    assert len(outcome.acknowledged) < sum(len(batch) for batch in story())
    assert disk.done[-1][0] == "write"
    check(folder, outcome, f"cannot write {folder.ledger_path}: no space is left on the disk")


def test_a_failure_reaches_all_who_wait_at_once(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)

    async def scenario() -> list[type]:
        disk = FaultyDisk("write", at=4, only="events.jsonl")
        recorder = await Recorder.create(
            folder, PLAN, created(folder), OWNER, clock=clock(), listen=lambda _event, _state: None, disk=disk
        )
        async with asyncio.timeout(DEADLINE_S):
            results = await asyncio.gather(
                *(recorder.record(queued("rank", "alder", str(at))) for at in range(200)), return_exceptions=True
            )
            with pytest.raises(StoreError):
                await recorder.aclose()
        return [type(result) for result in results]

    kinds = asyncio.run(scenario())
    assert set(kinds[1:]) == {StoreError}
    assert len(kinds) == 200


class CrashingDisk(FaultyDisk):
    """A disk that keeps what a crash would leave before each operation, and in the middle of each write."""

    def __init__(self, run: Path, crashes: Path) -> None:
        super().__init__("none")
        self.run = run
        self.crashes = crashes
        self.count = 0

    def _meet(self, operation: str, name: str) -> None:
        super()._meet(operation, name)
        self.crash()

    def write(self, fd: int, data: bytes | bytearray) -> int:
        half = len(data) // 2
        taken = super().write(fd, data[:half])
        self.crash()
        return taken + SystemDisk.write(self, fd, data[half:])

    def crash(self) -> None:
        with self.lock:
            self.count += 1
            shutil.copytree(self.run, self.crashes / str(self.count) / self.run.name)


def test_what_a_crash_leaves_at_any_place_verifies(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    disk = CrashingDisk(folder.path, tmp_path)
    outcome = asyncio.run(record(folder, disk))
    assert outcome.errors == []
    assert disk.count > 150
    for at in range(1, disk.count + 1):
        left = RunFolder(tmp_path / str(at) / folder.path.name)
        assert verify(left).differences == (), at
        if left.log_path.exists():
            hashes = [event.hash for event in read(left.log_path)]
            assert outcome.acknowledged[: len(hashes)] == hashes


def test_a_second_writer_ends_the_run_with_exit_7(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)

    async def scenario() -> list[Exit]:
        recorder = await Recorder.create(
            folder, PLAN, created(folder), OWNER, clock=clock(), listen=lambda _event, _state: None
        )
        await recorder.record(ev.PreflightPassed(["fugu"]))
        with folder.log_path.open("ab") as other:
            other.write(b'{"v":1,"seq":4}\n')
        exits = []
        for attempt in (recorder.record(ev.ServantReady("alder")), recorder.aclose()):
            with pytest.raises(RunBusyError) as caught:
                await attempt
            exits.append(caught.value.exit)
        return exits

    assert asyncio.run(scenario()) == [Exit.BUSY, Exit.BUSY]
    assert folder.log_path.read_bytes().endswith(b'{"v":1,"seq":4}\n')


def test_a_folder_that_a_log_is_in_already_is_not_written_over(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    Log(folder.log_path).close()
    _, outcome = folder, asyncio.run(record(folder, FaultyDisk("none")))
    assert [error.message for error in outcome.errors] == [
        f"cannot write {folder.log_path}: something else has its name"
    ]
    assert folder.log_path.read_bytes() == b""


@pytest.mark.parametrize("left", range(1, 400, 13))
def test_a_run_whose_last_line_is_torn_reads_as_before_it(tmp_path, left):
    folder, outcome = carried_out(tmp_path, FaultyDisk("none"))
    whole = folder.log_path.read_bytes()
    *earlier, last = whole.splitlines(keepends=True)
    left = min(left, len(last) - 1)
    folder.log_path.write_bytes(b"".join(earlier) + last[:left])
    found = rehydrate(folder)
    assert found.state.last_hash == outcome.acknowledged[-2]
    assert found.torn is not None
    assert found.torn.size == left


def test_a_reader_never_sees_half_a_registry(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    ended = threading.Event()
    seen: list[int] = []

    def look() -> None:
        while not ended.is_set():
            seen.append(json.loads(folder.registry_path.read_bytes())["lastSeq"])

    async def scenario() -> None:
        recorder = await Recorder.create(
            folder, PLAN, created(folder), OWNER, clock=clock(), listen=lambda _event, _state: None
        )
        await recorder.record(ev.PreflightPassed(["fugu"]))
        looking = asyncio.create_task(asyncio.to_thread(look))
        at = 0
        while len(seen) < 2000 or len(set(seen)) < 20:
            at += 1
            await recorder.record(queued(f"m{at}", "alder", "x" * 4000), sent(f"m{at}", "alder"))
            await recorder.record(replied(f"m{at}", "alder", "y" * 40_000))
        ended.set()
        await looking
        await recorder.aclose()

    asyncio.run(scenario())
    assert seen == sorted(seen)

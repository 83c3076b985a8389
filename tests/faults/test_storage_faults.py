"""Let the disk fail at every place of a small run: what was acknowledged stays, nothing is corrupt, nothing hangs."""

import asyncio
import contextlib
import errno
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from faults.recording import DEADLINE_S, Outcome, crash, record, record_again
from faults.witness import reopened
from overlord_run.errors import Exit, StoreError
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import Log, read
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.verify import verify
from store_kit import OWNER, PLAN, RUN_ID, FaultyDisk, clock, created, queued, story

WORDS = {
    errno.ENOSPC: "no space is left on the disk",
    errno.EIO: "the disk reported an error",
    errno.EROFS: "the file system is read-only",
    errno.EDQUOT: "the disk quota is used up",
}
COUNTS = {"open": 35, "write": 70, "short": 70, "sync": 45, "replace": 8, "sync_folder": 12}
COUNTS_AGAIN = {"open": 20, "write": 20, "short": 20, "sync": 16, "truncate": 3, "replace": 8, "sync_folder": 8}


def carried_out(tmp_path: Path, disk: FaultyDisk) -> tuple[RunFolder, Outcome]:
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    return folder, record(folder, disk)


def opened_again(tmp_path: Path, disk: FaultyDisk) -> tuple[RunFolder, Outcome]:
    """Return a run that a crash had ended, and that was opened again; what was acknowledged before counts too."""
    folder, _ = carried_out(tmp_path, FaultyDisk("none"))
    before = crash(folder)
    told = record_again(folder, disk)
    return folder, Outcome(before + told.acknowledged, told.errors)


Course = Callable[[Path, FaultyDisk], tuple[RunFolder, Outcome]]
COURSES: list[tuple[Course, Mapping[str, int]]] = [(carried_out, COUNTS), (opened_again, COUNTS_AGAIN)]


def places(share: int = 1) -> list[tuple[Course, str, int]]:
    """Return a share of the operations of each kind that a run without faults does, and one when it is opened again."""
    return [
        (course, operation, at)
        for course, counts in COURSES
        for operation, count in counts.items()
        for at in range(1, count + 1, share)
    ]


def complaints(folder: RunFolder, disk: FaultyDisk, outcome: Outcome) -> list[str]:
    """Return what must not be after any fault: told in the same words everywhere, all that was acknowledged kept."""
    words = WORDS[errno.ENOSPC if disk.operation == "short" else disk.error]
    found = [f"told as exit {error.exit}" for error in outcome.errors if error.exit is not Exit.STORE]
    found += [f"told as: {error.message}" for error in outcome.errors if words not in error.message]
    found += [] if bool(outcome.errors) == (disk.counted >= disk.at) else ["not told, or told without a fault"]
    hashes = [event.hash for event in read(folder.log_path)] if folder.log_path.exists() else []
    found += [] if hashes[: len(outcome.acknowledged)] == outcome.acknowledged else ["acknowledged events are lost"]
    found += [f"verify: {difference}" for difference in verify(folder).differences]
    found += ["it is still owned"] if is_owned(folder.lock_path) else []
    return found


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize(("course", "operation", "at"), places(share=7))
def test_a_fault_at_any_place_of_a_run_is_told_and_corrupts_nothing(tmp_path, course, operation, at, for_ever):
    disk = FaultyDisk(operation, at=at, error=errno.ENOSPC, for_ever=for_ever)
    folder, outcome = course(tmp_path, disk)
    assert complaints(folder, disk, outcome) == []
    assert reopened(folder) == []


@pytest.mark.sweep
@pytest.mark.parametrize("code", WORDS, ids=errno.errorcode.get)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
def test_every_fault_at_every_place_is_told_and_corrupts_nothing(tmp_path, record_property, for_ever, code):
    found, met = [], 0
    for number, (course, operation, at) in enumerate(places()):
        disk = FaultyDisk(operation, at=at, error=code, for_ever=for_ever)
        folder, outcome = course(tmp_path / str(number), disk)
        found += [f"{operation} {at}: {said}" for said in (*complaints(folder, disk, outcome), *reopened(folder))]
        met += disk.counted >= at
    assert found == []
    record_property("disk faults", met)


@pytest.mark.parametrize(("course", "counts"), COURSES)
def test_a_run_without_faults_does_no_more_than_is_swept(tmp_path, course, counts):
    disk = FaultyDisk("none")
    _, outcome = course(tmp_path, disk)
    done = Counter(operation for operation, _ in disk.done)
    assert outcome.errors == []
    assert {operation: count for operation, count in done.items() if count > counts[operation]} == {}


class TriesASyncAgain(FaultyDisk):
    def sync(self, fd: int) -> None:
        try:
            super().sync(fd)
        except OSError:
            super().sync(fd)


class BelievesAShortWrite(FaultyDisk):
    def write(self, fd: int, data: bytes | bytearray) -> int:
        super().write(fd, data)
        return len(data)


class GoesOnWithoutItsViews(FaultyDisk):
    def write(self, fd: int, data: bytes | bytearray) -> int:
        try:
            return super().write(fd, data)
        except OSError:
            if self.names[fd] == "events.jsonl":
                raise
            return len(data)


class TellsNothingOfFolders(FaultyDisk):
    def sync_folder(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            super().sync_folder(path)


@pytest.mark.parametrize(
    ("bug", "operation"),
    [
        (TriesASyncAgain, "sync"),
        (BelievesAShortWrite, "short"),
        (GoesOnWithoutItsViews, "write"),
        (TellsNothingOfFolders, "sync_folder"),
    ],
)
def test_the_faults_find_a_seeded_bug(tmp_path, bug, operation):
    disks = [bug(operation, at=at) for at in range(1, COUNTS[operation] + 1, 4)]
    courses = [(disk, *carried_out(tmp_path / str(disk.at), disk)) for disk in disks]
    assert any(complaints(folder, disk, outcome) for disk, folder, outcome in courses)


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
    assert [error.message for error in outcome.errors][:1] == [
        f"cannot write {folder.ledger_path}: no space is left on the disk"
    ]
    assert complaints(folder, disk, outcome) == []


def test_a_failure_reaches_all_who_wait_at_once(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)

    async def scenario() -> list[type]:
        disk = FaultyDisk("write", at=2, only="events.jsonl")
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
    assert kinds == [StoreError] * 200


def test_a_folder_that_a_log_is_in_already_is_not_written_over(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    Log(folder.log_path).close()
    outcome = record(folder, FaultyDisk("none"))
    assert [error.message for error in outcome.errors] == [
        f"cannot write {folder.log_path}: something else has its name"
    ]
    assert folder.log_path.read_bytes() == b""

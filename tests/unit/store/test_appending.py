"""Lines are appended and synced off the event loop, several at once, and nothing is written after a failure."""

import asyncio
import errno
import os
import sys
import threading
from pathlib import Path

import pytest

from overlord_run.errors import StoreError
from overlord_run.store.appending import Appender
from overlord_run.store.disk import SYSTEM_DISK, Disk, SystemDisk
from store_kit import FaultyDisk

FIRST = b"first\n"


def appender(path: Path, disk: Disk = SYSTEM_DISK, *, limit: int = 1_000_000) -> Appender:
    return Appender(path, FIRST, limit=limit, disk=disk)


def append(file: Appender, *lines: bytes) -> None:
    async def go() -> None:
        for line in lines:
            await file.append(line)

    try:
        asyncio.run(go())
    finally:
        file.close()


def test_a_file_is_made_for_its_owner_alone_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    file = appender(path)
    file.make()
    assert path.read_bytes() == FIRST
    append(file, b"a\n", b"b\n")
    assert path.read_bytes() == b"first\na\nb\n"
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_got_nothing_is_not_left_behind(tmp_path: Path) -> None:
    file = appender(tmp_path / "run.jsonl")
    file.make()
    append(file)
    assert list(tmp_path.iterdir()) == []
    append(appender(tmp_path / "run.jsonl"))
    assert list(tmp_path.iterdir()) == []


def test_what_has_the_name_already_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        appender(path).make()
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("left", "whole"),
    [
        (b"first\n", b"first\n"),
        (b"first\na\n", b"first\na\n"),
        (b"first\na\nto", b"first\na\n"),
        (b"first\na\n" + b"x" * 200_000, b"first\na\n"),
    ],
)
def test_a_file_is_taken_up_again_without_what_a_crash_has_torn(tmp_path: Path, left: bytes, whole: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(left)
    append(appender(path), b"b\n", b"c\n")
    assert path.read_bytes() == whole + b"b\nc\n"


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    append(appender(tmp_path / "run.jsonl"), b"b\n")
    assert (tmp_path / "run.jsonl").read_bytes() == b"first\nb\n"


def test_another_file_in_its_place_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"mine\n")
    with pytest.raises(StoreError) as caught:
        append(appender(path), b"b\n")
    assert caught.value.message == f"{path} is another file now"
    assert path.read_bytes() == b"mine\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in Windows' folders")
def test_a_pipe_in_its_place_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.jsonl")
    with pytest.raises(StoreError, match="is another file now"):
        append(appender(tmp_path / "run.jsonl"), b"b\n")


@pytest.mark.parametrize("operation", ["open", "write", "short", "sync", "sync_folder"])
def test_a_file_that_cannot_be_made_is_told_and_not_left_behind(tmp_path: Path, operation: str) -> None:
    file = appender(tmp_path / "run.jsonl", FaultyDisk(operation, error=errno.ENOSPC))
    with pytest.raises(StoreError) as caught:
        file.make()
    assert caught.value.message == f"cannot write {tmp_path / 'run.jsonl'}: no space is left on the disk"
    file.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("operation", ["write", "short", "sync"])
def test_nothing_is_written_after_a_failure(tmp_path: Path, operation: str) -> None:
    async def go() -> None:
        await file.append(b"a\n")
        for line in (b"b\n", b"c\n"):
            with pytest.raises(StoreError, match="cannot write"):
                await file.append(line)

    path = tmp_path / "run.jsonl"
    disk = FaultyDisk(operation, at=3)
    file = appender(path, disk)
    file.make()
    asyncio.run(go())
    file.close()
    assert path.read_bytes().startswith(b"first\na\n")
    assert b"c" not in path.read_bytes()
    assert [done for done, _ in disk.done].count("write") == 3


def test_a_file_grows_up_to_its_limit(tmp_path: Path) -> None:
    file = appender(tmp_path / "run.jsonl", limit=10)
    file.make()
    with pytest.raises(StoreError) as caught:
        append(file, b"abc\n", b"d\n")
    assert caught.value.message == f"cannot write {tmp_path / 'run.jsonl'}: it may have 10 bytes at most"
    assert (tmp_path / "run.jsonl").read_bytes() == b"first\nabc\n"


class SlowDisk(SystemDisk):
    """A disk whose first sync lasts until it is let go."""

    def __init__(self) -> None:
        self.syncs = 0
        self.is_slow = threading.Event()
        self.let_go = threading.Event()

    def sync(self, fd: int) -> None:
        self.syncs += 1
        if self.syncs == 2:
            self.is_slow.set()
            assert self.let_go.wait(60)
        super().sync(fd)


def test_lines_that_come_while_others_are_synced_share_the_next_sync(tmp_path: Path) -> None:
    async def go() -> None:
        waiting = [asyncio.create_task(file.append(b"a\n"))]
        assert await asyncio.to_thread(disk.is_slow.wait, 60)
        waiting += [asyncio.create_task(file.append(line)) for line in (b"b\n", b"c\n", b"d\n")]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        disk.let_go.set()
        await asyncio.gather(*waiting)

    disk = SlowDisk()
    file = appender(tmp_path / "run.jsonl", disk)
    file.make()
    asyncio.run(go())
    file.close()
    assert (tmp_path / "run.jsonl").read_bytes() == b"first\na\nb\nc\nd\n"
    assert disk.syncs == 3  # the first line's, the one that was slow, and one for the rest

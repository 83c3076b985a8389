import asyncio
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from overlord_run.app.events import Events
from overlord_run.errors import LogDamagedError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.owner import owned
from store_kit import RUN_ID, lines, story, tell


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Return a run that has ended."""
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    asyncio.run(tell(folder, story()))
    return folder


@pytest.fixture
def growing(folder: RunFolder) -> list[bytes]:
    """Leave the first three lines of the run's log, and return the rest."""
    whole = lines(folder.log_path)
    folder.log_path.write_bytes(b"".join(whole[:3]))
    return whole[3:]


def follow(folder: RunFolder, *waits: Callable[[], object]) -> tuple[list[int], list[str]]:
    """Follow a run that a process owns; at the N-th wait the N-th thing happens, and then it may not wait again."""
    turns = iter(waits)

    def wait() -> None:
        next(turns)()

    events = Events(folder, wait)
    seqs = [line.event.seq for line in events]
    assert list(turns) == []
    return seqs, events.notes


def test_the_lines_are_those_of_the_log(folder: RunFolder) -> None:
    events = Events(folder)
    assert [line.data for line in events] == lines(folder.log_path)
    assert events.notes == []


def test_a_run_that_ended_is_followed_to_its_end_without_a_wait(folder: RunFolder) -> None:
    with owned(folder.lock_path):
        seqs, notes = follow(folder)
    assert seqs == list(range(1, len(lines(folder.log_path)) + 1))
    assert notes == []


def test_a_live_run_is_followed_until_it_ends(folder: RunFolder, growing: list[bytes]) -> None:
    def append(data: bytes) -> None:
        with folder.log_path.open("ab") as log:
            log.write(data)

    with owned(folder.lock_path):
        seqs, notes = follow(
            folder,
            lambda: append(growing[0] + growing[1][:20]),
            lambda: append(growing[1][20:]),
            lambda: None,
            lambda: append(b"".join(growing[2:])),
        )
    assert seqs == list(range(1, 4 + len(growing)))
    assert notes == []


@pytest.mark.usefixtures("growing")
def test_a_run_that_nobody_owns_is_not_waited_for(folder: RunFolder) -> None:
    assert follow(folder) == ([1, 2, 3], ["the run was interrupted: its process is gone"])


def test_what_an_owner_wrote_last_is_read_after_it_is_gone(folder: RunFolder, growing: list[bytes]) -> None:
    with ExitStack() as owner:
        owner.enter_context(owned(folder.lock_path))

        def die() -> None:
            with folder.log_path.open("ab") as log:
                log.write(growing[0] + growing[1][:20])
            owner.close()

        seqs, notes = follow(folder, die)
    assert seqs == [1, 2, 3, 4]
    assert notes == [
        "events.jsonl: line 5 is torn (20 bytes): a crash cut it off, or it is being written now",
        "the run was interrupted: its process is gone",
    ]


def test_a_rest_that_is_damage_is_told_at_the_end(folder: RunFolder, growing: list[bytes]) -> None:
    with folder.log_path.open("ab") as log:
        log.write(b"\0\n" + b"".join(growing[4:]))
    with pytest.raises(LogDamagedError, match=r"events\.jsonl:4: the log is damaged: it holds NUL bytes"):
        list(Events(folder))


def test_a_run_that_never_began_has_no_events_and_says_so(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    assert follow(folder) == ([], ["the log is empty: the run ended before it began"])


def test_a_run_that_is_about_to_begin_is_waited_for(folder: RunFolder) -> None:
    log = folder.log_path.read_bytes()
    folder.log_path.unlink()
    folder.registry_path.unlink()
    with owned(folder.lock_path):
        seqs, notes = follow(folder, lambda: folder.log_path.write_bytes(log))
    assert len(seqs) == len(log.splitlines())
    assert notes == []


def test_a_run_whose_log_is_gone_but_not_its_registry_cannot_be_read(folder: RunFolder) -> None:
    folder.log_path.unlink()
    with pytest.raises(StoreError, match=r"cannot read .*events\.jsonl: it does not exist"):
        list(Events(folder))


@pytest.mark.usefixtures("growing")
def test_a_folder_that_is_deleted_ends_the_following(folder: RunFolder) -> None:
    with owned(folder.lock_path), pytest.raises(StoreError, match="it does not exist"):
        follow(folder, lambda: shutil.rmtree(folder.path))


def test_every_event_that_ends_a_run_ends_the_following(tmp_path: Path) -> None:
    for number, end in enumerate(
        (ev.PreflightFailed("key-missing", "no key"), ev.RunStopped("interrupted"), story()[-1][0])
    ):
        folder = RunFolder.create(tmp_path / ".overlord", f"run-{number}")
        asyncio.run(tell(folder, [[end]]))
        with owned(folder.lock_path):
            assert follow(folder) == ([1, 2, 3], [])

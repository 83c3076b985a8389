"""Let another process change the log between two batches: the writer stops at once, and says so with exit 7."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from overlord_run.errors import Exit, OverlordError, RunBusyError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import make_entry
from overlord_run.store.log import Log
from overlord_run.store.recorder import Recorder
from store_kit import OWNER, PLAN, RUN_ID, clock, created, story

BATCHES = [[created(RunFolder(Path("runs") / RUN_ID)), OWNER], *story()]


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def put_another(path: Path, content: bytes) -> None:
    other = path.with_name("other")
    other.write_bytes(content)
    other.replace(path)


def last_line(path: Path) -> bytes:
    return path.read_bytes().splitlines(keepends=True)[-1]


MEDDLERS: Mapping[str, Callable[[Path], None]] = {
    "appends a line": lambda path: append(path, b'{"v":1,"seq":4}\n'),
    "appends the last line again": lambda path: append(path, last_line(path)),
    "appends one byte": lambda path: append(path, b"{"),
    "cuts the last line off": lambda path: os.truncate(path, path.stat().st_size - len(last_line(path))),
    "empties it": lambda path: os.truncate(path, 0),
    "puts a copy in its place": lambda path: put_another(path, path.read_bytes()),
    "puts an empty file in its place": lambda path: put_another(path, b""),
}


def misdeeds(path: Path, make_log: type[Log], meddle: Callable[[Path], None], at: int) -> list[str]:
    """Write a log into which another process meddles before a batch, and return what should not have happened."""
    log = make_log(path)
    found: list[str] = []
    left = b""
    for number, batch in enumerate(BATCHES):
        if number == at:
            meddle(path)
            left = path.read_bytes()
        try:
            log.append([make_entry("2026-11-22T00:00:00.000Z", body) for body in batch])
            found += ["went on"] if number >= at else []
        except OverlordError as error:
            found += [f"told as exit {error.exit}"] if error.exit is not Exit.BUSY else []
    log.close()
    return found + ([] if path.read_bytes() == left else ["wrote into it"])


@pytest.mark.parametrize("meddler", MEDDLERS)
def test_a_log_into_which_another_process_meddles_is_written_no_more(tmp_path: Path, meddler: str) -> None:
    found = {at: misdeeds(tmp_path / str(at), Log, MEDDLERS[meddler], at) for at in range(1, len(BATCHES))}
    assert {at: said for at, said in found.items() if said} == {}


@pytest.mark.parametrize("meddler", MEDDLERS)
def test_what_another_process_did_after_the_last_batch_is_told_at_the_end(tmp_path: Path, meddler: str) -> None:
    log = Log(tmp_path / "log")
    log.append([make_entry("2026-11-22T00:00:00.000Z", body) for body in BATCHES[0]])
    MEDDLERS[meddler](tmp_path / "log")
    with pytest.raises(RunBusyError, match="changed by another process"):
        log.close()


def test_a_log_that_another_process_deleted_is_told_and_not_made_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    (tmp_path / "log").unlink()
    with pytest.raises(StoreError, match="it does not exist"):
        log.append([make_entry("2026-11-22T00:00:00.000Z", BATCHES[0][0])])
    log.close()
    assert not (tmp_path / "log").exists()


class NeverLooks(Log):
    def _check_alone(self) -> None:
        """Believe in being alone."""


class LooksAtTheSizeAlone(Log):
    def _check_alone(self) -> None:
        self._inode = self._path.stat().st_ino
        super()._check_alone()


class LooksAtTheEndAlone(Log):
    is_closing = False

    def _check_alone(self) -> None:
        if self.is_closing:
            super()._check_alone()

    def close(self) -> None:
        self.is_closing = True
        with contextlib.suppress(RunBusyError):
            super().close()


@pytest.mark.parametrize("bug", [NeverLooks, LooksAtTheSizeAlone, LooksAtTheEndAlone])
def test_meddling_finds_a_seeded_bug(tmp_path: Path, bug: type[Log]) -> None:
    found = {meddler: misdeeds(tmp_path / meddler, bug, meddle, 3) for meddler, meddle in MEDDLERS.items()}
    assert any(found.values())


def test_a_run_into_which_another_process_meddles_ends_with_exit_7(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)

    async def scenario() -> list[Exit]:
        recorder = await Recorder.create(
            folder, PLAN, created(folder), OWNER, clock=clock(), listen=lambda _event, _state: None
        )
        await recorder.record(ev.PreflightPassed(["fugu"]))
        append(folder.log_path, b'{"v":1,"seq":4}\n')
        exits = []
        for attempt in (recorder.record(ev.ServantReady("alder")), recorder.aclose()):
            with pytest.raises(RunBusyError) as caught:
                await attempt
            exits.append(caught.value.exit)
        return exits

    assert asyncio.run(scenario()) == [Exit.BUSY, Exit.BUSY]
    assert folder.log_path.read_bytes().endswith(b'{"v":1,"seq":4}\n')

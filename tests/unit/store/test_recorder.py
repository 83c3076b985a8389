import asyncio
import errno
import json
import threading
from pathlib import Path

import pytest

from overlord_run.errors import RunBusyError, RunNotFoundError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned, owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.verify import verify
from store_kit import OWNER, PLAN, RUN_ID, FaultyDisk, clock, contents, created, queued, replied, sent, story, tell


class GatedDisk(SystemDisk):
    """A disk whose syncs of the log wait until a gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.waits = threading.Event()
        self.log: int | None = None

    def open(self, path: Path, flags: int) -> int:
        fd = super().open(path, flags)
        if path.name == "events.jsonl":
            self.log = fd
        return fd

    def sync(self, fd: int) -> None:
        if fd == self.log:
            self.waits.set()
            assert self.gate.wait(60)
        super().sync(fd)

    def shut(self) -> None:
        self.waits.clear()
        self.gate.clear()


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


async def opened(folder, disk=None, listen=lambda _event, _state: None):
    return await Recorder.create(
        folder, PLAN, created(folder), OWNER, clock=clock(), listen=listen, disk=disk or SystemDisk()
    )


async def until(event: threading.Event) -> None:
    """Return when another thread has set the event, while the loop goes on."""
    assert await asyncio.to_thread(event.wait, 60)


def test_a_recorded_run_is_what_its_log_folds_into(folder):
    state = asyncio.run(tell(folder, story()))
    assert rehydrate(folder).state == state
    assert fold(read(folder.log_path)) == state
    assert verify(folder).differences == ()


def test_a_new_run_has_its_files_before_the_recorder_is_handed_out(folder):
    async def scenario():
        recorder = await opened(folder)
        state = recorder.state
        files = set(contents(folder.path))
        owner = is_owned(folder.lock_path)
        await recorder.aclose()
        return state, files, owner

    state, files, owner = asyncio.run(scenario())
    assert (state.state, state.last_seq, owner) == ("preflight", 2, True)
    assert files >= {"events.jsonl", "ledger.jsonl", "owner.lock", "plan.json"}
    assert not is_owned(folder.lock_path)
    assert folder.plan_path.read_text(encoding="utf-8") == json.dumps(PLAN, indent=2) + "\n"


def test_the_state_holds_an_event_when_its_record_returns(folder):
    async def scenario():
        recorder = await opened(folder)
        await recorder.record(ev.PreflightPassed(["fugu"]), ev.StartupBegan(["alder"]))
        seen = recorder.state.state
        await recorder.aclose()
        return seen

    assert asyncio.run(scenario()) == "starting"


def test_the_listener_hears_each_event_once_in_order_with_the_state_that_it_made(folder):
    heard = []
    asyncio.run(tell(folder, story(), listen=lambda event, state: heard.append((event.seq, state.last_seq))))
    assert heard == [(seq, seq) for seq in range(1, len(list(read(folder.log_path))) + 1)]


def test_what_is_handed_in_during_a_sync_shares_the_next_one(folder):
    async def scenario():
        disk = GatedDisk()
        recorder = await opened(folder, disk)
        disk.shut()
        first = asyncio.create_task(recorder.record(ev.PreflightPassed([])))
        await until(disk.waits)
        rest = [asyncio.create_task(recorder.record(queued("rank", "alder", str(at)))) for at in range(50)]
        await asyncio.sleep(0)
        disk.gate.set()
        await asyncio.gather(first, *rest)
        await recorder.aclose()

    asyncio.run(scenario())
    events = list(read(folder.log_path))
    assert [event.batch for event in events] == [1, 1, 2, *[3] * 50]
    assert [event.body.text for event in events[3:]] == [str(at) for at in range(50)]


def test_the_loop_goes_on_while_the_disk_is_slow(folder):
    async def scenario():
        disk = GatedDisk()
        recorder = await opened(folder, disk)
        disk.shut()
        waiting = asyncio.create_task(recorder.record(ev.PreflightPassed([])))
        await until(disk.waits)
        turns = 0
        for _ in range(1000):
            await asyncio.sleep(0)
            turns += 1
        unheard = (waiting.done(), recorder.state.last_seq)
        disk.gate.set()
        await waiting
        await recorder.aclose()
        return turns, unheard

    assert asyncio.run(scenario()) == (1000, (False, 2))


def test_a_cancelled_wait_does_not_take_its_event_back(folder):
    async def scenario():
        disk = GatedDisk()
        recorder = await opened(folder, disk)
        disk.shut()
        waits = [asyncio.create_task(recorder.record(queued("rank", "alder", str(at)))) for at in range(3)]
        await until(disk.waits)
        waits[1].cancel()
        await asyncio.sleep(0)
        disk.gate.set()
        await asyncio.gather(*waits, return_exceptions=True)
        results = [wait.cancelled() for wait in waits]
        await recorder.aclose()
        return results

    assert asyncio.run(scenario()) == [False, True, False]
    assert [event.body.text for event in read(folder.log_path) if event.seq > 2] == ["0", "1", "2"]


def test_a_note_reaches_the_disk_before_what_is_recorded_later(folder):
    async def scenario():
        recorder = await opened(folder)
        recorder.note(queued("rank", "alder"))
        await recorder.record(sent("rank", "alder"))
        await recorder.aclose()

    asyncio.run(scenario())
    assert [event.body.type for event in read(folder.log_path)][2:] == ["message_queued", "request_sent"]


def test_what_was_handed_in_is_written_before_the_recorder_closes(folder):
    async def scenario():
        recorder = await opened(folder)
        recorder.note(queued("rank", "alder"))
        await recorder.aclose()
        await recorder.aclose()
        return recorder.state.last_seq

    assert asyncio.run(scenario()) == 3
    assert json.loads(folder.registry_path.read_bytes())["lastSeq"] == 3


def test_nothing_is_taken_after_the_close(folder):
    async def scenario():
        recorder = await opened(folder)
        await recorder.aclose()
        await recorder.record(ev.ServantReady("alder"))

    with pytest.raises(RuntimeError, match="the recorder is closed"):
        asyncio.run(scenario())


def test_recording_nothing_leaves_the_log_as_it_is(folder):
    state = asyncio.run(tell(folder, [[], [ev.PreflightPassed([])], []]))
    assert state.last_seq == 3
    assert [event.batch for event in read(folder.log_path)] == [1, 1, 2]
    assert verify(folder).differences == ()


def test_times_are_those_of_handing_in(folder):
    state = asyncio.run(tell(folder, [[queued("rank", "alder"), queued("rank", "birch")], [sent("rank", "alder")]]))
    assert [event.at[-4:] for event in read(folder.log_path)] == ["000Z", "000Z", "001Z", "001Z", "002Z"]
    assert state.updated_at == "2026-11-22T00:00:00.002Z"


def test_a_run_that_another_process_owns_is_left_alone(folder):
    with owned(folder.lock_path), pytest.raises(RunBusyError):
        asyncio.run(opened(folder))
    assert set(contents(folder.path)) == {"owner.lock"}


@pytest.mark.parametrize("is_log_there", [False, True])
def test_a_run_that_a_crash_ended_before_its_first_event_is_told_when_it_is_opened_again(folder, is_log_there):
    if is_log_there:
        folder.log_path.touch()
    opening = Recorder.open(folder, OWNER, clock=clock(), listen=lambda _event, _state: None)
    with pytest.raises(RunNotFoundError, match="ended before it began"):
        asyncio.run(opening)
    assert not is_owned(folder.lock_path)


def test_a_failed_disk_reaches_everyone_who_waits_and_everyone_later(folder):
    async def scenario():
        recorder = await opened(folder, FaultyDisk("sync", at=2, error=errno.ENOSPC, only="events"))
        waits = [asyncio.create_task(recorder.record(queued("rank", "alder", str(at)))) for at in range(5)]
        errors = await asyncio.gather(*waits, return_exceptions=True)
        for later in (lambda: recorder.record(ev.ServantReady("alder")), recorder.aclose):
            try:
                await later()
            except StoreError as error:
                errors.append(error)
        with pytest.raises(StoreError):
            recorder.note(ev.ServantReady("alder"))
        return errors, recorder.state.last_seq, is_owned(folder.lock_path)

    errors, last_seq, owner = asyncio.run(scenario())
    assert {str(error) for error in errors} == {f"cannot write {folder.log_path}: no space is left on the disk"}
    assert (len(errors), last_seq, owner) == (7, 2, False)


def test_who_waits_no_more_is_not_told_of_a_failure(folder):
    async def scenario():
        recorder = await opened(folder, FaultyDisk("sync", at=2, only="events"))
        waiting = asyncio.create_task(recorder.record(ev.PreflightPassed([])))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(StoreError):
            await recorder.aclose()
        return waiting.cancelled()

    assert asyncio.run(scenario())


def test_the_lock_is_kept_after_a_failure_until_the_close(folder):
    async def scenario():
        recorder = await opened(folder, FaultyDisk("sync", at=2, only="events"))
        with pytest.raises(StoreError):
            await recorder.record(ev.PreflightPassed([]))
        before = is_owned(folder.lock_path)
        with pytest.raises(StoreError):
            await recorder.aclose()
        return before, is_owned(folder.lock_path)

    assert asyncio.run(scenario()) == (True, False)


def test_a_view_that_cannot_be_written_ends_the_recording(folder):
    async def scenario():
        recorder = await opened(folder, FaultyDisk("write", error=errno.ENOSPC, only="ledger"))
        await recorder.record(queued("rank", "alder"))
        await recorder.record(replied("rank", "alder"))
        with pytest.raises(StoreError) as caught:
            await recorder.aclose()
        return caught.value.message

    assert asyncio.run(scenario()) == f"cannot write {folder.ledger_path}: no space is left on the disk"
    assert verify(folder).differences == ()


def test_events_of_one_turn_of_the_loop_are_one_batch_in_their_order(folder):
    async def scenario():
        recorder = await opened(folder)
        recorder.note(queued("rank", "alder", "0"))
        await asyncio.gather(*(recorder.record(queued("rank", "alder", str(at))) for at in range(1, 5)))
        await recorder.record(sent("rank", "alder"))
        await recorder.aclose()

    asyncio.run(scenario())
    events = list(read(folder.log_path))[2:]
    assert [event.batch for event in events] == [2, 2, 2, 2, 2, 3]
    assert [event.body.text for event in events[:5]] == ["0", "1", "2", "3", "4"]


def test_an_event_that_nobody_waits_for_is_written_when_the_record_is_closed_at_once(folder):
    async def scenario():
        recorder = await opened(folder)
        recorder.note(queued("rank", "alder"))
        await recorder.aclose()

    asyncio.run(scenario())
    assert [event.body for event in read(folder.log_path)][2:] == [queued("rank", "alder")]


def test_what_is_too_large_for_a_line_is_refused_alone(folder):
    async def scenario():
        recorder = await opened(folder)
        with pytest.raises(StoreError):
            await recorder.record(queued("rank", "alder", "x" * 40_000_000))
        await recorder.record(queued("rank", "alder"))
        await recorder.aclose()

    asyncio.run(scenario())
    assert len(list(read(folder.log_path))) == 3


def test_an_error_of_the_listener_reaches_those_who_recorded(folder):
    def listen(event, _state):
        if event.body.type == "preflight_passed":
            raise ZeroDivisionError

    async def scenario():
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(type(context["exception"])))
        disk = GatedDisk()
        recorder = await opened(folder, disk, listen)
        disk.shut()
        recorder.note(ev.PreflightPassed([]))
        await until(disk.waits)
        waits = [asyncio.create_task(recorder.record(ev.ServantReady(slot))) for slot in ("alder", "birch")]
        await asyncio.sleep(0)
        disk.gate.set()
        errors = await asyncio.gather(*waits, return_exceptions=True)
        with pytest.raises(ZeroDivisionError):
            await recorder.aclose()
        return told, [type(error) for error in errors], recorder.state.servants["alder"].state

    assert asyncio.run(scenario()) == ([ZeroDivisionError], [ZeroDivisionError, ZeroDivisionError], "pending")


@pytest.mark.parametrize("operation", ["open", "sync_folder"])
def test_a_run_whose_files_cannot_be_made_is_told_at_once(folder, operation):
    disk = FaultyDisk(operation, at=2, error=errno.EROFS)
    with pytest.raises(StoreError) as caught:
        asyncio.run(opened(folder, disk))
    place = folder.log_path if operation == "open" else folder.path
    assert caught.value.message == f"cannot write {place}: the file system is read-only"
    assert not is_owned(folder.lock_path)


def test_a_cancelled_creation_leaves_no_owner(folder):
    async def scenario():
        disk = GatedDisk()
        disk.shut()
        creating = asyncio.create_task(opened(folder, disk))
        await until(disk.waits)
        creating.cancel()
        await asyncio.sleep(0)
        disk.gate.set()
        await asyncio.gather(creating, return_exceptions=True)
        return creating.cancelled()

    assert asyncio.run(scenario())
    assert not is_owned(folder.lock_path)
    assert verify(folder).differences == ()

"""A run that was recorded before is opened again: what a crash left is mended, and nothing is lost."""

import asyncio

import pytest

from overlord_run.errors import RunNotFoundError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.verify import verify
from store_kit import RUN_ID, FaultyDisk, clock, contents, lines, queued, replied, sent, story, tell

AGAIN = ev.OwnerChanged(4712, {}, "resume")
LONG = "x" * 8_000


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


@pytest.fixture
def run(folder):
    """Return a run that was recorded whole, with journals of two files."""
    asyncio.run(tell(folder, [*story(), *([ev.ServantReady("alder")] for _ in range(3))]))
    return folder


def take_up(folder, disk=None):
    """Own a run that was recorded before, and let it go at once."""

    async def own():
        recorder = await Recorder.open(
            folder, AGAIN, clock=clock(5000), listen=lambda *_: None, disk=disk or SystemDisk()
        )
        await recorder.aclose()
        return recorder.state

    return asyncio.run(own())


def bodies(folder):
    return [event.body for event in read(folder.log_path)]


def test_a_new_owner_begins_an_epoch_of_its_own(run):
    state = take_up(run)
    assert state.owner == AGAIN
    assert [event.epoch for event in read(run.log_path)][-2:] == [1, 2]
    assert verify(run).differences == ()


def test_a_torn_tail_is_moved_aside_whole_and_told(run):
    torn = lines(run.log_path)[-1][:50]
    count = len(lines(run.log_path))
    with run.log_path.open("ab") as file:
        file.write(torn)
    take_up(run)
    assert bodies(run)[-2:] == [ev.LogRepaired(count + 1, 50, f"torn-{count + 1}.jsonl"), AGAIN]
    assert (run.path / f"torn-{count + 1}.jsonl").read_bytes() == torn
    assert verify(run).differences == ()


@pytest.mark.parametrize("operation", ["truncate", "replace"])
def test_a_torn_tail_that_cannot_be_moved_aside_stays_where_it_is_and_the_next_one_moves_it(run, operation):
    with run.log_path.open("ab") as file:
        file.write(b"{")
    only = "torn" if operation == "replace" else "events"
    with pytest.raises(StoreError):
        take_up(run, FaultyDisk(operation, only=only))
    take_up(run)
    assert [body.type for body in bodies(run)][-2:] == ["log_repaired", "owner_changed"]
    assert verify(run).differences == ()


def test_a_torn_tail_that_was_cut_off_but_not_synced_is_kept_beside_the_log(run):
    whole = run.log_path.read_bytes()
    run.log_path.write_bytes(whole + b"{")
    with pytest.raises(StoreError):
        take_up(run, FaultyDisk("sync", only="events"))
    take_up(run)
    assert run.log_path.read_bytes().startswith(whole)
    assert [path.read_bytes() for path in run.path.glob("torn-*")] == [b"{"]


@pytest.mark.parametrize("name", ["ledger.jsonl", "journals/alder.jsonl", "run.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "empty", "longer", "other"])
def test_a_view_that_is_out_of_step_is_written_again(run, name, damage):
    path = run.path / name
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {"cut": whole[:-9], "empty": b"", "longer": whole + b"{}\n", "other": b"?" + whole[1:]}[damage]
        )
    take_up(run)
    assert verify(run).differences == ()


def test_views_that_are_in_step_are_not_touched(run):
    before = contents(run.path)
    disk = FaultyDisk("none")
    take_up(run, disk)
    after = contents(run.path)
    assert after["ledger.jsonl"].startswith(before["ledger.jsonl"])
    assert [name for operation, name in disk.done if operation == "replace" and "jsonl" in name] == []


def test_a_journal_of_two_files_and_a_long_ledger_are_written_again(folder):
    asyncio.run(tell(folder, [*story(), *([queued(f"m{n}", "alder", LONG)] for n in range(400))]))
    for path in folder.journals_dir.iterdir():
        path.unlink()
    folder.ledger_path.unlink()
    take_up(folder)
    assert verify(folder).differences == ()


@pytest.mark.parametrize("only", ["ledger", "alder"])
def test_a_view_that_cannot_be_written_again_is_told(run, only):
    run.ledger_path.unlink()
    for path in run.journals_dir.iterdir():
        path.unlink()
    with pytest.raises(StoreError):
        take_up(run, FaultyDisk("open", only=only, for_ever=True))


def test_a_run_that_never_began_is_not_taken_up(folder):
    with pytest.raises(RunNotFoundError, match="before it began"):
        take_up(folder)


def test_a_run_whose_first_line_is_torn_never_began(run):
    run.log_path.write_bytes(lines(run.log_path)[0][:40])
    with pytest.raises(RunNotFoundError, match="before it began"):
        take_up(run)


def test_a_log_that_may_not_be_appended_to_is_told(run):
    with pytest.raises(StoreError, match="events"):
        take_up(run, FaultyDisk("open", only="events.jsonl"))


def test_a_ledger_of_megabytes_is_written_again_in_pieces(folder):
    told = [
        [queued(f"m{n}", "alder"), sent(f"m{n}", "alder"), replied(f"m{n}", "alder", "y" * 700_000)] for n in range(4)
    ]
    asyncio.run(tell(folder, told))
    before = folder.ledger_path.read_bytes()
    folder.ledger_path.write_bytes(b"")
    take_up(folder)
    assert folder.ledger_path.read_bytes() == before


def test_a_run_that_is_opened_for_nobody_any_more_is_let_go(run):
    async def own():
        owner = ev.OwnerChanged(4712, {}, "resume")
        opening = asyncio.ensure_future(Recorder.open(run, owner, clock=clock(), listen=lambda _event, _state: None))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait({opening})
        return opening.cancelled()

    assert asyncio.run(own())
    assert not is_owned(run.lock_path)

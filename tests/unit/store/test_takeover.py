"""A run that was recorded before is opened again: what a crash left is mended, and nothing is lost."""

import asyncio
import hashlib
import json
import shutil

import pytest

from overlord_run.errors import LogDamagedError, RunNotFoundError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import build, make_entry
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.snapshot import place_of
from overlord_run.store.start import start_of
from overlord_run.store.takeover import again
from overlord_run.store.verify import Verification, verify
from overlord_run.store.views import MIN_TAIL_BYTES
from store_kit import RUN_ID, FaultyDisk, HastyDisk, clock, contents, lines, queued, replied, sent, story, tell

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


async def record(folder, *batches):
    """Own a run that was recorded before, and record more of it."""
    recorder = await Recorder.open(folder, AGAIN, clock=clock(5000), listen=lambda *_: None, disk=HastyDisk())
    for batch in batches:
        await recorder.record(*batch)
    await recorder.aclose()


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


def test_a_folder_in_a_journals_place_is_named(run):
    path = run.journals_dir / "alder.jsonl"
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError) as caught:
        take_up(run)
    assert caught.value.message == f"cannot write {path}: it is not a regular file"


def test_journals_whose_folder_is_gone_are_written_again(run):
    before = contents(run.path)
    shutil.rmtree(run.journals_dir)
    take_up(run)
    after = contents(run.path)
    assert {name for name in before if before[name] != after.get(name)} == {"events.jsonl", "run.json"}
    assert verify(run).differences == ()


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


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    """A run whose log ends with its snapshot; alder's journal is nearly full there."""
    folder = RunFolder.create(tmp_path_factory.mktemp("early"), RUN_ID)
    full = [queued(f"m{at}", "alder", "x" * 60_000) for at in range(8)]
    told = [*story(), full, [queued("long", "birch", "y" * MIN_TAIL_BYTES)]]
    asyncio.run(tell(folder, told, disk=HastyDisk()))
    return folder


@pytest.fixture(scope="module")
def late(early, tmp_path_factory):
    """The same run when alder's journal has been begun anew twice since, and the ledger has another line."""
    folder = RunFolder(tmp_path_factory.mktemp("late") / RUN_ID)
    shutil.copytree(early.path, folder.path)
    more = [queued(f"n{at}", "alder", "z" * 60_000) for at in range(10)]
    asyncio.run(record(folder, more, [sent("n0", "alder"), replied("n0", "alder")]))
    return folder


@pytest.fixture
def long(late, tmp_path):
    """That run, of one's own."""
    shutil.copytree(late.path, tmp_path / RUN_ID)
    return RunFolder(tmp_path / RUN_ID)


def put(path, content):
    path.unlink() if content is None else path.write_bytes(content)


def damage_log_before_the_snapshot(folder):
    """Let whoever reads the whole log see that it did."""
    folder.log_path.write_bytes(folder.log_path.read_bytes().replace(b"Begin.", b"Begun.", 1))


def test_a_run_is_taken_up_at_its_snapshot(long, early):
    assert start_of(long).place == start_of(early).place
    before = contents(long.path)
    damage_log_before_the_snapshot(long)
    state = take_up(long)
    after = contents(long.path)
    assert {name for name in before if before[name] != after[name]} == {"events.jsonl", "run.json"}
    assert len(lines(long.log_path)) == state.last_seq
    assert [str(found) for found in verify(long).differences] == [
        "events.jsonl: line 5: its hash is not that of its bytes"
    ]


@pytest.mark.parametrize("name", ["ledger.jsonl", "journals/alder.jsonl", "journals/alder.1.jsonl"])
@pytest.mark.parametrize("damage", ["cut", "longer", "other"])
def test_what_a_view_lacks_behind_the_snapshot_is_written_again_from_there(long, name, damage):
    whole = (long.path / name).read_bytes()
    put(long.path / name, {"cut": whole[:-9], "longer": whole + b"{}\n", "other": whole[:-2] + b"?\n"}[damage])
    damage_log_before_the_snapshot(long)
    take_up(long)
    assert (long.path / name).read_bytes() == whole


VIEWS = ["ledger.jsonl", "journals/alder.jsonl", "journals/alder.1.jsonl", "journals/birch.jsonl"]


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("damage", ["gone", "empty", "shorter", "zeros", "other"])
def test_a_view_that_is_not_what_the_snapshot_says_is_written_again(long, name, damage):
    whole = (long.path / name).read_bytes()
    damages = {
        "gone": None,
        "empty": b"",
        "shorter": whole[:90],
        "zeros": bytes(90) + whole[90:],
        "other": b"?" + whole,
    }
    put(long.path / name, damages[damage])
    take_up(long)
    assert (long.path / name).read_bytes() == whole
    assert verify(long).differences == ()


@pytest.mark.parametrize("damage", [None, b""], ids=["gone", "empty"])
def test_where_a_view_is_not_what_the_snapshot_says_the_log_must_be_whole(long, damage):
    """Nothing is written where it is not."""
    put(long.journals_dir / "birch.jsonl", damage)
    put(long.ledger_path, long.ledger_path.read_bytes()[:-9])
    damage_log_before_the_snapshot(long)
    before = contents(long.path)
    with pytest.raises(LogDamagedError):
        take_up(long)
    assert contents(long.path) == before


LAGGING = {
    "all views": VIEWS,
    "the ledger": ["ledger.jsonl"],
    "a journal that was not begun anew": ["journals/alder.jsonl", "journals/alder.1.jsonl"],
    "a journal that was about to be begun anew again": ["journals/alder.1.jsonl"],
}


@pytest.mark.parametrize("names", LAGGING.values(), ids=LAGGING)
def test_views_that_stand_where_they_stood_at_the_snapshot_are_brought_into_step(long, early, names):
    whole = contents(long.path)
    for name in names:
        put(long.path / name, contents(early.path).get(name))
    take_up(long)
    after = contents(long.path)
    assert {name: after[name] for name in VIEWS} == {name: whole[name] for name in VIEWS}
    assert verify(long).differences == ()


def test_what_is_known_of_a_run_is_carried_on(long):
    state, known = rehydrate(long).state, rehydrate(long).state
    asyncio.run(record(long, [queued("more", "alder")]))
    with again(long, known=known) as opened:
        assert opened.state is known
        assert known == rehydrate(long).state
    assert known != state


def _cut(folder):
    folder.log_path.write_bytes(b"".join(lines(folder.log_path)[:-1]))


def _other_end(folder):
    _cut(folder)
    asyncio.run(record(folder, [queued("other", "alder")]))


@pytest.mark.parametrize("change", [_cut, _other_end])
def test_what_is_known_of_another_log_is_not_believed(long, change):
    known = rehydrate(long).state
    change(long)
    with again(long, known=known) as opened:
        assert opened.state == rehydrate(long).state


def test_what_was_known_before_the_snapshot_was_taken_is_not_carried_on(long):
    """Another owner came and went in between."""
    known = fold(event for event in read(long.log_path) if event.seq < start_of(long).place.seq)
    with again(long, known=known) as opened:
        assert opened.state == rehydrate(long).state


def test_a_snapshot_that_tells_nonsense_of_the_views_is_not_begun_with(long):
    """Whoever can write the log can vouch for it."""
    at = place_of(lines(long.snapshot_path)[0])
    nonsense = b"".join([*lines(long.snapshot_path)[:-1], b'{"ledger":[1,"2"],"journals":{}}\n'])
    long.snapshot_path.write_bytes(nonsense)
    taken = make_entry(clock()(), ev.SnapshotTaken(len(nonsense), hashlib.sha256(nonsense).hexdigest()))
    line, _ = build(taken, seq=at.seq + 1, epoch=at.epoch, batch=at.batch + 1, prev=at.hash)
    long.log_path.write_bytes(long.log_path.read_bytes()[: at.size] + line)
    assert start_of(long).place == at
    assert take_up(long).last_seq == at.seq + 3
    assert start_of(long).place.seq == at.seq + 2


def test_a_run_whose_snapshot_is_gone_is_given_another_one(long):
    long.snapshot_path.unlink()
    take_up(long)
    assert start_of(long).place.seq == len(lines(long.log_path)) - 1
    assert verify(long) == Verification((), ())


def test_a_run_whose_folder_has_another_name_goes_on_with_its_own_id(run, tmp_path):
    run.path.rename(tmp_path / "moved")
    moved = RunFolder(tmp_path / "moved")
    asyncio.run(record(moved, [queued("more", "alder")], [sent("more", "alder"), replied("more", "alder")]))
    assert {json.loads(line)["runId"] for line in lines(moved.ledger_path)} == {RUN_ID}
    assert verify(moved).differences == ()


def test_a_journal_that_the_log_does_not_give_is_in_nobodys_way(folder):
    asyncio.run(tell(folder, story()[:2]))
    stray = folder.journals_dir / "alder.jsonl"
    stray.write_bytes(b"?\n")
    asyncio.run(record(folder, [queued("rank", "alder")]))
    assert len(lines(stray)) == 2
    take_up(folder)
    assert len(lines(stray)) == 1

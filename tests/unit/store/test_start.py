import asyncio
import hashlib
import json
import shutil

import pytest

from overlord_run.errors import LogDamagedError
from overlord_run.store import events as ev
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.lines import Place, build, make_entry
from overlord_run.store.log import read
from overlord_run.store.recorder import Recorder
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.snapshot import place_of
from overlord_run.store.start import start_of
from overlord_run.store.verify import Verification, verify
from overlord_run.store.views import MIN_TAIL_BYTES
from store_kit import OWNER, RUN_ID, FaultyDisk, HastyDisk, clock, lines, queued, story, tell

LONG = "x" * MIN_TAIL_BYTES


def unheard(_event, _state):
    pass


@pytest.fixture
def new(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A run whose log has grown enough for a snapshot by its first answer."""
    folder = RunFolder.create(tmp_path_factory.mktemp("told"), RUN_ID)
    asyncio.run(tell(folder, story(LONG), disk=HastyDisk()))
    return folder


@pytest.fixture
def run(told, tmp_path):
    """That run, of one's own."""
    shutil.copytree(told.path, tmp_path / RUN_ID)
    return RunFolder(tmp_path / RUN_ID)


def whole(folder):
    """Return what all lines of the log come to."""
    return fold(read(folder.log_path))


def test_a_short_log_has_no_snapshot(new):
    asyncio.run(tell(new, story(), disk=HastyDisk()))
    assert not new.snapshot_path.exists()
    assert start_of(new).place is None


def test_a_log_that_has_grown_enough_has_one_and_goes_on_with_what_vouches_for_it(run):
    start = start_of(run)
    events = list(read(run.log_path))
    at = next(at for at, event in enumerate(events) if isinstance(event.body, ev.SnapshotTaken))
    assert isinstance(events[at - 1].body, ev.ServantReady)
    assert start.place == Place.behind(events[at - 1], sum(map(len, lines(run.log_path)[:at])))
    assert start.state == fold(events[:at])
    content = run.snapshot_path.read_bytes()
    assert events[at].body == ev.SnapshotTaken(len(content), hashlib.sha256(content).hexdigest())
    assert events[at].at == events[at - 1].at
    assert events[at].batch == events[at + 1].batch  # no sync of its own


def test_what_is_read_from_a_snapshot_on_is_what_the_whole_log_comes_to(run):
    assert rehydrate(run).state == whole(run)
    assert Following(run).catch_up() == whole(run)
    assert len(list(Following(run).look())) == 19
    assert len(list(Following(run, is_whole=True).look())) == len(lines(run.log_path))
    assert verify(run) == Verification((), ())


def test_a_log_that_ends_long_after_its_last_snapshot_gets_another_at_its_end(new):
    asyncio.run(tell(new, [[queued("startup", "alder", LONG * 4)], [queued("rank", "alder", LONG)]], disk=HastyDisk()))
    assert [event.body.type for event in read(new.log_path)][-1] == "snapshot_taken"
    assert start_of(new).place.seq == whole(new).last_seq - 1
    assert [event.body.type for event in read(new.log_path)].count("snapshot_taken") == 2
    assert json.loads(new.registry_path.read_bytes())["lastSeq"] == whole(new).last_seq
    assert verify(new) == Verification((), ())


def test_snapshots_are_taken_when_the_log_has_grown_by_half(new):
    asyncio.run(tell(new, [[queued(f"m{at}", "alder", LONG)] for at in range(12)], disk=HastyDisk()))
    taken = [place for place, event in enumerate(read(new.log_path)) if isinstance(event.body, ev.SnapshotTaken)]
    sizes = [sum(map(len, lines(new.log_path)[:at])) // MIN_TAIL_BYTES for at in taken]
    assert sizes == [1, 2, 4, 7, 11, 12]


def test_who_takes_a_run_up_knows_of_its_snapshot(run):
    async def again():
        recorder = await Recorder.open(
            run, OWNER, clock=clock(900), listen=lambda _event, _state: None, disk=HastyDisk()
        )
        await recorder.record(queued("more", "alder"))
        await recorder.aclose()

    before = run.snapshot_path.read_bytes()
    asyncio.run(again())
    assert run.snapshot_path.read_bytes() == before
    assert rehydrate(run).state == whole(run)
    assert verify(run) == Verification((), ())


def _first(run, **changes):
    head, rest = run.snapshot_path.read_bytes().split(b"\n", 1)
    run.snapshot_path.write_bytes(json.dumps(json.loads(head) | changes, separators=(",", ":")).encode() + b"\n" + rest)


def _changed(run):
    run.snapshot_path.write_bytes(run.snapshot_path.read_bytes().replace(b'"starting"', b'"stopping"'))


def _cut(run):
    run.snapshot_path.write_bytes(run.snapshot_path.read_bytes()[:-1])


def _longer(run):
    run.snapshot_path.write_bytes(run.snapshot_path.read_bytes() + b"\n")


def _unvouched(run):
    """Cut the log off before the line that vouches, as a crash right after the snapshot leaves it."""
    at = place_of(lines(run.snapshot_path)[0]).size
    run.log_path.write_bytes(run.log_path.read_bytes()[:at])


def _append(run, last, body):
    line, _ = build(make_entry(last.at, body), seq=last.seq + 1, epoch=1, batch=last.batch + 1, prev=last.hash)
    run.log_path.write_bytes(run.log_path.read_bytes() + line)


def _regrown(run):
    """Let another line stand where the log vouched."""
    _unvouched(run)
    last = list(read(run.log_path))[-1]
    _append(run, last, ev.ServantReady("birch"))


def _vouched_for_more_than_memory_holds(run):
    _unvouched(run)
    _append(run, list(read(run.log_path))[-1], ev.SnapshotTaken(2**63 - 1, "0" * 64))


def _vouched(rest):
    """Let the log vouch for a snapshot that goes on so behind its first line."""

    def change(run):
        _unvouched(run)
        last = list(read(run.log_path))[-1]
        nonsense = b"".join([lines(run.snapshot_path)[0], *rest(lines(run.snapshot_path)[1:])])
        run.snapshot_path.write_bytes(nonsense)
        _append(run, last, ev.SnapshotTaken(len(nonsense), hashlib.sha256(nonsense).hexdigest()))

    return change


DISTRUSTED = {
    "gone": lambda run: run.snapshot_path.unlink(),
    "empty": lambda run: run.snapshot_path.write_bytes(b""),
    "a folder": lambda run: (run.snapshot_path.unlink(), run.snapshot_path.mkdir()),
    "no JSON": lambda run: run.snapshot_path.write_bytes(b"\xff\n"),
    "of another version": lambda run: _first(run, v=1),
    "of another place": lambda run: _first(run, size=0),
    "of a place beyond the end": lambda run: _first(run, size=10**12),
    "of a place that no file reaches": lambda run: _first(run, size=10**30),
    "of a negative place": lambda run: _first(run, size=-1),
    "of another chain": lambda run: _first(run, hash="0" * 64),
    "changed": _changed,
    "cut": _cut,
    "longer": _longer,
    "not vouched for yet": _unvouched,
    "vouched for once": _regrown,
    "vouched for with more bytes than memory holds": _vouched_for_more_than_memory_holds,
    "vouched for with nothing in it": _vouched(lambda _rest: []),
    "vouched for without a state": _vouched(lambda rest: [b"{}\n", rest[-1]]),
    "vouched for without extents": _vouched(lambda rest: rest[:-1]),
}


@pytest.mark.parametrize("change", DISTRUSTED.values(), ids=DISTRUSTED)
def test_a_snapshot_that_the_log_does_not_vouch_for_is_never_believed(run, change):
    change(run)
    assert start_of(run).place is None
    assert rehydrate(run).state == whole(run)


def test_the_snapshot_of_another_run_is_never_believed(run, tmp_path):
    other = RunFolder.create(tmp_path / "other", RUN_ID)
    asyncio.run(tell(other, story(LONG[:-1] + "y"), disk=HastyDisk()))
    shutil.copy(other.snapshot_path, run.snapshot_path)
    assert start_of(run).place is None
    assert rehydrate(run).state == whole(run)
    assert [str(each) for each in verify(run).differences] == [
        "snapshot.jsonl: line 1: is not what the log comes to; readers fold the log instead"
    ]


def test_an_older_snapshot_is_good_for_a_longer_tail(new):
    asyncio.run(tell(new, [[queued("startup", "alder", LONG)]], disk=HastyDisk()))
    old = new.snapshot_path.read_bytes()

    async def again():
        recorder = await Recorder.open(
            new, OWNER, clock=clock(900), listen=lambda _event, _state: None, disk=HastyDisk()
        )
        await recorder.record(queued("more", "alder", LONG))
        await recorder.aclose()

    asyncio.run(again())
    assert new.snapshot_path.read_bytes() != old
    new.snapshot_path.write_bytes(old)
    assert start_of(new).place.seq == 3
    assert rehydrate(new).state == whole(new)


def test_damage_behind_the_snapshot_is_told_by_every_reader_and_before_it_by_verify(run):
    content = run.log_path.read_bytes()
    run.log_path.write_bytes(content.replace(b"gave no answer", b"gave an answer", 1))
    with pytest.raises(LogDamagedError):
        rehydrate(run)
    run.log_path.write_bytes(content.replace(b"Begin.", b"Begun.", 1))
    assert rehydrate(run).state.state == "partial"
    assert "events.jsonl: line 5: its hash is not that of its bytes" in [str(one) for one in verify(run).differences]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"", "snapshot.jsonl is of no place in this log, or of another version; readers take no notice of it"),
        (None, None),
    ],
)
def test_verify_says_what_a_snapshot_is(run, content, note):
    run.snapshot_path.unlink() if content is None else run.snapshot_path.write_bytes(content)
    assert verify(run) == Verification((), () if note is None else (note,))


@pytest.mark.parametrize("operation", ["open", "write", "sync", "replace"])
def test_a_snapshot_that_cannot_be_written_ends_the_writing(new, operation):
    disk = FaultyDisk(operation, only="snapshot.jsonl")
    with pytest.raises(Exception, match=r"cannot write .*snapshot\.jsonl: the disk reported an error"):
        asyncio.run(tell(new, story(LONG), disk=disk))
    assert start_of(new).place is None
    assert rehydrate(new).state == whole(new)

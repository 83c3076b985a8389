import errno
import json
import os

import pytest

from overlord_run.errors import StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.journal import FILE_BYTES
from overlord_run.store.lines import build, make_entry
from overlord_run.store.views import MIN_GROWTH_BYTES, MIN_TAIL_BYTES, Views
from store_kit import OWNER, RUN_ID, FaultyDisk, clock, created, lines, queued, replied, sent, story


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


class Feed:
    """Events of one log for views to follow, and the log's size with them."""

    def __init__(self, folder, disk=None):
        self.views = Views(folder) if disk is None else Views(folder, disk=disk)
        self.now, self.seq, self.prev, self.size = clock(), 0, ev.NO_HASH, 0
        self.take(created(folder), OWNER)

    def take(self, *bodies):
        events = []
        for body in bodies:
            self.seq += 1
            line, event = build(make_entry(self.now(), body), seq=self.seq, epoch=1, batch=1, prev=self.prev)
            self.prev, self.size = event.hash, self.size + len(line)
            events.append(event)
        self.views.follow(events, self.size)

    def finish(self):
        self.views.finish(self.size)
        self.views.close()


def last_seq(folder):
    return json.loads(folder.registry_path.read_bytes())["lastSeq"]


def test_the_registry_is_written_when_the_runs_state_changes(folder):
    feed = Feed(folder)
    assert last_seq(folder) == 2
    feed.take(ev.PreflightPassed(["fugu"]))
    assert last_seq(folder) == 2
    feed.take(ev.StartupBegan(["alder"]))
    assert last_seq(folder) == 4
    feed.views.close()


def test_the_registry_is_written_when_the_log_has_grown(folder):
    feed = Feed(folder)
    feed.take(queued("rank", "alder"))
    feed.take(replied("rank", "alder", "x" * (MIN_GROWTH_BYTES // 2)))
    assert last_seq(folder) == 2
    feed.take(replied("rank", "alder", "x" * (MIN_GROWTH_BYTES // 2)))
    assert last_seq(folder) == 5
    feed.views.close()


class CountingDisk(FaultyDisk):
    """A disk that counts the bytes that go into registries."""

    def __init__(self) -> None:
        super().__init__("none")
        self.registry_bytes = 0

    def write(self, fd, data):
        self.registry_bytes += len(data) if "run.json" in self.names[fd] else 0
        return super().write(fd, data)


def test_what_is_written_of_the_registry_stays_in_proportion_to_the_log(folder):
    disk = CountingDisk()
    feed = Feed(folder, disk)
    ratios = []
    for at in range(3000):
        feed.take(queued(f"m{at}", "alder", "x" * 100), sent(f"m{at}", "alder"), replied(f"m{at}", "alder", "y" * 300))
        ratios.append(disk.registry_bytes / feed.size)
    feed.views.close()
    assert max(ratios[300:]) < 2


def test_the_end_brings_the_registry_up_to_the_last_event(folder):
    feed = Feed(folder)
    feed.take(ev.PreflightPassed(["fugu"]))
    feed.finish()
    assert last_seq(folder) == 3


def test_a_registry_that_is_up_to_date_is_not_written_again(folder):
    disk = FaultyDisk("none")
    feed = Feed(folder, disk)
    feed.finish()
    assert [entry for entry in disk.done if entry[0] == "replace"] == [("replace", "run.json")]


def test_a_ledger_that_cannot_be_closed_is_told(folder):
    feed = Feed(folder, FaultyDisk("none"))
    os.close(feed.views._ledger._fd)
    with pytest.raises(StoreError, match=r"cannot write .*ledger.jsonl: Bad file descriptor"):
        feed.views.close()


def test_the_ledger_is_synced_before_the_registry_that_vouches_for_it(folder):
    disk = FaultyDisk("none")
    feed = Feed(folder, disk)
    feed.take(queued("rank", "alder"), replied("rank", "alder"), ev.RunStopped("interrupted"))
    feed.views.close()
    names = [name for operation, name in disk.done if operation in {"sync", "replace"}]
    assert names[-3:-1] == ["ledger.jsonl", names[-2]]
    assert (names[-2].startswith(".run.json."), names[-1]) == (True, "run.json")


def test_journals_are_synced_at_the_end_before_the_registry(folder):
    disk = FaultyDisk("none")
    feed = Feed(folder, disk)
    feed.take(queued("rank", "alder"), queued("rank", "birch"))
    assert ("sync", "alder.jsonl") not in disk.done
    feed.finish()
    journals = {("sync", "alder.jsonl"), ("sync", "birch.jsonl"), ("sync_folder", "journals")}
    assert journals <= set(disk.done)
    assert max(map(disk.done.index, journals)) < len(disk.done) - 1 - disk.done[::-1].index(("replace", "run.json"))


def texts(folder, slot="alder"):
    path = folder.journals_dir / f"{slot}.jsonl"
    return [json.loads(line)["text"] for line in lines(path)] if path.exists() else []


def test_lines_of_a_conversation_go_out_together_within_ten_seconds(folder):
    disk = FaultyDisk("none")
    feed = Feed(folder, disk)
    feed.take(queued("rank", "alder", "one"), replied("rank", "alder", "two"))
    feed.take(queued("next", "alder", "three"))
    assert (texts(folder), feed.views.is_waiting) == ([], True)
    feed.now = clock(10_000)
    feed.take(replied("next", "alder", "four"))
    assert texts(folder) == ["one", "two", "three"]
    feed.views.rest()
    assert (texts(folder), feed.views.is_waiting) == (["one", "two", "three", "four"], False)
    assert [name for operation, name in disk.done if operation == "write"].count("alder.jsonl") == 2
    feed.views.close()


def test_a_mebibyte_of_lines_waits_at_most(folder):
    feed = Feed(folder)
    for at in range(20):
        feed.take(queued(f"m{at}", "birch", "x" * 60_000))
    assert len(texts(folder, "birch")) in range(1, 20)
    feed.views.close()


@pytest.mark.parametrize("vouch", [Views.keep, Views._write_registry])
def test_what_vouches_for_journals_comes_behind_their_lines(folder, vouch):
    feed = Feed(folder)
    feed.take(queued("rank", "alder", "one"))
    vouch(feed.views, MIN_TAIL_BYTES)
    assert texts(folder) == ["one"]
    feed.views.close()


def test_a_journal_keeps_its_newest_mebibyte_in_two_files(folder):
    feed = Feed(folder)
    for at in range(60):
        feed.take(queued("rank", "alder", f"{at} " + "x" * 40_000))
    feed.finish()
    current, older = folder.journals_dir / "alder.jsonl", folder.journals_dir / "alder.1.jsonl"
    numbers = [json.loads(line)["seq"] for line in lines(older) + lines(current)]
    assert numbers == list(range(numbers[0], 63))
    assert max(current.stat().st_size, older.stat().st_size) <= FILE_BYTES
    assert older.stat().st_size > FILE_BYTES - 41_000
    assert sorted(path.name for path in folder.journals_dir.iterdir()) == ["alder.1.jsonl", "alder.jsonl"]


@pytest.mark.parametrize(
    ("operation", "only", "path"),
    [
        ("open", "ledger", "ledger.jsonl"),
        ("sync", "ledger", "ledger.jsonl"),
        ("open", "alder", "journals/alder.jsonl"),
        ("short", "birch", "journals/birch.jsonl"),
        ("sync", "alder", "journals/alder.jsonl"),
        ("sync_folder", "journals", "journals"),
        ("replace", "run.json", "run.json"),
    ],
)
def test_a_view_that_cannot_be_written_is_named(folder, operation, only, path):
    with pytest.raises(StoreError) as caught:
        finished(folder, FaultyDisk(operation, error=errno.ENOSPC, only=only))
    assert caught.value.message == f"cannot write {folder.path / path}: no space is left on the disk"


def test_a_journal_that_cannot_be_opened_for_its_sync_is_named(folder):
    with pytest.raises(StoreError) as caught:
        finished(folder, FaultyDisk("open", at=4, error=errno.EMFILE, only="alder"))
    assert caught.value.message == f"cannot write {folder.journals_dir / 'alder.1.jsonl'}: too many files are open"


def finished(folder, disk):
    """Let views follow a small run to its end."""
    feed = None
    try:
        feed = Feed(folder, disk)
        for batch in story():
            feed.take(*batch)
        feed.views.finish(feed.size)
    finally:
        if feed is not None:
            feed.views.close()

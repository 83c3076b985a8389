import json
import threading
from functools import partial

from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import make_entry
from overlord_run.store.opening import new
from overlord_run.store.plan_file import plan_parts
from overlord_run.store.start import start_of
from overlord_run.store.verify import Verification, verify
from overlord_run.store.views import MIN_TAIL_BYTES
from overlord_run.store.writer import Listener, Writer
from store_kit import OWNER, PLAN, RUN_ID, FaultyDisk, HastyDisk, clock, created, queued


class JournalDisk(FaultyDisk):
    """A disk that tells when lines of a journal have been written."""

    def __init__(self) -> None:
        super().__init__("none")
        self.has_written = threading.Event()

    def write(self, fd: int, data: bytes | bytearray) -> int:
        taken = super().write(fd, data)
        if self.names[fd] == "alder.jsonl":
            self.has_written.set()
        return taken


def test_no_line_of_a_journal_waits_while_nothing_is_recorded(tmp_path):
    folder, now, disk = RunFolder.create(tmp_path / ".overlord", RUN_ID), clock(), JournalDisk()
    errors: list[BaseException] = []
    has_begun = threading.Event()
    listener = Listener(lambda *_: None, lambda *_: has_begun.set(), errors.append, lambda: None)
    writer = Writer(folder.lock_path, partial(new, folder, plan_parts(PLAN), disk), listener, rest_s=0.001)
    writer.start()
    bodies: list[ev.Body] = [created(folder), OWNER]
    writer.hand(tuple(make_entry(now(), body) for body in bodies))
    assert has_begun.wait(60)  # what comes from now on changes no state, so no registry is written for it
    writer.hand((make_entry(now(), queued("rank", "alder", "one")),))
    assert disk.has_written.wait(60)
    journal = (folder.journals_dir / "alder.jsonl").read_text("ascii")
    writer.close()
    writer.join()
    assert errors == []
    assert [json.loads(line)["text"] for line in journal.splitlines()] == ["one"]


def test_the_log_vouches_for_a_snapshot_though_nothing_else_is_recorded(tmp_path):
    """A model may think for minutes; who looks meanwhile need not read the whole log."""
    folder, now = RunFolder.create(tmp_path / ".overlord", RUN_ID), clock()
    errors: list[BaseException] = []
    has_vouched = threading.Event()

    def hear(count, events):
        if any(isinstance(event.body, ev.SnapshotTaken) for event in events):
            assert count == 0
            has_vouched.set()

    listener = Listener(lambda *_: None, hear, errors.append, lambda: None)
    writer = Writer(folder.lock_path, partial(new, folder, plan_parts(PLAN), HastyDisk()), listener, rest_s=0.001)
    writer.start()
    bodies: list[ev.Body] = [created(folder), OWNER, queued("rank", "alder", "x" * MIN_TAIL_BYTES)]
    writer.hand(tuple(make_entry(now(), body) for body in bodies))
    assert has_vouched.wait(60)
    assert start_of(folder).place is not None
    writer.close()
    writer.join()
    assert errors == []
    assert verify(folder) == Verification((), ())

import json
import threading
from functools import partial

from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import make_entry
from overlord_run.store.opening import new
from overlord_run.store.plan_file import plan_parts
from overlord_run.store.writer import Listener, Writer
from store_kit import OWNER, PLAN, RUN_ID, FaultyDisk, clock, created, queued


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

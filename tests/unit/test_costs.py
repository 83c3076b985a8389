"""What a message costs as its run grows: counted, not timed, so that no noise can break it.

Each row is a figure of a run that is rehearsed, over its last hundred messages against its first hundred: where it has
grown, something walks over all that was before. The last column of a table says what once broke a row, or would.
"""

import asyncio
import gc
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from council_kit import Parts, carry_out
from overlord_run.app.inputs import Given
from overlord_run.app.prepare import RunRequest, prepare
from overlord_run.settings.model import Flags
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.glance import glance
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.takeover import again
from overlord_run.store.views import MIN_TAIL_BYTES
from store_kit import RUN_ID, HastyDisk, queued, story, tell

FIRST, LAST, OVER = 100, 300, 90
AT_MOST = 1.1
"""How much more a later message may cost than an early one."""


ROLE = "roles: {adviser: {system: You., task: Go.}}\n"
ASKED = "redirects: [{id: ask, to: all, message: And?}]\n"
COUNCIL = f"overlord: 1\nname: long\n{ROLE}assignments: [{{slot: oak, role: adviser}}]\n"


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Count the calls that our own code makes in this thread, by function, and all of them under `""`.

    What the rehearsal does is left out: it stands in for an API, which reads each request whole.
    """
    counts: dict[str, int] = defaultdict(int)

    def count(frame: FrameType, event: str, _arg: object) -> None:
        above = frame.f_back
        if event in {"call", "c_call"} and _is_ours(frame) and not (above is not None and _is_the_apis(above)):
            counts[""] += 1
            if event == "call":
                counts[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield counts
    finally:
        sys.setprofile(before)


def _is_ours(frame: FrameType) -> bool:
    return "overlord_run" in frame.f_code.co_filename and not _is_the_apis(frame)


def _is_the_apis(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith("rehearsal.py")


class CountingDisk(HastyDisk):
    """A disk that counts what it was asked to do, and the bytes that it was given, those of the log apart."""

    def __init__(self) -> None:
        self.syncs = 0
        self.opens = 0
        self.writes = 0
        self.written = 0
        self.logged = 0
        self._log: int | None = None

    def open(self, path: Path, flags: int) -> int:
        fd = super().open(path, flags)
        self.opens += 1
        self._log = fd if path.name == "events.jsonl" else self._log
        return fd

    def sync(self, fd: int) -> None:
        self.syncs += 1

    def write(self, fd: int, data: bytes | bytearray) -> int:
        self.writes += 1
        self.written += len(data)
        self.logged += len(data) if fd == self._log else 0
        return super().write(fd, data)


@dataclass
class Meter:
    """The figures of a run when so many of its messages were settled."""

    disk: CountingDisk = field(default_factory=CountingDisk)
    at: dict[int, dict[str, int]] = field(default_factory=dict)
    events: int = 0

    def look(self, body: ev.Body, calls: int) -> None:
        self.events += 1
        if isinstance(body, ev.MessageSettled):
            settled = len(self.at) + 1
            if settled in (FIRST - OVER, FIRST, LAST - OVER, LAST):
                gc.collect()  # else what is waiting for it is counted, sometimes
            figures = {"events": self.events, "calls": calls, "syncs": self.disk.syncs}
            figures |= {"opens": self.disk.opens, "writes": self.disk.writes}
            figures |= {"bytes": self.disk.written, "bytes of the log": self.disk.logged}
            self.at[settled] = figures | {"blocks of memory": sys.getallocatedblocks()}

    def a_message(self, figure: str, until: int) -> float:
        """Return a figure for each of the `OVER` messages that end with this one."""
        return (self.at[until][figure] - self.at[until - OVER][figure]) / OVER


def playbook(messages: int) -> str:
    redirects = "".join(f"  - {{id: m{at}, to: all, message: And what of point {at:04}?}}\n" for at in range(messages))
    return f"{COUNCIL}redirects:\n{redirects}"


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Meter:
    """One servant, one conversation of three hundred exchanges."""
    meter = Meter()
    with counted() as counts:
        carry_out(
            tmp_path_factory.mktemp("long"),
            playbook(LAST),
            watch=lambda body, _council: meter.look(body, counts[""]),
            parts=Parts(disk=meter.disk),
        )
    return meter


@pytest.mark.parametrize(
    ("figure", "most", "broken_by"),
    [
        ("events", 4.1, "one more event a call, or a lease that is checked at each"),
        ("syncs", 3.1, "a sync for each event, or for each view"),
        ("opens", 0.2, "a journal that is opened for each of its lines"),
        ("writes", 4.3, "a write for each line"),
        ("bytes of the log", 2_000, "an event that repeats what another one says"),
        ("bytes", 6_500, "a registry or a snapshot that is written at every event"),
        ("calls", 730, "a validator or an encoder that is made anew for each message"),
        ("blocks of memory", 36, "messages of the conversation that are made anew and kept"),
    ],
)
def test_a_message_costs_no_more_than_this(long_run: Meter, figure: str, most: float, broken_by: str) -> None:
    assert long_run.a_message(figure, FIRST) <= most, broken_by
    assert long_run.a_message(figure, LAST) <= most, broken_by


@pytest.mark.parametrize(
    ("figure", "broken_by"),
    [
        ("events", "events that name all that was before"),
        ("bytes of the log", "events that name all that was before"),
        ("calls", "encoding, hashing, estimating or searching the whole conversation for each message"),
    ],
)
def test_a_late_message_costs_no_more_than_an_early_one(long_run: Meter, figure: str, broken_by: str) -> None:
    assert long_run.a_message(figure, LAST) <= AT_MOST * long_run.a_message(figure, FIRST), broken_by


def test_all_bytes_together_stay_in_proportion_to_the_log(long_run: Meter) -> None:
    """Broken by a registry, or a snapshot, that is written again each time the log has grown by a fixed size."""
    assert long_run.at[LAST]["bytes"] <= 6 * long_run.at[LAST]["bytes of the log"]


def blocks_kept(folder: Path, servants: int) -> int:
    """Return how many blocks of memory a run of so many servants has when it is about to begin."""
    slots = "".join(f"  - {{slot: s{at}, role: adviser}}\n" for at in range(servants))
    path = folder / "many.yml"
    path.write_text(f"overlord: 1\nname: many\n{ROLE}assignments:\n{slots}", encoding="utf-8")
    gc.collect()
    before = sys.getallocatedblocks()
    prepared = prepare(RunRequest(str(path), Given((), (), (), bytes), Flags(), engine="rehearsal"))
    gc.collect()
    after = sys.getallocatedblocks()
    assert len(prepared.plan.servants) == servants
    return after - before


def test_a_servant_is_in_memory_once_when_a_run_begins(tmp_path: Path) -> None:
    """Broken by a playbook, or a plan as JSON, that is kept beside the plan: then it is 19 blocks."""
    blocks_kept(tmp_path, 1)  # what is made once, and stays
    assert (blocks_kept(tmp_path, 120) - blocks_kept(tmp_path, 20)) / 100 <= 5


def test_what_a_servant_is_told_is_encoded_once(tmp_path: Path) -> None:
    """Broken by messages that are made anew for each request: then there is a square of them."""
    with counted() as counts:
        carry_out(tmp_path, playbook(40))
    assert counts["__post_init__"] <= 3 * 41 + 60  # question, its copy in the history, answer; what a plan is made of


def test_a_recovery_says_nothing_of_the_servants_that_did_not_fail(tmp_path: Path) -> None:
    """Broken by a lease that is checked for all servants whenever one of them has failed: a square of them."""
    slots = "".join(f"  - {{slot: s{at:02}, role: adviser}}\n" for at in range(20))
    frail = f"overlord: 1\nname: frail\nengine: {{recovery: auto}}\n{ROLE}assignments:\n{slots}{ASKED}"
    record = carry_out(tmp_path, frail, 'overlord: 1\nanswers:\n  "*": {ask: {fault: empty}}\n')
    assert len(record.of(ev.ServantReplaced)) == 20
    assert record.of(ev.LeaseChecked) == []


class WitnessDisk(HastyDisk):
    """A disk that notes which threads wait for it."""

    def __init__(self) -> None:
        self.waited: set[threading.Thread] = set()

    def sync(self, fd: int) -> None:
        self.waited.add(threading.current_thread())

    def sync_folder(self, path: Path) -> None:
        self.waited.add(threading.current_thread())


def test_the_event_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    """Broken by a sync in the loop's thread: on a slow disk every call would wait for it."""
    disk = WitnessDisk()
    carry_out(tmp_path, f"{COUNCIL}{ASKED}", parts=Parts(disk=disk))
    assert disk.waited
    assert threading.main_thread() not in disk.waited


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, RunFolder]:
    """Runs whose logs were two and eight times as long as what may follow a snapshot."""
    told = {}
    for length in (2, 8):
        told[length] = RunFolder.create(tmp_path_factory.mktemp("read") / ".overlord", RUN_ID)
        long = "x" * (MIN_TAIL_BYTES // 100)
        messages = [[queued(f"m{at}", "alder", long)] for at in range(length * 100)]
        asyncio.run(tell(told[length], [*messages, *story()], disk=HastyDisk()))
    return told


def take_up(folder: RunFolder) -> None:
    with again(folder, HastyDisk()):
        pass


def take_up_as_it_was_known(folder: RunFolder) -> None:
    with again(folder, HastyDisk(), rehydrate(folder).state):
        pass


@pytest.mark.parametrize(
    ("read", "most", "broken_by"),
    [
        (rehydrate, 150, "a snapshot that is not believed, or not taken at the end"),
        (lambda folder: Following(folder).catch_up(), 150, "a follower that begins at the first line"),
        (glance, 3, "a list that folds logs"),
        (take_up, 150, "views that are compared with what the whole log gives"),
        (take_up_as_it_was_known, 300, "views that are compared with what the whole log gives"),
    ],
    ids=["status", "wait and send", "list", "a new owner", "a new owner who has looked before"],
)
def test_a_reader_parses_as_few_lines_of_a_long_log_as_of_a_short_one(
    folders: dict[int, RunFolder], read: Callable[[RunFolder], object], most: int, broken_by: str
) -> None:
    for folder in folders.values():
        with counted() as counts:
            read(folder)
        assert counts["_read"] <= most, broken_by


def test_a_new_owner_makes_no_state_of_the_snapshot_that_it_knows_already(folders: dict[int, RunFolder]) -> None:
    for folder in folders.values():
        known = rehydrate(folder).state
        with counted() as counts, again(folder, HastyDisk(), known) as opened:
            assert opened.state is known
        assert counts["state_of"] == 0
        assert counts["twin"] == 1
        assert known == rehydrate(folder).state

"""Let the power go at every operation of a run: what was acknowledged is on disk, and the run can be opened again."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from faults.power import WAYS, PowerDisk, Way, cut
from faults.recording import Outcome, crash, record, record_again
from faults.seeded import NeverSyncsFolders, NeverSyncsTheLog, RenamesBeforeItSyncs, SyncsTheBatchBefore
from faults.witness import reopened
from overlord_run.errors import OverlordError
from overlord_run.store.disk import SYSTEM_DISK
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.verify import verify
from overlord_run.store.views import MIN_TAIL_BYTES
from store_kit import RUN_ID, HastyDisk

Count = Callable[[str, object], None]
SHARE = 8
"""The power goes before each eighth operation in `make test`, in `make faults` before all."""
SHARE_OF_LONG_ONES = 20
"""A cut of a long run takes longer to look at."""
DEADLINE_S = 60
LONG = "x" * MIN_TAIL_BYTES


class Loop:
    """The event loop of those who record; the disk lets it hear all that it can hear before the power goes."""

    def begin(self) -> None:
        self.loop = asyncio.get_running_loop()

    def settle(self) -> None:
        for _ in range(3):
            heard = threading.Event()
            self.loop.call_soon_threadsafe(heard.set)
            assert heard.wait(DEADLINE_S)


@dataclass
class Cuts:
    """Power cuts in these ways before these operations of a run, each looked at as soon as it is made."""

    folder: Path
    ways: list[Way]
    places: range
    make: type[PowerDisk] = PowerDisk
    loop: Loop = field(default_factory=Loop)
    outcome: Outcome = field(default_factory=Outcome)
    found: list[str] = field(default_factory=list)
    operations: int = 0
    made: int = 0

    def of_a_new_run(self) -> None:
        """Record a run."""
        run = RunFolder.create(self.folder / ".overlord", RUN_ID)
        record(run, self.make(run.path, self.before), self.outcome, self.loop.begin)

    def of_a_run_opened_again(self) -> None:
        """Record a run that a crash ends, and open it again."""
        run = RunFolder.create(self.folder / ".overlord", RUN_ID)
        record(run, SYSTEM_DISK)
        self.outcome.acknowledged += crash(run)
        record_again(run, self.make(run.path, self.before), self.outcome, self.loop.begin)

    def of_a_long_run(self) -> None:
        """Record a run that has a snapshot, after which it goes on."""
        run = RunFolder.create(self.folder / ".overlord", RUN_ID)
        record(run, self.make(run.path, self.before), self.outcome, self.loop.begin, LONG)

    def of_a_long_run_opened_again(self) -> None:
        """Record such a run, which a crash ends, and open it again."""
        run = RunFolder.create(self.folder / ".overlord", RUN_ID)
        record(run, HastyDisk(), text=LONG)
        self.outcome.acknowledged += crash(run, slice(-9))
        record_again(run, self.make(run.path, self.before), self.outcome, self.loop.begin)

    def before(self, disk: PowerDisk) -> None:
        """Let the power go, where an operation is one of the places."""
        self.operations += 1
        if self.operations not in self.places or self.found:
            return
        self.loop.settle()
        for way in self.ways:
            self.made += 1
            into = self.folder / str(self.made)
            into.mkdir()
            left = RunFolder(cut(disk, into, way, Random(self.made)))
            self.found += [f"cut {self.made}: {said}" for said in complaints(left, self.outcome.acknowledged)]


def complaints(left: RunFolder, acknowledged: list[str]) -> list[str]:
    """Return what of a run that a power cut left is not as those who recorded it were told."""
    try:
        hashes = [event.hash for event in read(left.log_path)] if left.log_path.exists() else []
        differences = verify(left).differences
    except OverlordError as error:
        return [error.message]
    found = [] if hashes[: len(acknowledged)] == acknowledged else ["acknowledged events are lost"]
    # Journals are synced at the end only. What they lack is mended when the run is opened again.
    found += [f"verify: {one}" for one in differences if not one.file.startswith("journals/")]
    return found + reopened(left)


Course = Callable[[Cuts], None]
LONG_ONES: list[Course] = [Cuts.of_a_long_run, Cuts.of_a_long_run_opened_again]
COURSES = pytest.mark.parametrize("course", [Cuts.of_a_new_run, Cuts.of_a_run_opened_again, *LONG_ONES])


@COURSES
def test_a_share_of_power_cuts_loses_nothing_that_was_acknowledged(tmp_path: Path, course: Course) -> None:
    is_long = course in LONG_ONES
    cuts = Cuts(tmp_path, list(WAYS.values()), range(1, 1000, SHARE_OF_LONG_ONES if is_long else SHARE))
    course(cuts)
    assert (cuts.outcome.errors, cuts.found) == ([], [])
    assert cuts.made > (10 if is_long else 30)


@pytest.mark.sweep
@COURSES
def test_no_power_cut_loses_what_was_acknowledged(tmp_path: Path, record_property: Count, course: Course) -> None:
    cuts = Cuts(tmp_path, [*WAYS.values(), *[WAYS["any part of it is left"]] * 5], range(1, 1000))
    course(cuts)
    assert (cuts.outcome.errors, cuts.found) == ([], [])
    record_property("power cuts, simulated", cuts.made)


class NoSync(NeverSyncsTheLog, PowerDisk):
    pass


class EarlySync(SyncsTheBatchBefore, PowerDisk):
    pass


class NoFolderSync(NeverSyncsFolders, PowerDisk):
    pass


class EarlyRename(RenamesBeforeItSyncs, PowerDisk):
    pass


@pytest.mark.parametrize("bug", [NoSync, EarlySync, NoFolderSync, EarlyRename])
def test_the_power_cuts_find_a_seeded_bug(tmp_path: Path, bug: type[PowerDisk]) -> None:
    cuts = Cuts(tmp_path, list(WAYS.values()), range(1, 1000, SHARE), bug)
    cuts.of_a_new_run()
    assert cuts.found


def test_the_power_cuts_find_an_owner_who_trusts_the_sizes_of_views(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overlord_run.store.extents.Extent.fits", lambda at, content: len(content) >= at.size)
    cuts = Cuts(tmp_path, [WAYS["names and sizes are left, and zeros for bytes"]], range(1, 1000, SHARE))
    cuts.of_a_long_run()
    assert cuts.found

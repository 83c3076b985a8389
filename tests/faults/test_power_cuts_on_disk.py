"""Let the power go on real file systems: what is in an image at a moment is all that a run finds after it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.image import SIZES, make, mounted, why_not
from faults.recording import Outcome, record
from faults.seeded import NeverSyncsTheLog, SyncsTheBatchBefore
from faults.test_power_cuts import Loop, complaints
from faults.watched import WatchedDisk
from overlord_run.store.folder import RunFolder
from store_kit import RUN_ID

Count = Callable[[str, object], None]
SHARE = 16
"""The power goes before each sixteenth operation in `make test`, before all of them in `make faults`."""


class Sawn:
    """A run on a file system in an image, which is copied, mounted and looked at before these operations."""

    def __init__(self, folder: Path, kind: str, places: range, make_disk: type[WatchedDisk] = WatchedDisk) -> None:
        self.folder, self.kind, self.places, self.make_disk = folder, kind, places, make_disk
        self.outcome, self.loop = Outcome(), Loop()
        self.found: list[str] = []
        self.operations = self.made = 0

    def record(self) -> None:
        image = self.folder / "run.img"
        make(self.kind, image)
        with mounted(self.kind, image, self.folder / "run"):
            run = RunFolder.create(self.folder / "run" / ".overlord", RUN_ID)
            record(run, self.make_disk(self.before), self.outcome, self.loop.begin)

    def before(self) -> None:
        self.operations += 1
        if self.operations in self.places and not self.found:
            self.made += 1
            self.loop.settle()
            self.cut()

    def cut(self) -> None:
        image, at = self.folder / "left.img", self.folder / "left"
        shutil.copyfile(self.folder / "run.img", image)
        with mounted(self.kind, image, at):
            left = RunFolder(at / ".overlord" / "runs" / RUN_ID)
            said = complaints(left, self.outcome.acknowledged) if left.path.exists() else self.outcome.acknowledged
            self.found += [f"cut {self.made}: {one}" for one in said]


@pytest.fixture(params=SIZES)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    reason = why_not(request.param, tmp_path)
    if reason:
        pytest.skip(reason)
    return str(request.param)


@pytest.mark.parametrize("kind", ["ext4"], indirect=True)
def test_a_share_of_power_cuts_on_a_real_file_system_loses_nothing(kind: str, tmp_path: Path) -> None:
    sawn = Sawn(tmp_path, kind, range(1, 1000, SHARE))
    sawn.record()
    assert (sawn.outcome.errors, sawn.found) == ([], [])
    assert sawn.made > 5


@pytest.mark.sweep
def test_no_power_cut_on_a_real_file_system_loses_what_was_acknowledged(
    kind: str, tmp_path: Path, record_property: Count
) -> None:
    sawn = Sawn(tmp_path, kind, range(1, 1000))
    sawn.record()
    assert (sawn.outcome.errors, sawn.found) == ([], [])
    record_property(f"power cuts on {kind}", sawn.made)


class NoSync(NeverSyncsTheLog, WatchedDisk):
    pass


class EarlySync(SyncsTheBatchBefore, WatchedDisk):
    pass


@pytest.mark.parametrize("kind", ["ext4"], indirect=True)
@pytest.mark.parametrize("bug", [NoSync, EarlySync])
def test_power_cuts_on_a_real_file_system_find_a_seeded_bug(kind: str, tmp_path: Path, bug: type[WatchedDisk]) -> None:
    sawn = Sawn(tmp_path, kind, range(1, 1000, 5), bug)
    sawn.record()
    assert sawn.found

import asyncio
import json
import zlib

import pytest

from overlord_run.store import events as ev
from overlord_run.store.extents import EMPTY, Extent, Extents, JournalExtent
from overlord_run.store.folder import RunFolder
from overlord_run.store.growth import Growth, growth_of
from overlord_run.store.log import read
from store_kit import RUN_ID, HastyDisk, queued, story, tell


def extent(content):
    return Extent(len(content), zlib.crc32(content))


def test_a_file_that_grew_line_by_line_has_the_extent_of_its_bytes():
    assert EMPTY.then(b"one\n").then(b"").then(b"two\n") == extent(b"one\ntwo\n")


@pytest.mark.parametrize(
    ("content", "fits"),
    [(b"one\ntwo\n", True), (b"one\n", True), (b"One\n", False), (b"one\0", False), (b"one", False), (b"", False)],
)
def test_a_file_fits_that_begins_with_the_same_bytes(content, fits):
    assert extent(b"one\n").fits(content) is fits
    assert EMPTY.fits(content)


def test_what_the_events_of_a_run_add_reaches_as_far_as_its_files(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    long = [[queued(f"m{at}", "alder", "x" * 60_000)] for at in range(20)]
    asyncio.run(tell(folder, [*story(), *long], disk=HastyDisk()))
    extents = Extents()
    for event in read(folder.log_path):
        extents.follow(growth_of(event, RUN_ID))
    alder, older, birch = (folder.journals_dir / name for name in ("alder.jsonl", "alder.1.jsonl", "birch.jsonl"))
    assert extents == Extents(
        extent(folder.ledger_path.read_bytes()),
        {
            "alder": JournalExtent(extent(alder.read_bytes()), extent(older.read_bytes())),
            "birch": JournalExtent(extent(birch.read_bytes())),
        },
    )


def test_an_event_that_no_view_tells_adds_nothing(tmp_path):
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    asyncio.run(tell(folder, [[ev.StartupBegan(["alder"])]], disk=HastyDisk()))
    assert {str(growth_of(event, RUN_ID)) for event in read(folder.log_path)} == {str(Growth(b"", []))}


@pytest.mark.parametrize(
    "data",
    [
        {"ledger": [1, 2], "journals": {"alder": [1, 2, 3]}},
        {"ledger": [1, 2], "journals": {"alder": [1, -2]}},
        {"ledger": [-1, 2], "journals": {}},
        {"ledger": [1, 2**32], "journals": {}},
        {"ledger": [True, 2], "journals": {}},
        {"ledger": [1, 2, 3, 4], "journals": {}},
        {"ledger": [1, 2], "journals": {"alder": [1, 2, 3, 4, 5, 6]}},
        {"ledger": [1, 2], "journals": []},
        {"ledger": [1, 2], "journals": {"alder": 7}},
        {"ledger": [1, 2]},
        None,
    ],
    ids=str,
)
def test_what_tells_no_extents_is_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011 - what is wrong with it nobody is told
        Extents.parse(json.dumps(data).encode())


def test_extents_come_back_as_they_were():
    extents = Extents(Extent(7, 1), {"alder": JournalExtent(Extent(5, 2), Extent(9, 3)), "birch": JournalExtent(EMPTY)})
    assert Extents.parse(json.dumps(extents.to_json()).encode()) == extents

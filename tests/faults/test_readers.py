"""Read the registry while it is written: a reader sees the old one or the new one, never none and never a part."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.recording import record
from faults.seeded import NeedsNoTemporaryFile, TakesTheOldOneAway, WritesInPlace
from faults.watched import WatchedDisk
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.recorder import Recorder
from store_kit import OWNER, PLAN, RUN_ID, clock, created, queued

Count = Callable[[str, object], None]
READER = Path(__file__).with_name("reader.py")


def sights(tmp_path: Path, make_disk: Callable[[Callable[[], None]], WatchedDisk] = WatchedDisk) -> list[object]:
    """Record a run, look at its registry before each operation, and return what was seen from its first time on."""
    run = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    seen: list[object] = []

    def look() -> None:
        try:
            seen.append(json.loads(run.registry_path.read_bytes())["lastSeq"])
        except FileNotFoundError:
            seen.extend(["none"] if seen else [])
        except ValueError:
            seen.append("a part")

    record(run, make_disk(look))
    return seen


def test_a_reader_sees_the_old_registry_or_the_new_one_at_any_operation(tmp_path: Path) -> None:
    seen = sights(tmp_path)
    assert [sight for sight in seen if not isinstance(sight, int)] == []
    assert seen == sorted(seen)  # type: ignore[type-var]
    assert len(set(seen)) > 3


class InPlace(WritesInPlace, WatchedDisk):
    pass


class WithAGap(TakesTheOldOneAway, WatchedDisk):
    pass


class NoTemporary(NeedsNoTemporaryFile, WatchedDisk):
    pass


@pytest.mark.parametrize("bug", [InPlace, WithAGap, NoTemporary])
def test_readers_find_a_seeded_bug(tmp_path: Path, bug: type[WatchedDisk]) -> None:
    assert [sight for sight in sights(tmp_path, bug) if not isinstance(sight, int)]


def readings(tmp_path: Path, times: int) -> dict[str, int]:
    """Record without a pause while another process reads the registry, and return what that has seen."""

    async def scenario() -> bytes:
        run = RunFolder.create(tmp_path / ".overlord", RUN_ID)
        recorder = await Recorder.create(
            run, PLAN, created(run), OWNER, clock=clock(), listen=lambda _event, _state: None
        )
        await recorder.record(*[queued(f"m{at}", "alder", "x" * 4000) for at in range(10)])
        words = [str(READER), str(run.registry_path), str(times)]
        reader = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
        told = asyncio.create_task(reader.communicate())
        while not told.done():  # it is written at each change of state, and grows no more
            await recorder.record(ev.StartupBegan(["alder"]))
            await recorder.record(OWNER)
        await recorder.aclose()
        return (await told)[0]

    seen: dict[str, int] = json.loads(asyncio.run(scenario()))
    return seen


def test_another_process_never_sees_half_a_registry(tmp_path: Path) -> None:
    seen = readings(tmp_path, 2_000)
    assert (seen["read"], seen["torn"]) == (2_000, 0)


@pytest.mark.sweep
def test_another_process_never_sees_half_a_registry_in_30_000_looks(tmp_path: Path, record_property: Count) -> None:
    seen = readings(tmp_path, 30_000)
    assert (seen["read"], seen["torn"]) == (30_000, 0)
    assert seen["different"] > 50
    record_property("readings of a registry", seen["read"])

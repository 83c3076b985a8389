"""Tear the last batch of a log at every byte, and damage the lines above: the one is moved aside, the other refused."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from overlord_run.errors import LogDamagedError
from overlord_run.store.events import LogRepaired
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.verify import verify
from store_kit import OWNER, RUN_ID, clock, queued, sent, story, tell

Count = Callable[[str, object], None]
SHARE = 23
"""The tail is torn at each SHARE-th byte by `make test`, at all of them by `make faults`."""


@dataclass(frozen=True)
class Case:
    """Another content of a log, and what reading makes of it: `3 events`, `3 events, torn` or `damage in line 4`."""

    name: str
    content: bytes
    verdict: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A log whose last batch has three lines."""
    run = RunFolder.create(tmp_path_factory.mktemp("whole") / ".overlord", RUN_ID)
    last = [queued("last", "alder"), sent("last", "alder"), queued("last", "birch")]
    asyncio.run(tell(run, [*story()[:-1], last]))
    return run.log_path.read_bytes()


def torn(whole: bytes, share: int) -> Iterator[Case]:
    """Yield what a crash or a power cut can leave of the last batch."""
    lines = whole.splitlines(keepends=True)
    start = sum(map(len, lines[:-3]))
    for at in range(start, len(whole), share):
        kept = whole[:at].count(b"\n")
        is_at_end = whole[:at].endswith(b"\n")
        rest = len(whole) - at
        yield Case(f"cut at {at}", whole[:at], f"{kept} events" if is_at_end else f"{kept} events, torn")
        yield Case(f"zeros from {at} on", whole[:at] + bytes(rest), f"{kept} events, torn")
        yield Case(f"a hole at {at}", whole[:at] + bytes(min(rest, 16)) + whole[at + 16 :], f"{kept} events, torn")
        yield Case(f"garbage from {at} on", whole[:at] + b"\xff~" * 40, f"{kept} events, torn")


def damaged(whole: bytes, share: int) -> Iterator[Case]:
    """Yield what no crash leaves."""
    lines = whole.splitlines(keepends=True)
    start = sum(map(len, lines[:-3]))
    for at in range(0, start, share):
        line = whole[:at].count(b"\n") + 1
        changed = bytes([whole[at] ^ 0x01])
        yield Case(f"another byte at {at}", whole[:at] + changed + whole[at + 1 :], f"damage in line {line}")
        yield Case(f"a hole at {at}", whole[:at] + b"\0" + whole[at + 1 :], f"damage in line {line}")
    for at in range(start, len(whole), share):
        line = whole[:at].count(b"\n") + 1
        yield Case(f"garbage and a line's end at {at}", whole[:at] + b"\xff~\n", f"damage in line {line}")
    for number in range(1, len(lines)):
        without = b"".join(lines[: number - 1] + lines[number:])
        yield Case(f"without line {number}", without, f"damage in line {number}")
        twice = b"".join(lines[:number] + lines[number - 1 :])
        yield Case(f"line {number} twice", twice, f"damage in line {number + 1}")


def verdict_of(path: Path) -> str:
    """Return what our reader makes of a log."""
    events = read(path)
    try:
        count = sum(1 for _ in events)
    except LogDamagedError as error:
        return f"damage in line {error.line}"
    return f"{count} events, torn" if events.torn else f"{count} events"


def wrong(path: Path, cases: Iterator[Case], reader: Callable[[Path], str] = verdict_of) -> dict[str, str]:
    """Return what a reader makes of those logs that it judges wrongly."""
    verdicts = {}
    for case in cases:
        path.write_bytes(case.content)
        verdicts[f"{case.name}: {case.verdict}"] = (reader(path), case.verdict)
    return {name: found for name, (found, expected) in verdicts.items() if found != expected}


def test_a_share_of_torn_tails_and_damaged_lines_is_told_apart(whole: bytes, tmp_path: Path) -> None:
    assert wrong(tmp_path / "log", torn(whole, SHARE)) == {}
    assert wrong(tmp_path / "log", damaged(whole, SHARE)) == {}


@pytest.mark.sweep
def test_every_torn_tail_and_damaged_line_is_told_apart(whole: bytes, tmp_path: Path, record_property: Count) -> None:
    assert wrong(tmp_path / "log", torn(whole, 1)) == {}
    assert wrong(tmp_path / "log", damaged(whole, 1)) == {}
    record_property("torn and damaged logs read", sum(1 for share in (torn, damaged) for _ in share(whole, 1)))


def carried_on(tmp_path: Path, case: Case) -> list[str]:
    """Open a run with such a log again, and return what is wrong then."""
    run = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    asyncio.run(tell(run, story()[:-1]))
    before = int(case.verdict.split()[0])
    run.log_path.write_bytes(case.content)
    run.registry_path.unlink()
    lost = case.content[sum(map(len, case.content.splitlines(keepends=True)[:before])) :]

    async def scenario() -> None:
        recorder = await Recorder.open(run, OWNER, clock=clock(), listen=lambda _event, _state: None)
        await recorder.record(queued("more", "alder"))
        await recorder.aclose()

    asyncio.run(scenario())
    events = list(read(run.log_path))
    repairs = [event.body for event in events[before:] if isinstance(event.body, LogRepaired)]
    asides = [path.read_bytes() for path in run.path.glob("torn-*")]
    found = [f"verify: {difference}" for difference in verify(run).differences]
    found += [] if asides == ([lost] if lost else []) else [f"moved aside: {asides}, not {lost!r}"]
    found += [] if len(repairs) == len(asides) else ["not on record"]
    return found + ([] if len(events) == before + len(repairs) + 2 else ["events are lost"])


def test_a_share_of_torn_tails_is_moved_aside_and_the_run_goes_on(whole: bytes, tmp_path: Path) -> None:
    found = {case.name: carried_on(tmp_path / str(at), case) for at, case in enumerate(torn(whole, 5 * SHARE))}
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.sweep
def test_every_torn_tail_is_moved_aside_and_the_run_goes_on(
    whole: bytes, tmp_path: Path, record_property: Count
) -> None:
    found = {case.name: carried_on(tmp_path / str(at), case) for at, case in enumerate(torn(whole, 1))}
    assert {name: said for name, said in found.items() if said} == {}
    record_property("torn logs carried on", len(found))


def test_a_damaged_log_is_not_written_into(whole: bytes, tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    for case in damaged(whole, 40 * SHARE):
        run.log_path.write_bytes(case.content)
        with pytest.raises(LogDamagedError):
            asyncio.run(Recorder.open(run, OWNER, clock=clock(), listen=lambda _event, _state: None))
        assert (case.name, run.log_path.read_bytes()) == (case.name, case.content)
        assert not is_owned(run.lock_path)


def believes_every_line(path: Path) -> str:
    """Read JSON and ask for no hash."""
    count = 0
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            json.loads(line)
        except ValueError:
            return f"{count} events, torn"
        count += 1
    return f"{count} events"


def calls_all_damage_torn(path: Path) -> str:
    """Read up to the first line that does not fit."""
    found = verdict_of(path)
    return f"{int(found.split()[-1]) - 1} events, torn" if found.startswith("damage") else found


def gives_up_the_whole_batch(path: Path) -> str:
    """Leave out the lines of a torn batch that are whole."""
    found = verdict_of(path)
    return "29 events, torn" if found.endswith("torn") else found


def needs_no_newline(path: Path) -> str:
    """Take a last line that is whole but for its end."""
    content = path.read_bytes()
    if content.endswith(b'"}'):
        path.write_bytes(content + b"\n")
    return verdict_of(path)


@pytest.mark.parametrize(
    "bug", [believes_every_line, calls_all_damage_torn, gives_up_the_whole_batch, needs_no_newline]
)
def test_torn_tails_find_a_seeded_bug(whole: bytes, tmp_path: Path, bug: Callable[[Path], str]) -> None:
    cases = [*torn(whole, SHARE), Case("without its end", whole[:-1], "30 events, torn"), *damaged(whole, SHARE)]
    assert wrong(tmp_path / "log", iter(cases), bug)

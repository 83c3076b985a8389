"""Record a small run on a disk that may fail, and keep what those who recorded it were told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from overlord_run.errors import OverlordError
from overlord_run.store import events as ev
from overlord_run.store.disk import Disk
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.recorder import Recorder
from overlord_run.store.registry import registry_parts
from overlord_run.store.state import State
from store_kit import OWNER, PLAN, clock, created, queued, story

DEADLINE_S = 60
"""Nothing here takes a second; a hang ends the test instead of the session."""

EARLY_SEQ = 4
"""The event that the registry is of which a crash left: before any that the ledger or a journal tells."""


@dataclass
class Outcome:
    """What those who recorded a run were told."""

    acknowledged: list[str] = field(default_factory=list)
    errors: list[OverlordError] = field(default_factory=list)

    def hear(self, event: ev.Event, _state: State) -> None:
        """Take an event that is said to be on disk."""
        self.acknowledged.append(event.hash)


def record(
    folder: RunFolder,
    disk: Disk,
    outcome: Outcome | None = None,
    begun: Callable[[], object] = lambda: None,
    text: str = "Nothing.",
) -> Outcome:
    """Record a run, two servants' events side by side, and close it; go on asking after a failure.

    `begun` is called in the event loop before anything else; `text` is a servant's first answer.
    """

    def create(told: Outcome) -> Awaitable[Recorder]:
        return Recorder.create(folder, PLAN, created(folder), OWNER, clock=clock(), listen=told.hear, disk=disk)

    return _recorded(create, story(text), Outcome() if outcome is None else outcome, begun)


def record_again(
    folder: RunFolder, disk: Disk, outcome: Outcome | None = None, begun: Callable[[], object] = lambda: None
) -> Outcome:
    """Open a run that had another owner, record two more messages, and close it; as `record`."""

    def open_again(told: Outcome) -> Awaitable[Recorder]:
        return Recorder.open(folder, OWNER, clock=clock(10**6), listen=told.hear, disk=disk)

    more = [[queued(name, "alder"), queued(name, "birch")] for name in ("more", "most")]
    return _recorded(open_again, more, Outcome() if outcome is None else outcome, begun)


def crash(folder: RunFolder, left: slice = slice(70)) -> list[str]:
    """Put a run that has ended back to what a crash leaves, and return the hashes of the events that it still has.

    `left` is what there is of the ledger and of each journal.
    """
    whole = folder.log_path.read_bytes()
    folder.log_path.write_bytes(whole[:-60] + bytes(20))
    early = fold(event for event in read(folder.log_path) if event.seq <= EARLY_SEQ)
    folder.registry_path.write_bytes(b"".join(registry_parts(early)))
    for path in (folder.ledger_path, *folder.journals_dir.iterdir()):
        path.write_bytes(path.read_bytes()[left])
    return [event.hash for event in read(folder.log_path)]


def _recorded(
    opening: Callable[[Outcome], Awaitable[Recorder]],
    batches: list[list[ev.Body]],
    outcome: Outcome,
    begun: Callable[[], object],
) -> Outcome:
    async def scenario() -> None:
        begun()
        async with asyncio.timeout(DEADLINE_S):
            await _record(opening, batches, outcome)

    asyncio.run(scenario())
    return outcome


async def _record(
    opening: Callable[[Outcome], Awaitable[Recorder]], batches: list[list[ev.Body]], outcome: Outcome
) -> None:
    try:
        recorder = await opening(outcome)
    except OverlordError as error:
        outcome.errors.append(error)
        return
    for batch in batches:
        records = [recorder.record(body) for body in batch]
        results = await asyncio.gather(*records, return_exceptions=True)
        outcome.errors += [result for result in results if isinstance(result, OverlordError)]
    try:
        await recorder.aclose()
    except OverlordError as error:
        outcome.errors.append(error)

"""Compare what others saw of a run, the API and whoever reads its output, with its record on disk."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from canary import CANARY, leaks, leaks_under
from fake_api import FakeApi
from faults.traced import Blow, Ended, Start, Tracer
from overlord_run.errors import OverlordError, RunNotFoundError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder, run_ids
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.verify import verify
from store_kit import OWNER, clock

# Each message says which it is, to whom and of which run, so that the API's requests can be told apart.
COUNCIL = """\
overlord: 1
name: council
inputs: {tag: {type: string}}
roles:
  critic: {system: You criticise., task: "startup {{ servant.slot }} {{ inputs.tag }}"}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
redirects:
  - {id: rank, to: all, message: "rank {{ servant.slot }} {{ inputs.tag }}"}
"""
Fact = tuple[str, ...]

_TOLD = (
    (re.compile(r"Loading the run registry of (\S+)"), "created"),
    (re.compile(r"(\w+): (\w+) answered\b.*"), "answered"),
    (re.compile(r"(\w+): (\w+) failed: .*"), "failed"),
    (re.compile(r"Run (\S+) of council: (\w+).*"), "ended"),
)


@dataclass(frozen=True)
class Witnessed:
    """A run whose process has ended in one way or another; `known` lines of its log were there before that began."""

    folder: Path
    ended: Ended
    known: int = 0

    @property
    def run(self) -> RunFolder | None:
        """The run's folder, where it came so far."""
        state_dir = self.folder / ".overlord"
        return RunFolder.find(state_dir, None) if run_ids(state_dir) else None


@dataclass(frozen=True)
class Stage:
    """Where runs of the council are carried out, each in a folder of its own, whose name is the run's tag.

    Attributes:
        bug: One of `faults.seeded`, to test a harness; empty for its parts without one, None for the real program.
    """

    tracer: Tracer
    api: FakeApi
    folder: Path
    bug: str | None = None

    def run(self, tag: str, blow: Blow, *words: str) -> Witnessed:
        """Run the council and deal the blow."""
        folder = self.folder / tag
        folder.mkdir()
        (folder / "council.yml").write_text(COUNCIL, encoding="utf-8")
        return self._carried_out(folder, blow, ("council.yml", "-i", f"tag={tag}", *words))

    def resume(self, witnessed: Witnessed, blow: Blow, *words: str) -> Witnessed:
        """Carry the run on and deal the blow."""
        return self._carried_out(witnessed.folder, blow, ("resume", *words), known=len(lines(witnessed.run)))

    def lost(self, runs: Iterable[Witnessed]) -> dict[str, list[str]]:
        """Return what does not agree, by the call at which the run was struck."""
        found = {f"{run.folder.name}: {run.ended.met}": complaints(run, self.api) for run in runs}
        return {where: said for where, said in found.items() if said}

    def _carried_out(self, folder: Path, blow: Blow, words: tuple[str, ...], *, known: int = 0) -> Witnessed:
        environ = {"OVERLORD_BASE_URL": self.api.base_url, "SAKANA_API_KEY": CANARY}
        if self.bug is None:
            start = Start(folder, words, environ)
        else:
            start = Start(folder, (self.bug, folder.name, *words), environ, "faults.seeded:main")
        return Witnessed(folder, self.tracer.run(start, blow), known)


def complaints(witnessed: Witnessed, api: FakeApi) -> list[str]:
    """Return what of the record does not agree with what others saw."""
    run, ended = witnessed.run, witnessed.ended
    found = [f"the key: {spelling}" for spelling in (*leaks(ended.out, ended.err), *leaks_under(witnessed.folder))]
    found += ["a stack trace"] if "Traceback" in ended.err else []
    asked = calls(api, witnessed.folder.name)
    if run is None:
        return found + [f"no run, and {fact}" for fact in (*told(ended), *asked)]
    try:
        events = lines(run)
        found += [f"verify: {difference}" for difference in verify(run).differences]
    except OverlordError as error:
        return [*found, f"cannot be read: {error.message}"]
    found += ["it is still owned"] if is_owned(run.lock_path) else []
    durable = events[: max(synced_lines(run, ended), witnessed.known)]
    found += [f"told, and not on disk: {fact}" for fact in told(ended) if fact not in set(facts(durable))]
    sent = Counter((body.message_id, body.slot) for body in durable if isinstance(body, ev.RequestSent))
    return found + [f"asked {count} times, on disk {sent[call]}: {call}" for call, count in (asked - sent).items()]


def reopened(run: RunFolder) -> list[str]:
    """Open a run again, as its next owner would, let it go, and return what does not fit then."""
    before = [event.hash for event in read(run.log_path)] if run.log_path.exists() else []
    try:
        asyncio.run(_own(run))
        found = [f"verify once opened again: {difference}" for difference in verify(run).differences]
        after = [event.hash for event in read(run.log_path)]
    except RunNotFoundError:
        return [] if not before else ["it is told that a run with events never began"]
    except OverlordError as error:
        return [f"cannot be opened again: {error.message}"]
    return found if after[: len(before)] == before else [*found, "events are gone"]


async def _own(run: RunFolder) -> None:
    recorder = await Recorder.open(run, OWNER, clock=clock(), listen=lambda _event, _state: None)
    await recorder.aclose()


def lines(run: RunFolder | None) -> list[ev.Body | ev.UnknownBody]:
    """Return what a run's log says, as far as it is whole."""
    return [] if run is None or not run.log_path.exists() else [event.body for event in read(run.log_path)]


def synced_lines(run: RunFolder, ended: Ended) -> int:
    """Return how many lines of the log were on disk, and not only in the system's memory, when the process ended."""
    size = ended.synced.get(str(run.log_path), 0)
    return run.log_path.read_bytes()[:size].count(b"\n") if run.log_path.exists() else 0


def calls(api: FakeApi, tag: str) -> Counter[tuple[str, str]]:
    """Return how often the API was asked which message by which servant of a run."""
    texts = [asked.body["messages"][-1]["content"].split() for asked in api.requests if asked.body]
    return Counter((message, slot) for message, slot, of in texts if of == tag)


def told(ended: Ended) -> Iterator[Fact]:
    """Yield what a run told whoever reads its output, as text or as JSON."""
    for line in ended.err.splitlines():
        for pattern, kind in _TOLD:
            if match := pattern.fullmatch(line):
                yield (kind, *match.groups())
    for line in ended.out.splitlines():
        if line.startswith('{"schemaVersion"'):
            launched_or_done = json.loads(line)
            yield "created", launched_or_done["runId"]
            if "exit" in launched_or_done:
                yield "ended", launched_or_done["runId"], launched_or_done["state"]


def facts(events: list[ev.Body | ev.UnknownBody]) -> Iterator[Fact]:
    """Yield what a log says, in the words of `told`."""
    run_id = ""
    for body in events:
        match body:
            case ev.RunCreated():
                run_id = body.run_id
                yield "created", run_id
            case ev.ReplyReceived():
                yield "answered", body.message_id, body.slot
            case ev.RequestFailed():
                yield "failed", body.message_id, body.slot
            case ev.PreflightFailed():
                yield "ended", run_id, "failed"
            case ev.RunFinished():
                yield "ended", run_id, body.state
            case ev.RunStopped():
                yield "ended", run_id, "stopped"

"""A fault is told the same everywhere, in a council of one and of twenty, and touches no other servant."""

import dataclasses
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from canary import CANARY
from council_kit import Parts, carry_out
from faults.agreement import CouncilServer, council, disagreements, told_of
from faults.network import FAULTS, Fault
from faults.storage import DISK_FAULTS, DiskFault
from faults.witness import reopened
from overlord_run.credential import Credential
from overlord_run.engine.base import Engine, Failure, Lane, Reply, Request, Usage
from overlord_run.engine.endpoint import Endpoint
from overlord_run.errors import Exit, PreflightError, StoreError
from overlord_run.executor.council import Council
from overlord_run.store import events as ev
from overlord_run.store.disk import SystemDisk
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import body_to_json
from overlord_run.store.notation import encode
from overlord_run.store.recorder import Recorder
from overlord_run.store.verify import verify

Count = Callable[[str, object], None]
COUNCILS = pytest.mark.parametrize("servants", [1, 20])
BEFORE_ANY_CALL = {"closed", "untrusted"}
CALLS = [fault for fault in FAULTS if fault.door not in BEFORE_ANY_CALL]
SLOW = ("GiB", "endless")
QUICK = [fault for fault in CALLS if fault.kind != "timeout" and not any(word in fault.name for word in SLOW)]
SOUND = Parts()


def wrong(fault: Fault, servants: int, folder: Path, parts: Parts = SOUND) -> list[str]:
    return disagreements(fault, servants, told_of(fault, servants, folder, parts))


@COUNCILS
@pytest.mark.parametrize("fault", QUICK[::8], ids=lambda fault: fault.name)
def test_a_network_fault_is_told_the_same_everywhere_and_touches_no_other_servant(
    tmp_path: Path, fault: Fault, servants: int
) -> None:
    assert wrong(fault, servants, tmp_path) == []


@pytest.mark.sweep
@COUNCILS
def test_every_network_fault_is_told_the_same_everywhere_and_touches_no_other_servant(
    tmp_path: Path, record_property: Count, servants: int
) -> None:
    found = {fault.name: wrong(fault, servants, tmp_path / str(at)) for at, fault in enumerate(CALLS)}
    assert {name: said for name, said in found.items() if said} == {}
    record_property("network faults in whole councils", len(found))


@COUNCILS
@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.door in BEFORE_ANY_CALL], ids=lambda fault: fault.name
)
def test_a_fault_before_any_call_is_told_as_exit_4_and_nobody_is_asked(
    tmp_path: Path, fault: Fault, servants: int
) -> None:
    with CouncilServer(Fault(fault.name, fault.serve, None, door="https")).running() as base_url:
        with socket.create_server(("127.0.0.1", 0)) as other:
            closed = f"http://127.0.0.1:{other.getsockname()[1]}/v1"
        endpoint = Endpoint(closed if fault.door == "closed" else base_url, Credential(CANARY, name="SAKANA_API_KEY"))
        with pytest.raises(PreflightError) as caught:
            carry_out(tmp_path, council(servants), parts=Parts(endpoint=endpoint))
    run = RunFolder(tmp_path / "runs" / "run")
    registry = json.loads(run.registry_path.read_bytes())
    assert caught.value.exit is Exit.NOT_PROVED
    assert (registry["state"], registry["messages"]) == ("failed", [])
    assert {servant["state"] for servant in registry["servants"]} == {"pending"}
    assert (run.ledger_path.read_bytes(), list(run.journals_dir.iterdir())) == (b"", [])
    assert verify(run).differences == ()


def refused(fault: DiskFault, servants: int, folder: Path) -> list[str]:
    """Rehearse a council on a disk with this fault, and return what is wrong with how that ends."""
    disk, heard = fault.disk(), list[str]()

    def hear(body: ev.Body, _council: Council) -> None:
        heard.append(encode(body_to_json(body)))

    try:
        carry_out(folder, council(servants), watch=hear, parts=dataclasses.replace(SOUND, disk=disk))
        found = ["it was not told"]
    except StoreError as error:
        found = [] if error.exit is Exit.STORE else [f"exit {error.exit}"]
    run = RunFolder(folder / "runs" / "run")
    lines = run.log_path.read_text(encoding="ascii") if run.log_path.exists() else ""
    found += [] if disk.counted >= disk.at else ["the fault was not met"]
    found += [] if (lines == "") is fault.is_early else ["the run begins at another time than the table says"]
    found += [f"heard, and not on record: {fields}" for fields in heard if fields[1:-1] not in lines]
    found += [f"verify: {difference}" for difference in verify(run).differences]
    return found + reopened(run)


@COUNCILS
@pytest.mark.parametrize("fault", DISK_FAULTS, ids=lambda fault: fault.name)
def test_a_storage_fault_is_told_as_exit_74_and_all_that_was_heard_is_on_record(
    tmp_path: Path, fault: DiskFault, servants: int
) -> None:
    assert refused(fault, servants, tmp_path) == []


class SeededEngine:
    """An engine whose lanes have a bug."""

    def __init__(self, engine: Engine, bug: Callable[[Request, Reply | Failure], Reply | Failure]) -> None:
        self._engine = engine
        self._bug = bug

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @asynccontextmanager
    async def lane(self, request: Request) -> AsyncIterator[Lane]:
        async with self._engine.lane(request) as lane:
            yield SeededLane(lane, self._bug)


class SeededLane:
    def __init__(self, lane: Lane, bug: Callable[[Request, Reply | Failure], Reply | Failure]) -> None:
        self._lane = lane
        self._bug = bug

    async def ask(self, request: Request) -> Reply | Failure:
        return self._bug(request, await self._lane.ask(request))


def spoils_a_neighbour(request: Request, outcome: Reply | Failure) -> Reply | Failure:
    """Lose the answer of another servant."""
    is_neighbour = (request.message, request.slot) == ("after", "s2")
    return Failure("transport", "the connection broke") if is_neighbour else outcome


def calls_a_failure_an_answer(request: Request, outcome: Reply | Failure) -> Reply | Failure:
    """Make a text of a failure."""
    if isinstance(outcome, Reply):
        return outcome
    return Reply("Sorry.", "fugu", None, "stop", Usage())


class SettlesNothing(Recorder):
    """Forgets to say what a message came to that failed."""

    async def record(self, *bodies: ev.Body) -> None:
        await super().record(*[body for body in bodies if getattr(body, "state", "") != "failed"])


class TellsTheLedgerAnotherReason(SystemDisk):
    """Writes a failure into the ledger as none."""

    def write(self, fd: int, data: bytes | bytearray) -> int:
        is_failure = b'"responseText":null,"errorText":"' in data
        if not is_failure:
            return super().write(fd, data)
        return len(data) if super().write(fd, data.replace(b'"errorText":"', b'"errorText":"no ')) else 0


SEEDED = {
    "spoils a neighbour": Parts(engine=lambda engine: SeededEngine(engine, spoils_a_neighbour)),
    "calls a failure an answer": Parts(engine=lambda engine: SeededEngine(engine, calls_a_failure_an_answer)),
    "settles nothing that failed": Parts(recorder=SettlesNothing),
    "tells the ledger another reason": Parts(disk=TellsTheLedgerAnotherReason()),
}


@pytest.mark.parametrize("bug", SEEDED)
def test_agreement_finds_a_seeded_bug(tmp_path: Path, bug: str) -> None:
    fault = next(fault for fault in FAULTS if fault.name == "500")
    assert wrong(fault, 3, tmp_path, SEEDED[bug])

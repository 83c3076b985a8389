"""Let one call of a whole council meet a fault, and look whether everything that tells of it tells the same."""

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from msgspec import structs

from canary import CANARY, leaks_under
from council_kit import Parts, Record, carry_out
from faults.network import Fault, completion, encoded, head, reset_at_once
from faults.server import CERTIFICATE, FaultServer, Visit, tls
from overlord_run.app.exits import EXITS
from overlord_run.credential import Credential
from overlord_run.engine.endpoint import Endpoint
from overlord_run.errors import Exit
from overlord_run.executor.council import Council
from overlord_run.plan.model import Plan
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.verify import verify

VICTIM = "s1"


def council(servants: int) -> str:
    """Return a playbook in which all are asked, then the victim alone, then all again."""
    slots = "\n".join(f"  - {{slot: s{number}, role: critic}}" for number in range(1, servants + 1))
    return f"""\
overlord: 1
name: council
roles: {{critic: {{system: You criticise., task: Begin.}}}}
assignments:
{slots}
redirects:
  - {{id: probe, to: {VICTIM}, message: Go on.}}
  - {{id: after, to: all, after: [probe], message: And then?}}
"""


class CouncilServer:
    """An API on loopback, in a thread of its own, that answers every call but the one that meets the fault."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._ended = Event()
        self._ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.is_due = Event()
        self.met = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        """Give the API's base URL, to the end of the block."""
        self._thread.start()
        self._ready.wait()
        is_plain = self._fault.door == "http"
        try:
            yield f"{'http' if is_plain else 'https'}://127.0.0.1:{self._port}/v1"
        finally:
            self._ended.set()
            self._thread.join()

    async def _run(self) -> None:
        async with FaultServer(self._serve) as server:
            self._port = server.port
            self._ready.set()
            await asyncio.to_thread(self._ended.wait)

    async def _serve(self, visit: Visit) -> None:
        meets_fault = self.is_due.is_set()
        self.is_due.clear()
        self.met += meets_fault
        if self._fault.server_speaks_tls if meets_fault else self._fault.door != "http":
            await visit.writer.start_tls(tls())
        if meets_fault:
            await self._fault.serve(visit)
        else:
            await _answer(visit)


async def _answer(visit: Visit) -> None:
    """Answer one request as it should be answered, and close."""
    request = await visit.reader.readuntil(b"\r\n\r\n")
    if request.startswith(b"GET "):
        body = encoded({"data": [{"id": "fugu"}, {"id": "fugu-ultra"}]})
    else:
        lengths = [line for line in request.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await visit.reader.readexactly(int(lengths[0].split(b":")[1]))
        body = encoded(completion())
    await visit.send(head(200, "connection: close", length=len(body)) + body)


@dataclass(frozen=True)
class Told:
    """What is told of a run, by whom."""

    record: Record
    run: RunFolder
    met: int

    @property
    def registry(self) -> dict[str, Any]:
        """The registry."""
        content: dict[str, Any] = json.loads(self.run.registry_path.read_bytes())
        return content

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """The ledger's lines."""
        return [json.loads(line) for line in self.run.ledger_path.read_bytes().splitlines()]

    def journal(self, slot: str) -> list[dict[str, Any]]:
        """Return the lines of a servant's journal."""
        path = self.run.journals_dir / f"{slot}.jsonl"
        return [json.loads(line) for line in path.read_bytes().splitlines()]


def told_of(fault: Fault, servants: int, folder: Path, parts: Parts) -> Told:
    """Let the victim's call of the message `probe` meet the fault, and return what is told of the run."""
    server = CouncilServer(fault)

    def bound(plan: Plan) -> Plan:
        probe, after = plan.redirects
        return structs.replace(plan, redirects=(structs.replace(probe, timeout_s=fault.timeout_s), after))

    def watch(body: ev.Body, _council: Council) -> None:
        if isinstance(body, ev.RequestSent) and body.message_id == "probe":
            server.is_due.set()

    with server.running() as base_url:
        ca_file = None if fault.door == "http" else str(CERTIFICATE)
        endpoint = Endpoint(base_url, Credential(CANARY, name="SAKANA_API_KEY"), ca_file=ca_file)
        parts = dataclasses.replace(parts, endpoint=endpoint, plan=bound)
        record = carry_out(folder, council(servants), attempts=1, concurrency=20, watch=watch, parts=parts)
    return Told(record, RunFolder(folder / "runs" / "run"), server.met)


def disagreements(fault: Fault, servants: int, told: Told) -> list[str]:
    """Return what of a run is not told the same everywhere, or touches another servant."""
    found = [f"verify: {difference}" for difference in verify(told.run).differences]
    found += [f"the key: {where}" for where in leaks_under(told.run.path)]
    found += [] if told.met == 1 else [f"{told.met} calls met the fault"]
    expected = _if_answered(servants) if fault.kind is None else _if_failed(fault, servants, told)
    seen = _seen(told, servants)
    return found + [f"{name}: {seen[name]}, not {expected[name]}" for name in expected if seen[name] != expected[name]]


def _seen(told: Told, servants: int) -> dict[str, Any]:
    """Return what the log, the registry, the ledger, the journals and the exit code tell."""
    slots = [f"s{number}" for number in range(1, servants + 1)]
    failed = [body for body in told.record.events if isinstance(body, ev.RequestFailed)]
    registry = told.registry
    messages = {message["id"]: message for message in registry["messages"]}
    after = messages["after"]["servantResults"] if "after" in messages else []
    results = {result["slot"]: result for result in after}
    return {
        "log": [(body.message_id, body.slot, body.kind, body.status) for body in failed],
        "run": registry["state"],
        "servants": {servant["slot"]: servant["state"] for servant in registry["servants"]},
        "conversations": {servant["slot"]: servant["llmMessages"] for servant in registry["servants"]},
        "messages": {id_: message["state"] for id_, message in messages.items()},
        "probe": [result["failureReason"] for result in messages["probe"]["servantResults"]],
        "after": {slot: result["state"] for slot, result in results.items()},
        "ledger": [(line["messageId"], line["slot"], line["errorText"]) for line in told.ledger if line["errorText"]],
        "answers": len([line for line in told.ledger if line["responseText"]]),
        "journals": {
            slot: [line["text"] for line in told.journal(slot) if line["role"] == "failure"] for slot in slots
        },
        "exit": EXITS[told.record.state.state],
    }


def _if_answered(servants: int) -> dict[str, Any]:
    slots = [f"s{number}" for number in range(1, servants + 1)]
    return {
        "log": [],
        "run": "completed",
        "servants": dict.fromkeys(slots, "ready"),
        "conversations": dict.fromkeys(slots, 5) | {VICTIM: 7},
        "messages": {"startup": "completed", "probe": "completed", "after": "completed"},
        "probe": [None],
        "after": dict.fromkeys(slots, "completed"),
        "ledger": [],
        "answers": 2 * servants + 1,
        "journals": {slot: [] for slot in slots},
        "exit": Exit.OK,
    }


def _if_failed(fault: Fault, servants: int, told: Told) -> dict[str, Any]:
    failures = [body for body in told.record.events if isinstance(body, ev.RequestFailed)]
    reason = failures[0].reason if failures else "none"
    answered = _if_answered(servants)
    after = "partial" if servants > 1 else "failed"
    # A server in another thread may reset the connection before the client knows that it has one.
    is_early = fault.serve is reset_at_once and [body.kind for body in failures] == ["connect"]
    return answered | {
        "log": [("probe", VICTIM, "connect" if is_early else fault.kind, fault.status)],
        "run": "partial",
        "servants": answered["servants"] | {VICTIM: "blocked"},
        "conversations": answered["conversations"] | {VICTIM: 3},
        "messages": {"startup": "completed", "probe": "failed", "after": after},
        "probe": [reason],
        "after": answered["after"] | {VICTIM: "skipped"},
        "ledger": [("probe", VICTIM, reason)],
        "answers": 2 * servants - 1,
        "journals": answered["journals"] | {VICTIM: [reason]},
        "exit": Exit.FAILED,
    }

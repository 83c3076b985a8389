import asyncio
import dataclasses
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from canary import CANARY, leaks
from faults.network import FAULTS, GOOD_ANSWER, Fault, raw
from faults.server import CERTIFICATE, FaultServer
from overlord_run.credential import Credential
from overlord_run.engine.base import ChatMessage, Failure, Lane, Reply, Request
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.host.shell import Host

HOST = Host("linux", "bash", "posix")
CREDENTIAL = Credential(CANARY, name="SAKANA_API_KEY")
GRACE_S = 1.0


def engine(base_url: str, *, ca_file: str | None = None, concurrency: int = 1) -> ChatEngine:
    endpoint = Endpoint(base_url, CREDENTIAL, ca_file=ca_file)
    return ChatEngine(endpoint, models=("fugu",), host=HOST, concurrency=concurrency, clock=lambda: 60.0)


def question(timeout_s: float = 5.0, text: str = "Ready?") -> Request:
    return Request("alder", "startup", 1, "fugu", (ChatMessage("user", text),), {}, timeout_s)


@asynccontextmanager
async def opened(fault: Fault) -> AsyncIterator[tuple[FaultServer, ChatEngine]]:
    async with FaultServer(fault.serve, is_tls=fault.server_speaks_tls) as server:
        with socket.create_server(("127.0.0.1", 0)) as other:
            closed_port = other.getsockname()[1]
        scheme = "http" if fault.door in ("http", "closed") else "https"
        port = closed_port if fault.door == "closed" else server.port
        ca_file = str(CERTIFICATE) if fault.door == "https" else None
        tested = engine(f"{scheme}://127.0.0.1:{port}/v1", ca_file=ca_file)
        try:
            yield server, tested
        finally:
            await tested.aclose()


async def complaints(fault: Fault, seed: Callable[[Lane], Lane] = lambda lane: lane) -> list[str]:
    """Ask once and return what is wrong with the outcome."""
    async with opened(fault) as (server, tested):
        began, asked = time.monotonic(), question(fault.timeout_s)
        try:
            async with asyncio.timeout(fault.timeout_s + GRACE_S), tested.lane(asked) as lane:
                outcome = await seed(lane).ask(asked)
        except TimeoutError:
            return [f"no outcome {GRACE_S} s after the timeout"]
        except Exception as error:  # noqa: BLE001 - whatever a broken engine raises is what this looks for
            return [f"raised {type(error).__name__}"]
        took_s = time.monotonic() - began
        calls = max(server.chats, server.connections)
    found = [f"took {took_s:.1f} s"] if took_s > fault.timeout_s + GRACE_S else []
    found += [f"{calls} calls"] if calls > 1 else []
    found += [f"the key: {spelling}" for spelling in leaks(repr(outcome))]
    return found + list(_differences(fault, outcome))


def _differences(fault: Fault, outcome: Reply | Failure) -> list[str]:
    if isinstance(outcome, Reply):
        wanted = {"kind": fault.kind, "text": fault.text}
        seen = {"kind": None, "text": outcome.text}
    else:
        names = ("kind", "unbilled", "status", "retry_after_s")
        wanted = {name: getattr(fault, name) for name in names}
        seen = {name: getattr(outcome, name) for name in names}
    return [f"{name} {seen[name]!r}, not {wanted[name]!r}" for name in wanted if seen[name] != wanted[name]]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_network_fault_ends_as_the_table_says(fault: Fault) -> None:
    assert asyncio.run(complaints(fault)) == []


def test_the_table_has_one_row_a_mechanism() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 45


BIG = [
    fault
    for fault in FAULTS
    if "GiB" in fault.name or "TiB" in fault.name or "endless" in fault.name or "0,000" in fault.name
]


@pytest.mark.parametrize("fault", BIG, ids=lambda fault: fault.name)
def test_no_answer_takes_more_than_64_mb_of_memory(fault: Fault) -> None:
    patient = fault if fault.kind == "timeout" else dataclasses.replace(fault, timeout_s=60)
    tracemalloc.start()
    try:
        asyncio.run(complaints(patient))
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()


class Seeded:
    """A lane with a bug."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane

    async def ask(self, request: Request) -> Reply | Failure:
        return await self.lane.ask(request)


class AsksAgainAfter500(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        if isinstance(outcome, Failure) and outcome.status == 500:
            return await self.lane.ask(request)
        return outcome


class CallsATimeoutFree(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        is_late = isinstance(outcome, Failure) and outcome.kind == "timeout"
        return structs.replace(outcome, unbilled=True) if is_late else outcome


class CallsABadGatewayFree(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        is_502 = isinstance(outcome, Failure) and outcome.status == 502
        return structs.replace(outcome, unbilled=True) if is_502 else outcome


class HasNoDeadline(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        return await self.lane.ask(structs.replace(request, timeout_s=3600))


class TakesSilenceForText(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        if isinstance(outcome, Failure) and outcome.kind == "no-text":
            return Reply("", "fugu", None, "stop", usage=None)  # type: ignore[arg-type]
        return outcome


class RaisesWhatBroke(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        if isinstance(outcome, Failure) and outcome.kind == "transport":
            raise ConnectionError(outcome.reason)
        return outcome


class TellsTheKey(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        is_401 = isinstance(outcome, Failure) and outcome.status == 401
        return structs.replace(outcome, detail=f"bad key {CANARY}") if is_401 else outcome


class MixesUpQuotaAndPace(Seeded):
    async def ask(self, request: Request) -> Reply | Failure:
        outcome = await self.lane.ask(request)
        is_quota = isinstance(outcome, Failure) and outcome.kind == "quota"
        return structs.replace(outcome, kind="rate-limited", unbilled=True) if is_quota else outcome


@pytest.mark.parametrize(
    ("bug", "rows"),
    [
        (AsksAgainAfter500, {"500", "500 that asks to come again"}),
        (CallsATimeoutFree, {"hangs before the status line", "drips a byte at a time"}),
        (CallsABadGatewayFree, {"502"}),
        (HasNoDeadline, {"hangs amid the body", "TLS handshake hangs", "drips a byte at a time"}),
        (TakesSilenceForText, {"content null", "content blank"}),
        (RaisesWhatBroke, {"reset after the request", "HTTP/0.9"}),
        (TellsTheKey, {"the key in an error"}),
        (MixesUpQuotaAndPace, {"429 for quota by code", "402"}),
    ],
)
def test_the_table_catches_a_seeded_bug(bug: type[Seeded], rows: set[str]) -> None:
    caught = {fault.name for fault in FAULTS if fault.name in rows and asyncio.run(complaints(fault, bug))}
    assert caught == rows


@given(at=st.integers(0, len(GOOD_ANSWER)), removed=st.integers(0, 60), put=st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_damage_to_an_answer_ends_in_an_outcome(at: int, removed: int, put: bytes) -> None:
    damaged = GOOD_ANSWER[:at] + put + GOOD_ANSWER[at + removed :]
    found = asyncio.run(complaints(Fault("damaged", raw(damaged), None)))
    assert not [complaint for complaint in found if complaint.startswith(("raised", "took", "no outcome", "the key"))]

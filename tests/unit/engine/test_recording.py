"""Every exchange is kept before anyone acts on it, and after one that could not be kept nothing is sent."""

import asyncio
import json
from typing import Any

import httpx

from fake_api import Answer, FakeApi
from overlord_run.credential import Redactor, parse_credential
from overlord_run.engine.base import ChatMessage, Failure, Reply, Request
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.exchange import read_exchange
from overlord_run.engine.foreign import Fault
from overlord_run.engine.lanes import Connection
from overlord_run.engine.recording import RecordingTransport
from overlord_run.engine.wire import exchange
from overlord_run.host.shell import Host

KEY = "sk-secret-0123456789"
ASKED = Request("alder", "rank", 1, "fugu", (ChatMessage("user", "Rank."),), {}, 5.0)


class Shelf:
    """Keeps lines in memory until it breaks."""

    def __init__(self, room: int = 100) -> None:
        self.lines: list[Any] = []
        self.room = room

    @property
    def is_broken(self) -> bool:
        return len(self.lines) > self.room

    async def keep(self, line: bytes) -> None:
        self.lines.append(json.loads(line))


class Line(httpx.AsyncBaseTransport):
    """A transport that hangs, breaks, or answers."""

    def __init__(self, outcome: httpx.Response | Exception | None) -> None:
        self.outcome = outcome
        self.is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.outcome is None:
            await asyncio.Event().wait()
        if isinstance(self.outcome, httpx.Response):
            return self.outcome
        raise self.outcome or AssertionError

    async def aclose(self) -> None:
        self.is_closed = True


def keep(outcome: httpx.Response | Exception | None, shelf: Shelf, *, timeout_s: float = 5.0) -> Any:
    async def go() -> Any:
        transport = RecordingTransport(Line(outcome), shelf, Redactor(None), lambda: 0.0)
        request = httpx.Request(
            "POST", "http://127.0.0.1/v1/chat/completions", json={}, extensions={"overlord": ("alder", "rank", 1, 0)}
        )
        return await exchange(Connection(transport), request, timeout_s=timeout_s)

    return asyncio.run(go())


def test_a_run_against_an_api_is_kept_whole_and_without_the_key() -> None:
    async def go(api: FakeApi) -> list[Reply | Failure]:
        endpoint = Endpoint(api.base_url, parse_credential(KEY, name="KEY"))
        engine = ChatEngine(endpoint, models=("fugu",), host=Host("linux", "bash", "posix"), keeper=shelf)
        await engine.preflight(no_probe)
        found = []
        for _ in range(2):
            async with engine.lane(ASKED) as lane:
                found.append(await lane.ask(ASKED))
        await engine.aclose()
        return found

    async def no_probe(_model: str) -> None:
        raise AssertionError

    shelf = Shelf()
    with FakeApi(key=KEY) as api:
        api.answer("fugu", Answer(status=503, headers={"retry-after": "1"}), Answer(f"I know {KEY}."))
        failure, reply = asyncio.run(go(api))
    assert [line["type"] for line in shelf.lines] == ["models", "chat", "chat"]
    assert KEY not in json.dumps(shelf.lines)
    assert isinstance(failure, Failure)
    assert isinstance(reply, Reply)
    answers = [line["answer"] for line in shelf.lines[1:]]
    assert [one["status"] for one in answers] == [503, 200]
    assert answers[0]["headers"]["retry-after"] == "1"
    assert answers[1]["json"]["choices"][0]["message"]["content"] == reply.text == "I know [redacted]."
    assert shelf.lines[1]["request"] == ASKED.body()


def test_what_is_kept_is_what_the_code_above_the_socket_saw() -> None:
    for outcome in (httpx.Response(500, text="no"), httpx.ConnectError(""), httpx.ReadError("")):
        shelf = Shelf()
        seen = keep(outcome, shelf)
        kept = read_exchange(shelf.lines[0]).outcome
        assert type(kept) is type(seen)
        if isinstance(seen, Fault):
            assert kept == seen
        else:
            assert (kept.status, kept.body) == (seen.status, seen.body)


def test_an_answer_that_was_waited_for_in_vain_is_kept_as_that() -> None:
    shelf = Shelf()
    assert keep(None, shelf, timeout_s=0.0) == Fault("timeout", "no whole answer within 0 s")
    assert shelf.lines[0]["fault"]["kind"] == "timeout"


def test_an_exchange_that_a_person_cuts_off_has_no_outcome_to_keep() -> None:
    async def go() -> None:
        transport = RecordingTransport(Line(None), shelf, Redactor(None), lambda: 0.0)
        request = httpx.Request("GET", "http://127.0.0.1/v1/models")
        call = asyncio.create_task(exchange(Connection(transport), request, timeout_s=60))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()

    shelf = Shelf()
    asyncio.run(go())
    assert shelf.lines == []


def test_nothing_is_sent_after_an_exchange_that_could_not_be_kept() -> None:
    shelf = Shelf(room=-1)
    fault = keep(AssertionError("it was sent"), shelf)
    assert fault == Fault(
        "not-recorded", "nothing was sent, since the recording cannot be written any more", unbilled=True
    )
    assert shelf.lines == []


def test_closing_it_closes_what_it_stands_before() -> None:
    inner = Line(None)
    asyncio.run(RecordingTransport(inner, Shelf(), Redactor(None), lambda: 0.0).aclose())
    assert inner.is_closed

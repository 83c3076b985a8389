import asyncio
import base64

import pytest
from msgspec import structs

from canary import CANARY as KEY
from fake_api import Answer, FakeApi
from faults.network import GOOD, GOOD_ANSWER, answer, completion, encoded, head, raw
from faults.server import FaultServer, Visit
from overlord_run.credential import Credential
from overlord_run.engine.base import ChatMessage, Engine, Failure, Reply, Request, Usage
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.host.shell import Host

HOST = Host("linux", "bash", "posix")
CREDENTIAL = Credential(KEY, name="SAKANA_API_KEY")
STALE = encoded(completion("An answer to nobody's question."))


def engine(base_url: str, concurrency: int = 1) -> ChatEngine:
    return ChatEngine(
        Endpoint(base_url, CREDENTIAL), models=("fugu", "fugu-ultra"), host=HOST, concurrency=concurrency, timeout_s=5.0
    )


def question(text: str = "Ready?", timeout_s: float = 5.0, **params: object) -> Request:
    messages = (ChatMessage("system", "You are alder."), ChatMessage("user", text))
    return Request("alder", "startup", 1, "fugu", messages, params, timeout_s)


async def ask(tested: Engine, request: Request) -> Reply | Failure:
    async with tested.lane(request) as lane:
        return await lane.ask(request)


def test_a_question_gets_its_answer() -> None:
    async def go(base_url: str) -> Reply | Failure:
        tested = engine(base_url)
        try:
            return await ask(tested, question(max_tokens=64, temperature=0.5))
        finally:
            await tested.aclose()

    with FakeApi(key=KEY) as api:
        api.answer("fugu", Answer("I am ready."))
        reply = asyncio.run(go(api.base_url))
    assert reply == Reply("I am ready.", "fugu", "req-fugu-1", "stop", Usage(120, 30, 20, 10, 40, 4, 12))
    (asked,) = api.requests
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "fugu",
        "messages": [{"role": "system", "content": "You are alder."}, {"role": "user", "content": "Ready?"}],
        "max_tokens": 64,
        "temperature": 0.5,
    }


def test_slot_message_and_attempt_never_go_over_the_wire() -> None:
    request = structs.replace(question(), slot="slot_canary", message="message_canary", attempt=7_000_000_077)

    async def go() -> bytes:
        async with FaultServer(raw(GOOD_ANSWER)) as server:
            tested = engine(server.base_url)
            await ask(tested, request)
            await tested.aclose()
            return server.requests[0]

    sent = asyncio.run(go())
    assert b"canary" not in sent.replace(KEY.encode(), b"")
    assert b"7000000077" not in sent


@pytest.mark.parametrize(
    "text",
    [KEY, f"Use {KEY}!", base64.b64encode(f"k={KEY}".encode()).decode(), "".join(f"\\x{ord(c):02x}" for c in KEY)],
    ids=["bare", "within", "base64", "escaped"],
)
def test_a_prompt_that_holds_the_key_is_not_sent(text: str) -> None:
    async def go() -> tuple[Reply | Failure, int]:
        async with FaultServer(raw(GOOD_ANSWER)) as server:
            return await ask(engine(server.base_url), question(text)), server.connections

    failure = Failure("key-in-prompt", "the prompt holds the API key, so nothing was sent")
    assert asyncio.run(go()) == (failure, 0)


def test_a_model_or_parameter_that_holds_the_key_is_not_sent_either() -> None:
    async def go() -> tuple[list[Reply | Failure], int]:
        async with FaultServer(raw(GOOD_ANSWER)) as server:
            tested = engine(server.base_url)
            requests = [question(user=[KEY]), structs.replace(question(), model=KEY)]
            return [await ask(tested, request) for request in requests], server.connections

    failure = Failure("key-in-prompt", "the prompt holds the API key, so nothing was sent")
    assert asyncio.run(go()) == ([failure, failure], 0)


def test_a_broken_answer_keeps_its_request_id() -> None:
    async def go() -> Reply | Failure:
        async with FaultServer(raw(head(200, "x-request-id: req-\x1b7", length=100) + b"{")) as server:
            return await ask(engine(server.base_url), question())

    failure = asyncio.run(go())
    assert failure == Failure("transport", "the answer broke off or is not HTTP", status=200, request_id="req-7")


async def serve_for_ever(visit: Visit) -> None:
    while True:
        await raw(GOOD_ANSWER)(visit)


def test_a_connection_is_kept_for_the_next_call() -> None:
    async def go() -> tuple[int, int]:
        async with FaultServer(serve_for_ever) as server:
            tested = engine(server.base_url)
            for _ in range(5):
                assert isinstance(await ask(tested, question()), Reply)
            await tested.aclose()
            return server.chats, server.connections

    assert asyncio.run(go()) == (5, 1)


def test_a_kept_connection_that_the_server_closed_costs_nothing() -> None:
    async def go() -> tuple[int, int]:
        gone = asyncio.Event()

        async def serve_once(visit: Visit) -> None:
            await raw(GOOD_ANSWER)(visit)
            visit.writer.close()
            await visit.writer.wait_closed()
            gone.set()

        async with FaultServer(serve_once) as server:
            tested = engine(server.base_url)
            for _ in range(3):
                gone.clear()
                assert isinstance(await ask(tested, question()), Reply)
                await gone.wait()
            await tested.aclose()
            return server.chats, server.connections

    assert asyncio.run(go()) == (3, 3)


def test_a_kept_connection_that_closes_as_the_question_arrives_may_have_been_billed() -> None:
    async def serve_once(visit: Visit) -> None:
        await raw(GOOD_ANSWER)(visit)
        await visit.read_request()

    async def go() -> tuple[Reply | Failure, int]:
        async with FaultServer(serve_once) as server:
            tested = engine(server.base_url)
            await ask(tested, question())
            outcome = await ask(tested, question())
            await tested.aclose()
            return outcome, server.chats

    assert asyncio.run(go()) == (Failure("transport", "the answer broke off or is not HTTP"), 2)


def test_an_answer_that_was_there_before_the_question_is_nobodys() -> None:
    async def say_more(visit: Visit) -> None:
        await raw(GOOD_ANSWER + head(length=len(STALE)) + STALE)(visit)
        await visit.hang()

    async def go() -> tuple[list[Reply | Failure], int]:
        async with FaultServer(say_more) as server:
            tested = engine(server.base_url)
            outcomes = [await ask(tested, question()) for _ in range(3)]
            await tested.aclose()
            return outcomes, server.connections

    outcomes, connections = asyncio.run(go())
    assert [outcome.text for outcome in outcomes if isinstance(outcome, Reply)] == ["Ready."] * 3
    assert connections == 3


async def cancel_once(base_url: str, asked: asyncio.Event) -> ChatEngine:
    """Return an engine whose first call was cancelled as soon as the server had heard of it."""
    tested = engine(base_url)
    call = asyncio.create_task(ask(tested, question()))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    return tested


def test_a_call_that_is_cancelled_leaves_its_lane_to_the_next() -> None:
    async def go() -> tuple[Reply | Failure, int]:
        asked = asyncio.Event()

        async def hang_once(visit: Visit) -> None:
            if not asked.is_set():
                await visit.read_request()
                asked.set()
                await visit.hang()
            await serve_for_ever(visit)

        async with FaultServer(hang_once) as server:
            tested = await cancel_once(server.base_url, asked)
            outcome = await ask(tested, question())
            await tested.aclose()
            return outcome, server.connections

    outcome, connections = asyncio.run(go())
    assert isinstance(outcome, Reply)
    assert connections == 2


def test_a_call_that_is_cancelled_amid_a_handshake_closes_its_socket() -> None:
    async def go() -> bytes:
        asked = asyncio.Event()
        rest = asyncio.get_running_loop().create_future()

        async def no_handshake(visit: Visit) -> None:
            await visit.reader.readexactly(5)
            asked.set()
            rest.set_result(await visit.reader.read())

        async with FaultServer(no_handshake) as server:
            await cancel_once(server.base_url.replace("http:", "https:"), asked)
            return await rest

    assert asyncio.run(go())[:1] == b"\x01"  # what follows a record's header is the client's hello


def test_calls_in_flight_stay_within_concurrency_and_each_gets_its_own_answer() -> None:
    async def go(base_url: str) -> list[Reply | Failure]:
        tested = engine(base_url, concurrency=4)
        outcomes = await asyncio.gather(*[ask(tested, question(f"Question {number}?")) for number in range(24)])
        await tested.aclose()
        return outcomes

    with FakeApi() as api:
        outcomes = asyncio.run(go(api.base_url))
    assert sorted(outcome.text for outcome in outcomes) == sorted(f"Answer {n} of fugu." for n in range(1, 25))
    assert api.chats == 24


def test_a_date_in_retry_after_is_counted_from_the_clock() -> None:
    async def go() -> Reply | Failure:
        serve = answer(b"", 503, "retry-after: Thu, 01 Jan 1970 00:01:30 GMT")
        async with FaultServer(serve) as server:
            tested = ChatEngine(Endpoint(server.base_url), models=(), host=HOST, clock=lambda: 80.0)
            failure = await ask(tested, question())
            await tested.aclose()
            return failure

    failure = asyncio.run(go())
    assert isinstance(failure, Failure)
    assert failure.retry_after_s == 10.0


def test_the_engine_is_called_chat() -> None:
    assert engine("http://127.0.0.1:1/v1").name == "chat"


def test_the_good_answer_of_the_table_is_good() -> None:
    assert GOOD in GOOD_ANSWER

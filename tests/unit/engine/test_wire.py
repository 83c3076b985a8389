import asyncio
import ssl

import httpx
import pytest

from overlord_run.engine.foreign import Fault, translate
from overlord_run.engine.lanes import Connection
from overlord_run.engine.wire import Answer, NoAnswerError, exchange


class Wire(httpx.AsyncBaseTransport):
    """A transport that answers with what it is given, or raises it."""

    def __init__(self, outcome: httpx.Response | Exception) -> None:
        self.outcome = outcome

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.outcome, httpx.Response):
            return self.outcome
        raise self.outcome


class Hasty(httpx.AsyncBaseTransport):
    """A transport that has its answer before the event loop turns."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("http11.receive_response_headers.started", {"request": request})
        return httpx.Response(200, content=b"{}")


def attempt(outcome: httpx.Response | Exception) -> tuple[Answer | Fault, bool]:
    connection = Connection(Wire(outcome))
    request = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")
    return asyncio.run(exchange(connection, request, timeout_s=5)), connection.spoiled


@pytest.mark.parametrize("error", [httpx.ConnectError("secret"), ssl.SSLError("secret"), UnicodeError("secret")])
def test_what_breaks_is_a_fault_and_spoils_the_connection(error: Exception) -> None:
    assert attempt(error) == (translate(error, 5, is_connecting=False), True)


def test_a_bug_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        attempt(ZeroDivisionError())


def test_an_unmet_script_is_a_fault_of_its_own() -> None:
    assert attempt(NoAnswerError(fault=Fault("script", "it lacks x")))[0] == Fault("script", "it lacks x")


def test_a_whole_answer_leaves_the_connection_fit() -> None:
    answer, spoiled = attempt(httpx.Response(200, headers={"X-Request-Id": "req-1"}, content=b"{}"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-request-id"], answer.body, spoiled) == (200, "req-1", b"{}", False)


def test_an_answer_that_was_there_before_the_question_is_nobodys() -> None:
    connection = Connection(Hasty())
    request = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")
    fault = asyncio.run(exchange(connection, request, timeout_s=5))
    assert fault == Fault("transport", "the server answered before it was asked")
    assert connection.spoiled


def test_a_refusal_that_is_too_large_is_cut_and_spoils_the_connection() -> None:
    answer, spoiled = attempt(httpx.Response(500, content=b"x" * 300_000))
    assert isinstance(answer, Answer)
    assert (answer.status, len(answer.body), spoiled) == (500, 262_144, True)


def test_a_fault_after_the_head_keeps_status_and_headers() -> None:
    fault, _ = attempt(httpx.Response(200, headers={"x-request-id": "req-1"}, content=b"x" * 9_000_000))
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.reason) == ("too-large", "the answer is larger than 8192 KiB")
    assert (fault.status, fault.headers["x-request-id"]) == (200, "req-1")

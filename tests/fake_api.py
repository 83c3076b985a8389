"""A chat API on loopback that answers as it is told and remembers what it was asked.

```
with FakeApi(models=("fugu", "fugu-ultra"), key="sk-canary-0123456789") as api:
    api.answer("fugu", Answer("Ready."), Answer(status=500))
    ... base URL: api.base_url ...
    assert api.chats == 2
```

Each model has a queue of answers; where it is empty, the API answers `Answer N of MODEL.`.
"""

import asyncio
import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {
        "cached_tokens": 20,
        "orchestration_input_tokens": 40,
        "orchestration_input_cached_tokens": 4,
    },
    "completion_tokens_details": {"reasoning_tokens": 10, "orchestration_output_tokens": 12},
}


@dataclass(frozen=True)
class Answer:
    """What the API answers once.

    Attributes:
        text: The assistant's text; None gives `content: null`.
        status: Another one than 200 gives an error body.
        headers: Beside the usual ones; `x-request-id` may be overridden.
        body: Sent as it stands in place of everything above; a `str` or `bytes` raw, else as JSON.
        usage: None leaves it out.
        delay_s: How long the API thinks.
    """

    text: str | None = "Ready."
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    usage: Mapping[str, Any] | None = field(default_factory=lambda: USAGE)
    finish_reason: str = "stop"
    delay_s: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A request as it arrived. Header names are in lower case; `body` is None where it was no JSON, or broke off."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class FakeApi:
    """The API, from `with` to its end.

    Args:
        models: The ids that `/v1/models` lists.
        key: The only key that is taken; None takes any, and none.
        listing: An answer to give to `/v1/models` in place of the list.
    """

    def __init__(
        self,
        models: tuple[str, ...] = ("fugu", "fugu-ultra"),
        *,
        key: str | None = None,
        listing: Answer | None = None,
    ) -> None:
        self.models = models
        self.key = key
        self.listing = listing
        self.requests: list[Asked] = []
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._given: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        routes = [Route("/v1/models", self._list), Route("/v1/chat/completions", self._chat, methods=["POST"])]
        config = uvicorn.Config(
            Starlette(routes=routes),
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    @property
    def base_url(self) -> str:
        """The base URL, with `/v1`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    @property
    def chats(self) -> int:
        """How many chat calls have arrived."""
        return sum(request.path == "/v1/chat/completions" for request in self.requests)

    def answer(self, model: str, *answers: Answer) -> None:
        """Queue answers for a model."""
        with self._lock:
            self._answers[model].extend(answers)

    def __enter__(self) -> Self:
        self._thread.start()  # the socket listens already: what connects before the server is up waits in its backlog
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    async def _list(self, request: Request) -> Response:
        await self._note(request)
        if self._is_refused(request):
            return _error(401, "Incorrect API key provided", code="invalid_api_key")
        if self.listing is not None:
            return await self._respond(self.listing, model="", number=0)
        data = [{"id": id_, "object": "model", "created": 0, "owned_by": "fake"} for id_ in self.models]
        return JSONResponse({"object": "list", "data": data})

    async def _chat(self, request: Request) -> Response:
        asked = await self._note(request)
        if self._is_refused(request):
            return _error(401, "Incorrect API key provided", code="invalid_api_key")
        if not isinstance(asked.body, dict) or not asked.body.get("messages"):
            return _error(400, "messages are missing", code="invalid_request")
        model = asked.body.get("model")
        if model not in self.models:
            return _error(404, f"The model {model!r} does not exist", code="model_not_found")
        with self._lock:
            self._given[model] += 1
            number, queue = self._given[model], self._answers[model]
            answer = queue.popleft() if queue else Answer(f"Answer {number} of {model}.")
        return await self._respond(answer, model=model, number=number)

    async def _note(self, request: Request) -> Asked:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw else None
        except (ClientDisconnect, ValueError):
            body = None
        asked = Asked(request.method, request.url.path, dict(request.headers), body)
        self.requests.append(asked)
        return asked

    def _is_refused(self, request: Request) -> bool:
        return self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}"

    async def _respond(self, answer: Answer, *, model: str, number: int) -> Response:
        await asyncio.sleep(answer.delay_s)
        headers = {"x-request-id": f"req-{model}-{number}", **answer.headers}
        if isinstance(answer.body, str | bytes):
            return Response(answer.body, answer.status, headers)
        if answer.body is not None:
            return JSONResponse(answer.body, answer.status, headers)
        if answer.status != 200:
            return _error(answer.status, "scripted", headers=headers)
        return JSONResponse(completion(answer, model, number), answer.status, headers)


def completion(answer: Answer, model: str, number: int) -> dict[str, Any]:
    """Return a chat completion as the real API shapes it."""
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    return {
        "id": f"chatcmpl-{model}-{number}",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}],
        **({} if answer.usage is None else {"usage": answer.usage}),
    }


def _error(
    status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    error = {"message": message, "type": "fake_error", "param": None, "code": code}
    return JSONResponse({"error": error}, status, headers)

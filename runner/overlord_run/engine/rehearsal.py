"""Answer in the network's place: the same question gives the same reply, or what a script says."""

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx

from overlord_run.engine.base import EngineName
from overlord_run.engine.foreign import Fault
from overlord_run.engine.script import Script, ScriptedAnswer
from overlord_run.engine.wire import NoAnswerError
from overlord_run.expect.instance import NoInstanceError, instance
from overlord_run.plan.estimate import tokens

SHOWN: Final = 60
NOT_SCRIPTED: Final = ScriptedAnswer()


class RehearsalTransport(httpx.AsyncBaseTransport):
    """A transport that costs nothing and needs no key.

    Attributes:
        name: What the records call the engine that it makes.

    Args:
        models: The ids that `/models` lists.
        script: What to answer to whom, and what to break; without one every answer is made from its question.
        schema_of: Gives the schema that the answer of a slot to a message must fit; None where it may be any text.
    """

    name: EngineName = "rehearsal"

    def __init__(
        self,
        models: Sequence[str],
        script: Script | None = None,
        schema_of: Callable[[str, str], Mapping[str, Any] | None] = lambda _slot, _message: None,
    ) -> None:
        self._models = tuple(models)
        self._script = script or Script({})
        self._schema_of = schema_of

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request as the API would."""
        if request.method == "GET":
            return httpx.Response(200, json={"object": "list", "data": [_model(id_) for id_ in self._models]})
        slot, message, attempt, repair = request.extensions["overlord"]
        body = json.loads(request.read())
        answer = (self._script.find(slot, message) or NOT_SCRIPTED).after(repair)
        _require(answer, "\n".join(turn["content"] for turn in body["messages"]))
        if answer.is_faulty(attempt):
            faulty = await _break(answer, body)
            if faulty is not None:
                return faulty
        return _completion(body, self._made_up(slot, message, body) if answer.text is None else answer.text)

    def _made_up(self, slot: str, message: str, body: Mapping[str, Any]) -> str:
        schema = self._schema_of(slot, message)
        if schema is None:
            return _made_up(slot, message, body)
        try:
            return json.dumps(instance(schema), ensure_ascii=False)
        except NoInstanceError as error:
            raise _unmet(reason=f"a rehearsal needs a script here: {error.reason}") from error


def _model(id_: str) -> dict[str, str]:
    return {"id": id_, "object": "model", "owned_by": "rehearsal"}


def _require(answer: ScriptedAnswer, asked: str) -> None:
    """Check what the script wants of a request.

    Raises:
        NoAnswerError: The request does not have it.
    """
    for text in answer.contains:
        if text not in asked:
            raise _unmet(reason=f"the script wants the request to contain {_shown(text)}, and it does not")
    for text in answer.lacks:
        if text in asked:
            raise _unmet(reason=f"the script wants the request to lack {_shown(text)}, and it contains it")


def _unmet(*, reason: str) -> NoAnswerError:
    return NoAnswerError(fault=Fault("script", reason))


def _shown(text: str) -> str:
    return json.dumps(text if len(text) <= SHOWN else text[:SHOWN] + "…", ensure_ascii=False)


async def _break(answer: ScriptedAnswer, body: Mapping[str, Any]) -> httpx.Response | None:
    """Do the harm that the script asks for; None where that was only to be slow."""
    await asyncio.sleep(answer.slow_s)
    if answer.status is not None:
        headers = {} if answer.retry_after_s is None else {"retry-after": f"{answer.retry_after_s:g}"}
        error = {"message": "the rehearsal's script says so", "type": "scripted", "code": None}
        return httpx.Response(answer.status, json={"error": error}, headers=headers)
    match answer.fault:
        case "timeout":
            raise httpx.ReadTimeout(message="")
        case "die":
            # SIGKILL cannot be handled; where there is none (Windows), any signal but the console's ends the process.
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        case "malformed":
            return httpx.Response(200, text="this is not JSON")
        case "empty":
            return _completion(body, "")
        case None:
            pass
    return None


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode("ascii")).hexdigest()[:12]


def _made_up(slot: str, message: str, body: Mapping[str, Any]) -> str:
    turns = body["messages"]
    characters = sum(len(turn["content"]) for turn in turns)
    return (
        f"This is a rehearsal: no model was asked. The servant {slot} would answer {message} here. "
        f"It was asked {len(turns)} messages of {characters} characters in all, digest {_digest(body)}."
    )


def _completion(body: Mapping[str, Any], text: str) -> httpx.Response:
    prompt, completion = sum(tokens(turn["content"]) for turn in body["messages"]), tokens(text)
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    answer = {
        "id": f"rehearsal-{_digest(body)}",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [choice],
        "usage": usage,
    }
    return httpx.Response(200, json=answer)

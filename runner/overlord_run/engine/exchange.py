"""Write one exchange as a line of a recording, and read it back: what was asked, and what came of it.

A line holds what the code above the socket saw: the answer once it is whole and no longer compressed, or why there was
none. Of headers only those are kept that the engine reads. A body that is JSON is kept as a value: so the key is found
in each of its texts however it was escaped, and a person can read it.
"""

import functools
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from jsonschema import Draft7Validator
from msgspec import Struct

from overlord_run.credential import Redactor
from overlord_run.engine.base import EngineName
from overlord_run.engine.foreign import Fault
from overlord_run.engine.payload import MOST_BRACKETS, MalformedError, parse_json
from overlord_run.engine.quote import sentence
from overlord_run.engine.wire import Answer
from overlord_run.playbook.names import shown
from overlord_run.playbook.schema import load

VERSION: Final = 1
HEADERS: Final = ("content-type", "retry-after", "retry-after-ms", "x-request-id")
DEEPEST: Final = 100
"""A body that is nested deeper is kept as the text that it is."""


class Asked(Struct, frozen=True):
    """A chat completion that was asked for.

    Attributes:
        slot: The servant that asked; empty for a probe.
        message: The message's id.
        attempt: From 1.
        repair: How many answers of this message were refused before.
        request: The request's body.
    """

    slot: str
    message: str
    attempt: int
    repair: int
    request: Mapping[str, Any]


class Exchange(Struct, frozen=True):
    """One request and what came of it.

    Attributes:
        at: When it ended, in seconds since the epoch.
        asked: None where it was `GET /models`.
    """

    at: float
    asked: Asked | None
    outcome: Answer | Fault


class MisfitError(ValueError):
    """A line is none of a recording; `reason` says why, the end of a sentence that begins with the line."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def header_line(recording_id: str, engine: EngineName) -> bytes:
    """Return the first line of a recording: its own id, and what answers in it."""
    return _line({"type": "recording", "schemaVersion": VERSION, "id": recording_id, "engine": engine})


def exchange_line(exchange: Exchange, redactor: Redactor) -> bytes:
    """Return the line of an exchange, ASCII, without the key."""
    asked, facts = exchange.asked, dict[str, Any]()
    if asked is not None:
        facts = {"slot": asked.slot, "message": asked.message, "attempt": asked.attempt, "repair": asked.repair}
        facts["request"] = _clean(asked.request, redactor)
    kind = "models" if asked is None else "chat"
    return _line({"type": kind, "at": _moment(exchange.at), **facts, **_outcome(exchange.outcome, redactor)})


def read_line(line: bytes) -> dict[str, Any]:
    """Return the value of a line, which is what the schema of a recording says.

    Raises:
        MisfitError: It is not.
    """
    if line.count(b"[") + line.count(b"{") > 2 * MOST_BRACKETS:
        raise MisfitError(reason="has too many parts")
    try:
        value = json.loads(line.decode("utf-8"))
        json.dumps(value, allow_nan=False)  # whatever cannot be written again is no line of ours
    except (ValueError, RecursionError) as error:
        raise MisfitError(reason="is not JSON") from error
    version = value.get("schemaVersion") if isinstance(value, dict) else None
    if type(version) is int and version > VERSION:
        raise MisfitError(reason=f"is of version {version}, and this program reads version {VERSION}")
    misfit = next(_validator().iter_errors(value), None)
    if misfit is not None:
        place = shown(misfit.json_path)
        raise MisfitError(reason=f"does not fit the schema of a recording: {place}, {misfit.validator}")
    try:
        _seconds(value.get("at", "2026-11-22"))
    except ValueError as error:
        raise MisfitError(reason="has a time that there is not") from error
    return dict(value)


def read_exchange(value: Mapping[str, Any]) -> Exchange:
    """Return the exchange that the value of a line is."""
    asked = None
    if value["type"] == "chat":
        asked = Asked(value["slot"], value["message"], value["attempt"], value["repair"], value["request"])
    return Exchange(_seconds(value["at"]), asked, _read_outcome(value))


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _outcome(outcome: Answer | Fault, redactor: Redactor) -> dict[str, Any]:
    headers = {name: redactor.redact(outcome.headers[name]) for name in HEADERS if name in outcome.headers}
    if isinstance(outcome, Answer):
        return {"answer": {"status": outcome.status, "headers": headers, **_body(outcome.body, redactor)}}
    facts = {"kind": outcome.kind, "reason": redactor.redact(outcome.reason), "unbilled": outcome.unbilled}
    return {"fault": {**facts, "cause": outcome.cause, "status": outcome.status, "headers": headers}}


def _read_outcome(value: Mapping[str, Any]) -> Answer | Fault:
    if "answer" in value:
        answer = value["answer"]
        body = answer["text"] if "text" in answer else json.dumps(answer["json"])
        return Answer(answer["status"], _headers(answer["headers"]), body.encode("utf-8", "replace"))
    fault = value["fault"]
    return Fault(
        kind=fault["kind"],
        reason=sentence(fault["reason"], Redactor(None)),
        unbilled=fault["unbilled"],
        cause=fault["cause"],
        status=fault["status"],
        headers=_headers(fault["headers"]),
    )


def _headers(named: Mapping[str, str]) -> httpx.Headers:
    return httpx.Headers(dict(named), encoding="utf-8")


def _body(body: bytes, redactor: Redactor) -> dict[str, Any]:
    try:
        return {"json": _clean(parse_json(body), redactor)}
    except (MalformedError, _NoValueError):
        return {"text": redactor.redact(body.decode("utf-8", "replace"))}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


class _NoValueError(ValueError):
    """A value is nested too deeply, or holds a number that JSON cannot write."""


def _clean(value: Any, redactor: Redactor, depth: int = 0) -> Any:
    """Return a JSON value without the key in any of its texts."""
    match value:
        case str():
            return redactor.redact(value)
        case dict() | list() if depth == DEEPEST:
            raise _NoValueError
        case dict():
            return {redactor.redact(name): _clean(part, redactor, depth + 1) for name, part in value.items()}
        case list():
            return [_clean(part, redactor, depth + 1) for part in value]
        case float() if not math.isfinite(value):
            raise _NoValueError
        case _:
            return value


@functools.cache
def _validator() -> Any:
    return Draft7Validator(load("recording"))

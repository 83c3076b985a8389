"""A line of a recording says what was asked and what came of it, fits its schema, and holds the key nowhere."""

import json
from typing import Any, get_args

import httpx
import pytest
from jsonschema import Draft7Validator

from canary import CANARY, leaks
from overlord_run.credential import Redactor, parse_credential
from overlord_run.engine.base import FailureKind
from overlord_run.engine.exchange import (
    Asked,
    Exchange,
    MisfitError,
    exchange_line,
    header_line,
    read_exchange,
    read_line,
)
from overlord_run.engine.foreign import Cause, Fault
from overlord_run.engine.wire import Answer
from overlord_run.playbook.schema import load

SCHEMA = load("recording")
NO_KEY = Redactor(None)
AT = 1_795_353_901.042
ASKED = Asked("alder", "rank", 2, 1, {"model": "fugu", "messages": [{"role": "user", "content": "Rank."}]})


def answer(body: bytes, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), body)


def line(outcome: Answer | Fault, redactor: Redactor = NO_KEY, asked: Asked | None = ASKED) -> bytes:
    return exchange_line(Exchange(AT, asked, outcome), redactor)


def value(outcome: Answer | Fault, redactor: Redactor = NO_KEY) -> Any:
    found = json.loads(line(outcome, redactor))
    Draft7Validator(SCHEMA).validate(found)
    return found


def kept(outcome: Answer | Fault) -> Answer | Fault:
    """Return what is read of what was written."""
    return read_exchange(read_line(line(outcome))).outcome


def test_a_header_names_the_recording_and_what_answers() -> None:
    assert header_line("7f3a", "chat") == b'{"type":"recording","schemaVersion":1,"id":"7f3a","engine":"chat"}\n'


def test_an_exchange_is_one_line_with_the_headers_that_matter() -> None:
    found = value(
        answer(b'{"id": "\xc3\xa9"}', 429, Retry_After="2", X_Request_Id="req-1", Server="nginx", Set_Cookie="x")
    )
    assert found == {
        "type": "chat",
        "at": "2026-11-22T13:25:01.042Z",
        "slot": "alder",
        "message": "rank",
        "attempt": 2,
        "repair": 1,
        "request": ASKED.request,
        "answer": {"status": 429, "headers": {"retry-after": "2", "x-request-id": "req-1"}, "json": {"id": "é"}},
    }


def test_what_is_read_is_what_was_written() -> None:
    fault = Fault("timeout", "no whole answer within 5 s", status=200, headers=httpx.Headers({"x-request-id": "r"}))
    assert read_exchange(read_line(line(fault))) == Exchange(AT, ASKED, fault)
    assert read_exchange(read_line(line(fault, asked=None))).asked is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"this is not JSON",
        b"\xff\xfe",
        b'{"a": 1e999}',
        b"[" * 200 + b"]" * 200,
        b"9" * 5000,
        "\ufeffné".encode(),
    ],
)
def test_a_body_that_is_no_json_is_kept_as_its_text(body: bytes) -> None:
    found = kept(answer(body))
    assert isinstance(found, Answer)
    assert found.body == body.decode("utf-8", "replace").encode()


def test_a_body_that_is_json_is_kept_as_a_value() -> None:
    body = {"choices": [{"message": {"content": "\ud800 \u202e é"}}], "usage": {"x": 1.5, "y": None, "z": True}}
    found = kept(answer(json.dumps(body).encode()))
    assert isinstance(found, Answer)
    assert json.loads(found.body) == body


@pytest.mark.parametrize(
    "echo",
    [
        json.dumps({"error": {"message": f"Bearer {CANARY}", CANARY: [CANARY]}}),
        '{"error": "sk\\u002dcanary~~~\\/0123+abcdef"}',
        f"<html>{CANARY}</html>",
    ],
)
def test_the_key_is_in_no_line_however_the_provider_spells_it(echo: str) -> None:
    redactor = Redactor(parse_credential(CANARY, name="KEY"))
    for outcome in (answer(echo.encode(), X_Request_Id=f"req-{CANARY}"), Fault("transport", f"it said {CANARY}")):
        written = line(outcome, redactor).decode()
        assert leaks(written) == []
        assert "canary" not in written
        assert "[redacted]" in written


def test_the_schema_knows_every_cause_and_no_kind_of_failure_that_there_is_not() -> None:
    fault = SCHEMA["definitions"]["fault"]["properties"]
    assert fault["cause"]["enum"] == [*get_args(Cause), None]
    assert set(fault["kind"]["enum"]) < set(get_args(FailureKind))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (b"", "is not JSON"),
        (b"\0", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[" * 900_000, "has too many parts"),
        (b'{"type": "models", "at": 1e999}', "is not JSON"),
        (b"[]", "does not fit the schema of a recording: '$', type"),
        (b'{"type": "tape"}', "does not fit the schema of a recording: '$.type', enum"),
        (b'{"type": "recording", "schemaVersion": 2}', "is of version 2, and this program reads version 1"),
        (b'{"type": "recording", "schemaVersion": 0, "id": "x", "engine": "chat"}', "'$.schemaVersion', const"),
        (line(answer(b"{}")).replace(b'"status":200', b'"status":20'), "'$.answer.status', minimum"),
        (line(answer(b"{}")).replace(b'"json":{}', b'"json":{},"text":""'), "'$.answer', oneOf"),
        (line(answer(b"{}")).replace(b"2026-11-22T", b"2026-11-32T"), "has a time that there is not"),
        (line(Fault("timeout", "")).replace(b'"timeout"', b'"script-kiddie"'), "'$.fault.kind', enum"),
    ],
)
def test_a_line_that_is_none_is_refused_with_what_is_wrong(wrong: bytes, reason: str) -> None:
    with pytest.raises(MisfitError) as caught:
        read_line(wrong)
    assert caught.value.reason.endswith(reason)


def test_what_a_forged_line_gives_as_a_reason_is_one_short_line() -> None:
    forged = line(Fault("timeout", "")).replace(b'"reason":""', b'"reason":"\\u001b[2J' + b"x" * 500 + b'"')
    outcome = read_exchange(read_line(forged)).outcome
    assert isinstance(outcome, Fault)
    assert outcome.reason.startswith("[2Jxxx")
    assert len(outcome.reason) == 300

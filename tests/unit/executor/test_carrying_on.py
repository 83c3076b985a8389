"""What becomes of a run that was cut off and is carried on: each test cuts one off at an event."""

import asyncio
from pathlib import Path

import pytest

from council_kit import CANCEL, Record, carry_on, carry_out
from overlord_run.store import events as ev

TWO_CRITICS = """\
overlord: 1
name: council
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}, {slot: birch, role: critic}]
redirects: [{id: rank, to: all, message: Rank your findings.}]
"""


def cut_off(folder: Path, last: str, slot: str) -> None:
    """Carry the council out one call after the other, until an event of this type about this slot."""

    def watch(body: ev.Body, _council: object) -> object:
        return CANCEL if body.type == last and body.slot == slot else None  # type: ignore[union-attr]

    with pytest.raises(asyncio.CancelledError):
        carry_out(folder, TWO_CRITICS, watch=watch, concurrency=1)


def asked(record: Record) -> list[tuple[str, str]]:
    return [(body.message_id, body.slot) for body in record.events if isinstance(body, ev.RequestSent)]


def test_a_startup_that_had_been_answered_is_settled_and_not_asked_again(tmp_path: Path) -> None:
    cut_off(tmp_path, "servant_ready", "birch")
    record = carry_on(tmp_path, TWO_CRITICS)
    assert [message.state for message in record.state.messages.values()] == ["completed", "completed"]
    assert record.state.state == "completed"
    assert asked(record) == [("rank", "alder"), ("rank", "birch")]


def test_a_startup_call_that_is_skipped_is_not_made_again_and_the_startup_has_failed(tmp_path: Path) -> None:
    cut_off(tmp_path, "request_sent", "birch")
    record = carry_on(tmp_path, TWO_CRITICS, decision="skip")
    assert asked(record) == []
    assert record.results("startup") == {"alder": "completed", "birch": "failed"}
    assert (record.state.state, record.state.reason) == ("failed", "startup was not proved")


def test_nobody_else_is_started_where_a_startup_call_is_skipped(tmp_path: Path) -> None:
    cut_off(tmp_path, "request_sent", "alder")
    record = carry_on(tmp_path, TWO_CRITICS, decision="skip")
    assert asked(record) == []
    assert record.results("startup") == {"alder": "failed", "birch": "skipped"}
    assert record.state.state == "failed"


def test_a_startup_call_that_was_skipped_is_made_again_when_the_failed_run_is_carried_on_once_more(
    tmp_path: Path,
) -> None:
    cut_off(tmp_path, "request_sent", "birch")
    carry_on(tmp_path, TWO_CRITICS, decision="skip")
    record = carry_on(tmp_path, TWO_CRITICS)
    assert asked(record) == [("startup", "birch"), ("rank", "alder"), ("rank", "birch")]
    assert record.state.state == "completed"


def test_a_call_is_made_again_where_that_was_decided(tmp_path: Path) -> None:
    cut_off(tmp_path, "request_sent", "birch")
    record = carry_on(tmp_path, TWO_CRITICS, decision="resend")
    assert asked(record)[0] == ("startup", "birch")
    assert record.state.state == "completed"

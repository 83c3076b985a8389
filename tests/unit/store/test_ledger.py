import pytest

from overlord_run.store import events as ev
from overlord_run.store.ledger import ledger_bytes, ledger_line
from store_kit import USAGE, failed, queued, replied, sent

AT = "2026-11-22T13:25:01.042Z"


def line_of(body):
    return ledger_line(ev.Event(9, 1, 3, AT, body, "0" * 64, "1" * 64), "run")


def test_a_servants_startup_has_a_line():
    assert line_of(replied("startup", "alder", "Hello.", attempt=2)) == {
        "seq": 9,
        "at": AT,
        "type": "startup",
        "runId": "run",
        "messageId": "startup",
        "slot": "alder",
        "model": "fugu",
        "requestId": "req-startup-alder",
        "responseText": "Hello.",
        "errorText": None,
        "usage": USAGE,
        "costUsd": None,
        "attempts": 2,
    }


def test_a_failed_redirect_has_a_line():
    assert line_of(failed("rank", "birch", attempt=3)) == {
        "seq": 9,
        "at": AT,
        "type": "redirect",
        "runId": "run",
        "messageId": "rank",
        "slot": "birch",
        "model": "fugu",
        "requestId": None,
        "responseText": None,
        "errorText": "no answer within 90 s",
        "usage": None,
        "costUsd": None,
        "attempts": 3,
    }


def test_a_message_that_could_not_be_rendered_has_a_line_without_a_call():
    assert line_of(ev.RedirectFailed("rank", "all", "birch", "replies.first does not exist")) == {
        "seq": 9,
        "at": AT,
        "type": "redirect",
        "runId": "run",
        "messageId": "rank",
        "slot": "birch",
        "model": None,
        "requestId": None,
        "responseText": None,
        "errorText": "replies.first does not exist",
        "usage": None,
        "costUsd": None,
        "attempts": 0,
    }


@pytest.mark.parametrize(
    "body",
    [
        queued("rank", "alder"),
        sent("rank", "alder"),
        failed("rank", "alder", retry_in_s=0.5),
        ev.RedirectSkipped("rank", "all", "alder", "the servant is blocked"),
        ev.ServantBlocked("alder", "no answer"),
        ev.UnknownBody("moon_rose", {}),
    ],
    ids=lambda body: body.type,
)
def test_what_is_no_response_has_no_line(body):
    assert line_of(body) is None


def test_a_line_is_ascii_and_ends_with_a_newline():
    assert ledger_bytes({"responseText": "é"}) == b'{"responseText":"\\u00e9"}\n'

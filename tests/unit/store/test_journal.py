import pytest

from overlord_run.store import events as ev
from overlord_run.store.journal import FILE_BYTES, TEXT_BYTES, journal_bytes, journal_lines, starts_new_file
from store_kit import failed, queued, replied, sent

AT = "2026-11-22T13:25:01.042Z"


def turns_of(body):
    lines = journal_lines(ev.Event(9, 1, 3, AT, body, "0" * 64, "1" * 64))
    assert all(list(line)[:4] == ["seq", "at", "messageId", "role"] for _, line in lines)
    return [(slot, line["seq"], line["messageId"], line["role"], line["text"]) for slot, line in lines]


@pytest.mark.parametrize(
    ("body", "turns"),
    [
        (queued("startup", "alder", "Begin.", "You review."), [("system", "You review."), ("user", "Begin.")]),
        (queued("startup", "alder", "And?"), [("user", "And?")]),
        (replied("startup", "alder", "Done."), [("assistant", "Done.")]),
        (failed("startup", "alder"), [("failure", "no answer within 90 s")]),
        (ev.RedirectFailed("startup", "all", "alder", "no reply"), [("failure", "no reply")]),
        (failed("startup", "alder", retry_in_s=1.0), []),
        (sent("startup", "alder"), []),
        (ev.UnknownBody("moon_rose", {}), []),
    ],
)
def test_a_journal_reads_as_the_conversation(body, turns):
    assert turns_of(body) == [("alder", 9, "startup", role, text) for role, text in turns]


@pytest.mark.parametrize("character", ["x", "\x01", "é", "🦉", "\ud800"])
def test_a_line_always_fits_into_a_file(character):
    event = ev.Event(9, 1, 3, AT, replied("m" * 64, "s" * 64, character * 1_000_000), "0" * 64, "1" * 64)
    [(_, line)] = journal_lines(event)
    assert len(journal_bytes(line)) <= FILE_BYTES
    assert line["cuts"]["text"]["length"] == 1_000_000
    assert line["cuts"]["text"]["seq"] == 9
    assert len(line["text"].encode("utf-8", "surrogatepass")) <= TEXT_BYTES


@pytest.mark.parametrize(
    ("size", "line", "starts"),
    [(0, b"x" * FILE_BYTES, False), (1, b"x" * (FILE_BYTES - 1), False), (1, b"x" * FILE_BYTES, True)],
)
def test_a_new_file_begins_where_a_line_does_not_fit(size, line, starts):
    assert starts_new_file(size, line) is starts

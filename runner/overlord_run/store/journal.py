"""Make the journals, `journals/<slot>.jsonl`: each servant's conversation for reading, its newest 1 MiB.

A journal is a file of at most 512 KiB, and the one before it, `<slot>.1.jsonl`. Where a line goes depends on the lines
before it only, so the files can be recomputed from the log.
"""

from collections.abc import Callable, Mapping
from typing import Any

from overlord_run.store import events as ev
from overlord_run.store.excerpt import cut_values
from overlord_run.store.notation import encode

FILE_BYTES = 512 * 1024
TEXT_BYTES = 64 * 1024  # a control character is six bytes as JSON, so a line always fits into a file


def journal_lines(event: ev.Event) -> list[tuple[str, dict[str, Any]]]:
    """Return the slots and lines of what an event adds to conversations.

    A line is `seq at messageId role text`; its role is `system`, `user`, `assistant` or, for a question without an
    answer, `failure`. A text over 64 KiB is cut, and `cuts` says so.
    """
    make = _TURNS.get(type(event.body))
    body: Any = event.body
    if make is None or body.slot is None:
        return []
    return [(body.slot, _line(event, body.message_id, role, text)) for role, text in make(body)]


def journal_bytes(line: Mapping[str, Any]) -> bytes:
    """Return a line as it stands on disk, its newline included."""
    return encode(line).encode("ascii") + b"\n"


def file_name(slot: str) -> str:
    """Return the name of a servant's journal."""
    return f"{slot}.jsonl"


def older_file_name(slot: str) -> str:
    """Return the name of the file that holds what stood before the journal's beginning."""
    return f"{slot}.1.jsonl"


def starts_new_file(size: int, line: bytes) -> bool:
    """Say whether a line does not fit any more into a journal of `size` bytes."""
    return size > 0 and size + len(line) > FILE_BYTES


def _line(event: ev.Event, message_id: str, role: str, text: str) -> dict[str, Any]:
    line = {"seq": event.seq, "at": event.at, "messageId": message_id, "role": role, "text": text}
    cuts = cut_values(line, TEXT_BYTES, {"text": event.seq})
    return line | {"cuts": cuts} if cuts else line


def _of_question(body: ev.MessageQueued) -> list[tuple[str, str]]:
    opening = [] if body.system is None else [("system", body.system)]
    return [*opening, ("user", body.text)]


def _of_reply(body: ev.ReplyReceived) -> list[tuple[str, str]]:
    return [("assistant", body.text), *_of_misfit(body)]


def _of_misfit(body: ev.ReplyReceived) -> list[tuple[str, str]]:
    if not body.misfits:
        return []
    return [("failure", "; ".join(body.misfits)) if body.repair is None else ("user", body.repair)]


def _of_failure(body: ev.RequestFailed) -> list[tuple[str, str]]:
    return [] if body.retry_in_s is not None else [("failure", body.reason)]


def _of_unrendered(body: ev.RedirectFailed) -> list[tuple[str, str]]:
    return [("failure", body.reason)]


_TURNS: Mapping[type, Callable[[Any], list[tuple[str, str]]]] = {
    ev.MessageQueued: _of_question,
    ev.ReplyReceived: _of_reply,
    ev.RequestFailed: _of_failure,
    ev.RedirectFailed: _of_unrendered,
}

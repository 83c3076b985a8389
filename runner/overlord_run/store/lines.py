"""Turn an event into a line of the log and back, and check that a line fits the one before it.

A line is one JSON object in ASCII, `v seq epoch batch at type …fields prev hash`. Its `hash` is the SHA-256 of the
line's bytes with the member `hash`, its comma and the line's end taken out; `prev` is the hash of the line before. So
the last hash vouches for every byte above it, and a line can be checked with `sed` and `sha256sum`.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

from overlord_run.errors import StoreError
from overlord_run.store.events import (
    BODIES,
    ENVELOPE,
    NO_HASH,
    VERSION,
    Body,
    Event,
    UnknownBody,
    camel,
)
from overlord_run.store.notation import decode, encode

MAX_LINE_BYTES = 32 * 1024 * 1024
MAX_FIELDS_BYTES = MAX_LINE_BYTES - 1024
_HASH_KEY = b',"hash":"'
_TAIL_BYTES = len(_HASH_KEY) + 64 + len(b'"}\n')
_TAIL = re.compile(rb',"hash":"([0-9a-f]{64})"}\n')
_OTHER_HASH = "its hash is not that of its bytes"
_NO_HASH_AT_END = "it does not end with its hash"
_NO_EVENT = "it is no event of ours"
_BATCH = re.compile(rb'\{"v":\d+,"seq":\d+,"epoch":\d+,"batch":(\d{1,15}),')

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_SLOT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SERVANT_KEYS = ("name", "role", "model", "llmModel", "profile", "scopeToken")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_time(value: object) -> bool:
    """Say whether a value is a moment in UTC: what is reckoned with it later must not fail."""
    if not (isinstance(value, str) and _TIME.fullmatch(value)):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_count(value: object) -> bool:
    """Say whether a value is a whole number of 64 bits: what is reckoned with it later must not fail."""
    return type(value) is int and -(2**63) <= value < 2**63


def _is_servant(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("slot"), str)
        and _SLOT.fullmatch(value["slot"]) is not None
        and "assignment" in value
        and isinstance(value["assignment"], str | None)
        and all(isinstance(value.get(key), str) for key in _SERVANT_KEYS)
    )


# The chain may be whole and a value still of another type: whoever can write the file can hash it too.
_FITS: Mapping[Any, Callable[[Any], bool]] = {
    str: _is_text,
    str | None: lambda value: value is None or isinstance(value, str),
    int: _is_count,
    int | None: lambda value: value is None or _is_count(value),
    float: lambda value: _is_count(value) or isinstance(value, float),
    float | None: lambda value: value is None or _is_count(value) or isinstance(value, float),
    bool: lambda value: isinstance(value, bool),
    Mapping[str, Any]: lambda value: isinstance(value, Mapping),
    Mapping[str, Any] | None: lambda value: value is None or isinstance(value, Mapping),
    Mapping[str, str]: lambda value: isinstance(value, Mapping) and all(map(_is_text, value.values())),
    Sequence[str]: lambda value: isinstance(value, list | tuple) and all(map(_is_text, value)),
    Sequence[Mapping[str, Any]]: lambda value: isinstance(value, list | tuple) and all(map(_is_servant, value)),
}
# A body's fields: its name here, its key in a line, and what its value must fit.
_FIELDS: Mapping[type[Body], Sequence[tuple[str, str, Callable[[Any], bool]]]] = {
    body: [(field.name, camel(field.name), _FITS[field.type]) for field in fields(body)] for body in BODIES.values()
}
_LINE_KEYS: Mapping[type[Body], AbstractSet[str]] = {
    body: ENVELOPE | {key for _, key, _ in known} for body, known in _FIELDS.items()
}


class Misfit(Exception):  # noqa: N818 - who knows the file tells it as an error
    """A line that does not fit the ones before it; the text says what does not."""


class Place(Struct, frozen=True):
    """A place in a log: what of the line before it the next one must fit, and at which byte it is."""

    seq: int
    epoch: int
    batch: int
    hash: str
    size: int = 0

    @classmethod
    def behind(cls, event: Event, size: int) -> "Place":
        """Return the place behind an event; the log has so many bytes up to there."""
        return cls(event.seq, event.epoch, event.batch, event.hash, size)


_BEGINNING = Place(0, 1, 0, NO_HASH)


class Entry(Struct, frozen=True):
    """An event on its way to the log: when it happened, and its fields as JSON already: nothing can change them now."""

    at: str
    body: Body
    fields: str


def make_entry(at: str, body: Body) -> Entry:
    """Return the event ready for the log.

    Raises:
        StoreError: It is larger than a line can be.
        ValueError: A value in it is no JSON; a bug.
    """
    content = encode(body_to_json(body))[1:-1]
    if len(content) > MAX_FIELDS_BYTES:
        raise _too_large(body, len(content))
    return Entry(at, body, content)


def build(entry: Entry, *, seq: int, epoch: int, batch: int, prev: str) -> tuple[bytes, Event]:
    """Return an event's line, newline included, and the event as it stands there."""
    head = f'{{"v":{VERSION},"seq":{seq},"epoch":{epoch},"batch":{batch},"at":{encode(entry.at)},'
    content = f'{head}{entry.fields},"prev":"{prev}"}}'.encode("ascii")
    digest = hashlib.sha256(content).hexdigest()
    line = b'%b,"hash":"%b"}\n' % (content[:-1], digest.encode("ascii"))
    return line, Event(seq, epoch, batch, entry.at, entry.body, prev, digest)


def parse(line: bytes, before: Event | Place | None) -> Event:
    """Return the event of a line that comes after `before`, or first.

    Raises:
        Misfit: The line is no event, or does not fit the one before it.
        StoreError: A newer version wrote it.
    """
    return _event(_read(line), before)


def _event(data: Mapping[str, Any], before: Event | Place | None) -> Event:
    reason = next(_misorders(data, before), None)
    if reason is not None:
        raise Misfit(reason)
    body, extra = body_from_json(data)
    return Event(data["seq"], data["epoch"], data["batch"], data["at"], body, data["prev"], data["hash"], extra)


def parse_alone(line: bytes) -> Event:
    """Return the event of a line, whatever stands before it: its own hash vouches for it, and for no other.

    Raises:
        Misfit: The line is no event.
        StoreError: A newer version wrote it.
    """
    data = _read(line)
    counts: list[Any] = [data.get(name) for name in ("seq", "epoch", "batch")]
    if not all(map(_is_count, counts)):
        raise Misfit(_NO_EVENT)
    seq, epoch, batch = counts
    return _event(data, None if seq == 1 else Place(seq - 1, epoch, batch, data.get("prev", "")))


def legible_batch(line: bytes) -> int | None:
    """Return the batch that a line says it is of, even where the rest of it is lost; None where it does not say."""
    found = _BATCH.match(line)
    return None if found is None else int(found[1])


def body_to_json(body: Body) -> dict[str, Any]:
    """Return the fields of an event in the log's spelling, `type` first."""
    return {"type": body.type} | {key: getattr(body, name) for name, key, _ in _FIELDS[type(body)]}


def body_from_json(data: Mapping[str, Any]) -> tuple[Body | UnknownBody, dict[str, Any]]:
    """Return the event that a line's JSON holds, and the keys that this version does not know.

    Raises:
        Misfit: A field without a default is missing, or a value is not of its field's type.
    """
    kind = data["type"]
    body = BODIES.get(kind)
    if body is None:
        return UnknownBody(kind, {key: value for key, value in data.items() if key not in ENVELOPE}), {}
    known = {}
    for name, key, fits in _FIELDS[body]:
        if key in data:
            known[name] = value = data[key]
            if not fits(value):
                reason = f"the value of {key} in its {kind} is of another type"
                raise Misfit(reason)
    known_keys = _LINE_KEYS[body]
    extra = {} if data.keys() <= known_keys else {key: data[key] for key in data if key not in known_keys}
    try:
        return body(**known), extra
    except TypeError as error:
        reason = f"its {kind} lacks a field"
        raise Misfit(reason) from error


def _read(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line whose bytes are those that its hash vouches for."""
    reason = _miswritten(line)
    if reason is not None:
        raise Misfit(reason)
    tail = _TAIL.fullmatch(line[-_TAIL_BYTES:])
    if tail is not None and _digest(line) != tail[1]:
        raise Misfit(_OTHER_HASH)
    try:
        data = decode(line)
    except ValueError as error:
        reason = f"it is no JSON of ours: {error}"
        raise Misfit(reason) from error
    if not isinstance(data, dict) or not _is_count(data.get("v")):
        raise Misfit(_NO_EVENT)
    if data["v"] != VERSION:
        raise _other_version(data["v"])
    if tail is None:  # only now: a newer version may seal its lines in another way
        raise Misfit(_NO_HASH_AT_END)
    return data


def _miswritten(line: bytes) -> str | None:
    if not line.endswith(b"\n"):
        return "its final newline is missing"
    return "it holds NUL bytes" if b"\0" in line else None


def _digest(line: bytes) -> bytes:
    found = hashlib.sha256(memoryview(line)[:-_TAIL_BYTES])
    found.update(b"}")
    return found.hexdigest().encode("ascii")


def _misorders(data: Mapping[str, Any], before: Event | Place | None) -> Iterator[str]:
    """Give what of a line's envelope does not follow that of the line before."""
    last = _BEGINNING if before is None else before
    if data.get("prev") != last.hash:
        yield "its prev is not the hash of the line before"
    if not (_is_count(data.get("seq")) and data["seq"] == last.seq + 1):
        yield f"its seq is not {last.seq + 1}"
    if not (_is_count(data.get("epoch")) and data["epoch"] >= last.epoch):
        yield "its epoch is lower than that of the line before"
    if not (_is_count(data.get("batch")) and (last.batch or 1) <= data["batch"] <= last.batch + 1):
        yield "its batch does not follow that of the line before"
    if not _is_time(data.get("at")):
        yield "it has no time"
    if not _is_text(data.get("type")):
        yield "it has no type"
    if (data.get("type") == "run_created") != (before is None):
        yield "run_created is the first line, and only the first"


def _too_large(body: Body, size: int) -> StoreError:
    return StoreError(
        f"a {body.type} of {size:,} bytes is more than a line of the log may hold ({MAX_FIELDS_BYTES:,})",
        next="ask for shorter replies (max_tokens), or hand over fewer of them as outputs",
    )


def _other_version(version: int) -> StoreError:
    return StoreError(
        f"the log is of version {version}; this program knows version {VERSION}",
        next="use the version of overlord-run that wrote it, or a newer one",
        code="log-newer",
    )

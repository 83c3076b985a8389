"""Compare a view on disk with the one that the log gives, and say where they part."""

import os
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import islice, zip_longest
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct, field

from overlord_run.store.journal import file_name, older_file_name, starts_new_file
from overlord_run.store.lines import MAX_LINE_BYTES
from overlord_run.store.notation import decode

if TYPE_CHECKING:
    from overlord_run.store.growth import Growth

_SHOWN_CHARS = 60
_TOLD_LAGGING = 3
_KEPT_FILES = 3  # a journal that lags may still be at the file before the two that it should have


class Difference(Struct, frozen=True):
    """Something on disk that is not what it must be.

    Attributes:
        file: Its path in the run's folder.
        place: A line, or a JSON path, or empty for the file itself.
        message: What is there and what should be.
    """

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.message) if part)


class Findings(Struct):
    """What was found so far: differences, and notes on what is as it may be."""

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def differ(self, file: str, place: str, message: str) -> None:
        """Add a difference."""
        self.differences.append(Difference(file, place, message))


def json_difference(found: Any, expected: Any) -> tuple[str, str] | None:
    """Return the path of the first of two JSON values' parts that differs, and what differs there, or None."""
    rest = [("", found, expected)]
    while rest:
        path, found, expected = rest.pop()
        if isinstance(found, dict) and isinstance(expected, dict):
            odd = next((key for key in (*expected, *found) if (key in found) != (key in expected)), None)
            if odd is not None:
                return _member(path, odd), "is missing" if odd in expected else "should not be there"
            rest += [(_member(path, key), found[key], expected[key]) for key in reversed(expected)]
        elif isinstance(found, list) and isinstance(expected, list):
            if len(found) != len(expected):
                return path, f"has {len(found)} elements, not {len(expected)}"
            rest += reversed([(f"{path}[{at}]", *pair) for at, pair in enumerate(zip(found, expected, strict=True))])
        elif type(found) is not type(expected) or found != expected:
            return path, f"is {_shown(found)}, not {_shown(expected)}"
    return None


def bytes_difference(found: bytes, expected: bytes) -> tuple[str, str]:
    """Return where two different files or lines of JSON part, and how: by value where both are JSON, else by line."""
    try:
        by_value = json_difference(decode(found), decode(expected))
    except ValueError as error:
        return unreadable_json(found, error)
    return by_value or (f"line {odd_line(found, expected)}", "the same values are written in another way")


def unreadable_json(found: bytes, error: ValueError) -> tuple[str, str]:
    """Return the line at which `found` ceases to be JSON, and what is wrong there."""
    offset = error.pos if isinstance(error, JSONDecodeError) else getattr(error, "start", 0)
    line = found.count(b"\n", 0, offset) + 1
    return f"line {line}", f"it is no JSON of ours: {error}"


def odd_line(found: bytes, expected: bytes) -> int:
    """Return the number of the first line in which two files differ."""
    pairs = enumerate(zip_longest(BytesIO(found), BytesIO(expected)), start=1)
    return next((number for number, (line, other) in pairs if line != other), 0)


class _Parting(Struct, frozen=True):
    """Where the ledger ceases to be what the log gives.

    Attributes:
        seq: The event that gives the line.
        place: In the line.
        message: What is there instead; empty where the line, or its end, is missing.
        is_torn: Whether it holds NUL bytes, as a power cut leaves them in place of what was not synced.
    """

    line: int
    seq: int
    place: str = ""
    message: str = ""
    is_torn: bool = False


class LedgerComparison:
    """Compare the ledger with the log while that is read. The ledger's length was taken before, so it never leads."""

    def __init__(self, name: str, file: BinaryIO, findings: Findings) -> None:
        self._name = name
        self._file = file
        self._rest = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._findings = findings
        self._line = 0
        self._parting: _Parting | None = None

    def follow(self, seq: int, grown: "Growth") -> None:
        """Compare what an event gives."""
        expected = grown.ledger
        if not expected or self._parting is not None:
            return
        self._line += 1
        found = self._file.read(min(len(expected), self._rest))
        self._rest -= len(found)
        if found == expected:
            return
        if self._rest == 0 and expected.startswith(found):
            self._parting = _Parting(self._line, seq)
            return
        whole = found if found.endswith(b"\n") else found + self._file.readline(MAX_LINE_BYTES)
        place, message = bytes_difference(whole, expected)
        self._parting = _Parting(self._line, seq, place, message, b"\0" in whole)

    def finish(self, vouched_seq: int, *, is_log_whole: bool) -> None:
        """Tell what is missing, and what the log does not give."""
        parting = self._parting
        if parting is None:
            if self._rest and is_log_whole:
                self._findings.differ(self._name, f"line {self._line + 1}", "the log gives no such line")
        elif not parting.message:
            _tell_missing(self._findings, self._name, parting.line, parting.seq, vouched_seq)
        elif parting.is_torn and parting.seq > vouched_seq:
            note = f"{self._name}: line {parting.line} is torn, and run.json does not vouch for it"
            self._findings.notes.append(note)
        else:
            self._findings.differ(self._name, _line_place(parting.line, parting.place), parting.message)


class _Part(Struct):
    """One file of a journal as it should be: its bytes, and for each line its event and where it ends."""

    content: bytearray = field(default_factory=bytearray)
    ends: list[tuple[int, int]] = field(default_factory=list)


class JournalComparison:
    """Compare the journals, read before, with what the log gives."""

    def __init__(self, folder: str, found: Mapping[str, bytes], findings: Findings) -> None:
        self._folder = folder
        self._found = found
        self._findings = findings
        self._parts: dict[str, list[_Part]] = {}
        self._dropped: set[str] = set()

    def follow(self, seq: int, grown: "Growth") -> None:
        """Take what an event gives."""
        for slot, data in grown.journals:
            parts = self._parts.setdefault(slot, [_Part()])
            if starts_new_file(len(parts[-1].content), data):
                parts.append(_Part())
                if len(parts) > _KEPT_FILES:
                    parts.pop(0)
                    self._dropped.add(slot)
            parts[-1].content += data
            parts[-1].ends.append((len(parts[-1].content), seq))

    def finish(self, vouched_seq: int, *, is_log_whole: bool) -> None:
        """Tell what differs, is missing, or is not given by the log."""
        lagging: list[tuple[str, int, int]] = []
        for slot, parts in self._parts.items():
            lag = self._lag(slot, parts)
            if lag is None and is_log_whole:
                self._tell_parting(slot, parts)
            elif lag is not None and lag[1]:
                lagging.append((f"{self._folder}/{file_name(slot)}", *lag))
        self._tell_lagging(lagging, vouched_seq)
        given = {name for slot in self._parts for name in (file_name(slot), older_file_name(slot))}
        for name in sorted(self._found.keys() - given) if is_log_whole else ():
            self._findings.differ(f"{self._folder}/{name}", "", "the log gives no such journal")

    def _tell_lagging(self, lagging: list[tuple[str, int, int]], vouched_seq: int) -> None:
        """Tell of journals, with the first line that each lacks and its event; of those that may lack it, some."""
        missing = [one for one in lagging if one[2] <= vouched_seq]
        unvouched = [one for one in lagging if one[2] > vouched_seq]
        for name, line, seq in (*missing, *unvouched[:_TOLD_LAGGING]):
            _tell_missing(self._findings, name, line, seq, vouched_seq)
        if more := unvouched[_TOLD_LAGGING:]:
            self._findings.notes.append(f"{self._folder}: {len(more):,} more lag behind the log like that")

    def _lag(self, slot: str, parts: list[_Part]) -> tuple[int, int] | None:
        """Return the first line that the files lack and its event, (0, 0) where none; None where they part."""
        current = self._found.get(file_name(slot), b"")
        older = self._found.get(older_file_name(slot))
        for at in reversed(range(len(parts))):
            before = self._before(slot, parts, at)
            if older == before and bytes(parts[at].content).startswith(current):
                return next(_missing(parts[at:], len(current)), (0, 0))
        return None

    def _before(self, slot: str, parts: list[_Part], at: int) -> bytes | None:
        if at > 0:
            return bytes(parts[at - 1].content)
        return b"" if slot in self._dropped else None

    def _tell_parting(self, slot: str, parts: list[_Part]) -> None:
        before = self._before(slot, parts, len(parts) - 1)
        older = self._found.get(older_file_name(slot))
        if older != before:
            self._tell_parting_of(older_file_name(slot), older, before)
        else:
            self._tell_parting_of(file_name(slot), self._found.get(file_name(slot), b""), bytes(parts[-1].content))

    def _tell_parting_of(self, name: str, found: bytes | None, expected: bytes | None) -> None:
        path = f"{self._folder}/{name}"
        if found is None:
            self._findings.differ(path, "", "is missing")
        elif expected is None:
            self._findings.differ(path, "", "the log gives no such journal")
        else:
            self._findings.differ(path, *_first_line_difference(found, expected))


def _missing(parts: list[_Part], size: int) -> Iterator[tuple[int, int]]:
    """Give the lines, and their events, that the first of `parts` has beyond `size` bytes, and the others have."""
    for part in parts:
        for number, (end, seq) in enumerate(part.ends, start=1):
            if end > size:
                yield number, seq
        size = 0


def _first_line_difference(found: bytes, expected: bytes) -> tuple[str, str]:
    """Return where two different files of JSON lines part, and how."""
    number = odd_line(found, expected)
    line, other = (next(islice(BytesIO(content), number - 1, None), b"") for content in (found, expected))
    if not line:
        return f"line {number}", "is missing"
    if not other:
        return f"line {number}", "the log gives no such line"
    place, message = bytes_difference(line, other)
    return _line_place(number, place), message


def _line_place(number: int, place: str) -> str:
    return f"line {number}" if place.startswith("line ") else f"line {number}: {place}"


def _tell_missing(findings: Findings, name: str, line: int, seq: int, vouched_seq: int) -> None:
    if seq <= vouched_seq:
        findings.differ(name, f"line {line}", f"is missing, or cut off: event {seq} gives it")
    else:
        findings.notes.append(f"{name} lags behind the log: it lacks event {seq}, which run.json does not vouch for")


def _member(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"

"""Read a log while it grows: each look gives what was appended since the last one, and nothing twice.

A look opens the file anew. So the log is not kept from being moved away on Windows, and one that was cut, replaced or
deleted meanwhile is noticed: what is read next must follow what was read before.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from overlord_run.store.disk import open_to_read, unreadable
from overlord_run.store.events import Event
from overlord_run.store.lines import MAX_LINE_BYTES, Misfit, Place, parse
from overlord_run.store.log import damaged

_SHORTER = "it is shorter than what was read of it: it was cut, or another file put in its place"


class Line(Struct, frozen=True):
    """A line of the log: its bytes, newline included, and the event that they hold."""

    data: bytes
    event: Event


class Tail:
    """The growing end of one log.

    Attributes:
        last: The last event that was read, or the place to begin behind; None before the first.
        has_rest: Whether something follows it that is no whole line: it is being written now, or a crash left it.
    """

    def __init__(self, path: Path, after: Place | None = None) -> None:
        self._path = path
        self._offset = 0 if after is None else after.size
        self.last: Event | Place | None = after
        self.has_rest = False

    def look(self) -> Iterator[Line]:
        """Give the whole lines that were appended since the last look, each checked against the one before.

        A log that is not there yet has none.

        Raises:
            LogDamagedError: A line does not follow what was read before.
            StoreError: The file cannot be read, was deleted, or a newer version wrote it.
        """
        try:
            with open_to_read(self._path) as file:
                yield from self._lines(file)
        except FileNotFoundError as error:
            if self.last is not None or not self._path.parent.is_dir():
                raise unreadable(self._path, error) from error
        except OSError as error:
            raise unreadable(self._path, error) from error

    def _lines(self, file: BinaryIO) -> Iterator[Line]:
        if file.seek(0, 2) < self._offset:
            raise damaged(self._path, self._next_line, _SHORTER)
        file.seek(self._offset)
        self.has_rest = False
        while data := file.readline(MAX_LINE_BYTES + 1):
            try:
                event = parse(data, self.last)
            except Misfit as misfit:
                if len(data) > MAX_LINE_BYTES or (data.endswith(b"\n") and b"\0" not in data):
                    raise damaged(self._path, self._next_line, misfit) from misfit
                self.has_rest = True
                return
            self._offset += len(data)
            self.last = event
            yield Line(data, event)

    @property
    def _next_line(self) -> int:
        return 1 if self.last is None else self.last.seq + 1

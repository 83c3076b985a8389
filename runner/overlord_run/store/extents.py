"""Say how far the ledger and the journals reach at a place in the log, and what their bytes come to.

So who takes up a run can tell whether they are on disk as they were then, without the lines of the log that gave them:
whatever came between, a crash, a power cut before they were synced, a copy that broke off, or a person with an editor.
A CRC-32 finds such damage, and a file's is carried on line by line, in four bytes. It proves nothing against somebody
who wants to deceive; who can write here can write the log, too.
"""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from msgspec import Struct, field
from msgspec.structs import astuple

from overlord_run.store.growth import Growth
from overlord_run.store.journal import starts_new_file
from overlord_run.store.notation import decode

_MOST_CRC = 2**32
_NO_EXTENT = "it tells no extents"


class Extent(Struct, frozen=True):
    """How many bytes a file has, and their CRC-32."""

    size: int = 0
    crc: int = 0

    def then(self, data: bytes) -> "Extent":
        """Return the extent with `data` behind it."""
        return Extent(self.size + len(data), crc32(data, self.crc))

    def fits(self, content: bytes) -> bool:
        """Say whether a file that holds `content` begins with these bytes."""
        return len(content) >= self.size and crc32(memoryview(content)[: self.size]) == self.crc


EMPTY = Extent()


class JournalExtent(Struct, frozen=True):
    """The two files of a journal; `older` is None while the first one is not full."""

    current: Extent = EMPTY
    older: Extent | None = None

    def then(self, line: bytes) -> "JournalExtent":
        """Return the extents with a line behind them."""
        if starts_new_file(self.current.size, line):
            return JournalExtent(EMPTY.then(line), self.current)
        return JournalExtent(self.current.then(line), self.older)


NO_JOURNAL = JournalExtent()


class Extents(Struct):
    """How far the views reach; a slot without a line has no journal."""

    ledger: Extent = EMPTY
    journals: dict[str, JournalExtent] = field(default_factory=dict)

    def follow(self, grown: Growth) -> None:
        """Take what an event adds."""
        self.ledger = self.ledger.then(grown.ledger)
        for slot, line in grown.journals:
            self.journals[slot] = self.of(slot).then(line)

    def of(self, slot: str) -> JournalExtent:
        """Return how far a journal reaches."""
        return self.journals.get(slot, NO_JOURNAL)

    def to_json(self) -> dict[str, Any]:
        """Return the extents as a snapshot has them: of each file its size and its CRC-32, an older one behind."""
        return {
            "ledger": astuple(self.ledger),
            "journals": {
                slot: [*astuple(one.current), *(() if one.older is None else astuple(one.older))]
                for slot, one in self.journals.items()
            },
        }

    @classmethod
    def parse(cls, line: bytes) -> "Extents":
        """Return the extents that a line of a snapshot tells.

        Raises:
            ValueError: It tells none.
        """
        try:
            data = decode(line)
            (ledger,) = _extents(data["ledger"])
            return cls(ledger, {slot: JournalExtent(*_extents(each)) for slot, each in data["journals"].items()})
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(_NO_EXTENT) from error


def _extents(numbers: list[Any]) -> Iterator[Extent]:
    for size, crc in zip(numbers[::2], numbers[1::2], strict=True):
        if type(size) is not int or type(crc) is not int or size < 0 or not 0 <= crc < _MOST_CRC:
            raise ValueError(_NO_EXTENT)
        yield Extent(size, crc)

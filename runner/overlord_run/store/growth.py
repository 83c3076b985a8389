"""Say what an event adds to the ledger and the journals, as the bytes that go to their ends."""

from collections.abc import Sequence

from msgspec import Struct

from overlord_run.store.events import Event
from overlord_run.store.journal import journal_bytes, journal_lines
from overlord_run.store.ledger import ledger_bytes, ledger_line


class Growth(Struct, frozen=True):
    """What an event adds.

    Attributes:
        ledger: A line; empty where it adds none.
        journals: Slots, and a line for each one's journal.
    """

    ledger: bytes
    journals: Sequence[tuple[str, bytes]]


def growth_of(event: Event, run_id: str) -> Growth:
    """Return what an event adds to the views of a run."""
    line = ledger_line(event, run_id)
    journals = [(slot, journal_bytes(turn)) for slot, turn in journal_lines(event)]
    return Growth(b"" if line is None else ledger_bytes(line), journals)

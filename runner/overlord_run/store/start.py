"""Say from where on a log must be read: behind the snapshot that it vouches for, else from its first line.

A snapshot is a file like any other: it can be old, damaged, forged or of a log that was cut since. So nothing that
stands in it is believed before the log has said so: the line behind the place that the snapshot is of must be a
`snapshot_taken`, follow that place in the chain, and name the snapshot's size and SHA-256. Where anything is otherwise
the log is read whole, as if there were no snapshot. What a reader does not see then is damage in the lines before that
place: `verify` reads them all, and so does whoever takes the run up to write.
"""

import hashlib
from typing import BinaryIO

from msgspec import Struct

from overlord_run.errors import StoreError
from overlord_run.store.disk import open_to_read
from overlord_run.store.events import SnapshotTaken
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import MAX_LINE_BYTES, Misfit, Place, parse
from overlord_run.store.snapshot import place_of, state_of
from overlord_run.store.state import State

_HEAD_BYTES = 64 * 1024


class Start(Struct, frozen=True):
    """A place in the log, and the state that the lines before it come to."""

    place: Place
    state: State


def start_of(folder: RunFolder) -> Start | None:
    """Return where to begin to read a run's log; None is its first line. The state is the caller's own."""
    try:
        with open_to_read(folder.snapshot_path) as file, open_to_read(folder.log_path) as log:
            return _start(file, log)
    except (OSError, StoreError, Misfit, ValueError, LookupError, TypeError, AttributeError):
        return None


def _start(file: BinaryIO, log: BinaryIO) -> Start | None:
    head = file.readline(_HEAD_BYTES)
    place = place_of(head)
    log.seek(place.size)
    taken = parse(log.readline(MAX_LINE_BYTES + 1), place).body
    if not isinstance(taken, SnapshotTaken):
        return None
    content = file.read(taken.size)
    found = hashlib.sha256(head)
    found.update(content)
    if (len(head) + len(content), found.hexdigest()) != (taken.size, taken.sha256):
        return None
    return Start(place, state_of(content.splitlines()))

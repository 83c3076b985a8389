"""Say from where on a log must be read: behind the snapshot that it vouches for, else from its first line.

A snapshot is a file like any other: it can be old, damaged, forged or of a log that was cut since. So nothing that
stands in it is believed before the log has said so: the line behind the place that the snapshot is of must be a
`snapshot_taken`, follow that place in the chain, and name the snapshot's size and SHA-256. Where anything is otherwise
the log is read whole, as if there were no snapshot. What a reader does not see then is damage in the lines before that
place: `verify` reads them all.
"""

import hashlib
import os
from typing import BinaryIO

from msgspec import Struct, field

from overlord_run.errors import StoreError
from overlord_run.store.disk import open_to_read
from overlord_run.store.events import SnapshotTaken
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import MAX_LINE_BYTES, Misfit, Place, parse
from overlord_run.store.snapshot import parted, place_of, state_of
from overlord_run.store.state import State

_HEAD_BYTES = 64 * 1024


class Start(Struct, frozen=True):
    """Where to begin to read a log, and what the lines before it come to.

    Attributes:
        place: None is the first line.
        state: The caller's own. One that was known already may be further on than `place`.
        views: The snapshot's line that tells how far the views reached; only who writes them looks at it.
    """

    place: Place | None = None
    state: State = field(default_factory=State)
    views: bytes = b""


def start_of(folder: RunFolder, known: State | None = None) -> Start:
    """Return where to begin to read a run's log.

    Args:
        folder: The run's.
        known: What the log came to a while ago; where that is behind the snapshot, it need not be made of that again.
    """
    try:
        with open_to_read(folder.snapshot_path) as file, open_to_read(folder.log_path) as log:
            return _behind_snapshot(file, log, known)
    except (OSError, StoreError, Misfit, ValueError, LookupError, TypeError, AttributeError):
        return Start()


def _behind_snapshot(file: BinaryIO, log: BinaryIO, known: State | None) -> Start:
    head = file.readline(_HEAD_BYTES)
    place = place_of(head)
    log.seek(place.size)
    taken = parse(log.readline(MAX_LINE_BYTES + 1), place).body
    if not isinstance(taken, SnapshotTaken):
        return Start()
    if os.fstat(file.fileno()).st_size != taken.size:
        return Start()
    content = file.read()
    found = hashlib.sha256(head)
    found.update(content)
    if found.hexdigest() != taken.sha256:
        return Start()
    rows, views = parted(content.splitlines())
    if known is None or known.last_seq <= place.seq:  # where it lags, another owner came and went since
        known = state_of(rows)
    return Start(place, known, views)

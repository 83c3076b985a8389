"""The table of storage faults: what the disk refuses of a run, and what must come of it in all cases: exit 74.

One row, one mechanism: an operation, on one of the run's files, that fails in one way.
"""

import errno
from dataclasses import dataclass

from store_kit import FaultyDisk


@dataclass(frozen=True)
class DiskFault:
    """One row; the fields are those of `FaultyDisk`, but for `is_early`: it comes before the run's first event."""

    name: str
    operation: str
    only: str
    error: int
    at: int = 1
    for_ever: bool = False
    is_early: bool = False

    def disk(self) -> FaultyDisk:
        """Return a disk with this fault."""
        return FaultyDisk(self.operation, self.at, self.error, for_ever=self.for_ever, only=self.only)


LOG, LEDGER, REGISTRY, JOURNAL, PLAN = "events.jsonl", "ledger.jsonl", "run.json", "s1.jsonl", "plan.json"

DISK_FAULTS = [
    DiskFault("the plan cannot be made", "open", PLAN, errno.ENOSPC, is_early=True),
    DiskFault("the plan does not fit on the disk", "write", PLAN, errno.ENOSPC, is_early=True),
    DiskFault("the plan's sync fails", "sync", PLAN, errno.EIO, is_early=True),
    DiskFault("the plan cannot have its name", "replace", PLAN, errno.EROFS, is_early=True),
    DiskFault("the log cannot be made", "open", LOG, errno.EROFS, is_early=True),
    DiskFault("the quota is used up at a line of the log", "write", LOG, errno.EDQUOT, at=5),
    DiskFault("the disk is full at a line of the log, for a while", "write", LOG, errno.ENOSPC, at=7),
    DiskFault("the disk is full from a line of the log on", "write", LOG, errno.ENOSPC, at=7, for_ever=True),
    DiskFault("a line of the log is taken in part", "short", LOG, errno.ENOSPC, at=9),
    DiskFault("a sync of the log reports an error once", "sync", LOG, errno.EIO, at=4),
    DiskFault("syncs of the log report errors from one on", "sync", LOG, errno.EIO, at=4, for_ever=True),
    DiskFault("a sync of the log tells late that the disk is full", "sync", LOG, errno.ENOSPC, at=5),
    DiskFault("the ledger cannot be made", "open", LEDGER, errno.EMFILE, is_early=True),
    DiskFault("the disk is full at a line of the ledger", "write", LEDGER, errno.ENOSPC),
    DiskFault("a line of the ledger is taken in part", "short", LEDGER, errno.ENOSPC),
    DiskFault("a sync of the ledger reports an error", "sync", LEDGER, errno.EIO),
    DiskFault("the disk becomes read-only at a journal", "open", JOURNAL, errno.EROFS, for_ever=True),
    DiskFault("a journal's line meets a bad sector", "write", JOURNAL, errno.EIO, at=2),
    DiskFault("a journal's line is taken in part", "short", JOURNAL, errno.ENOSPC, at=2),
    DiskFault("a journal's sync at the end reports an error", "sync", JOURNAL, errno.EIO),
    DiskFault("the journals' folder cannot be synced", "sync_folder", "journals", errno.EIO),
    DiskFault("a new registry cannot be made", "open", REGISTRY, errno.ENOSPC, at=2),
    DiskFault("a new registry does not fit on the disk", "write", REGISTRY, errno.ENOSPC, at=2),
    DiskFault("a new registry is taken in part", "short", REGISTRY, errno.ENOSPC, at=3),
    DiskFault("a new registry's sync reports an error", "sync", REGISTRY, errno.EIO, at=2),
    DiskFault("a new registry cannot take the old one's name", "replace", REGISTRY, errno.EACCES, at=2),
    DiskFault(
        "the run's folder cannot be synced before the first event", "sync_folder", "run", errno.EIO, at=2, is_early=True
    ),
    DiskFault("the run's folder cannot be synced behind a new registry", "sync_folder", "run", errno.EIO, at=4),
]

"""Give a run's events as they stand in its log, and go on while more of them come."""

import errno
from collections.abc import Callable, Iterator

from overlord_run.store.disk import unreadable
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.log import read
from overlord_run.store.owner import is_owned
from overlord_run.store.tail import Line

_EMPTY = "the log is empty: the run ended before it began"
_INTERRUPTED = "the run was interrupted: its process is gone"


class Events:
    """The lines of a run's log, to be iterated once.

    Attributes:
        notes: What a person should know of the log, known after the last line.
    """

    def __init__(self, folder: RunFolder, wait: Callable[[], object] | None = None) -> None:
        """Take the run, and for one that is to be followed what waits between two looks."""
        self._folder = folder
        self._wait = wait
        self._following = Following(folder, is_whole=True)
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[Line]:
        """Give the lines there are; of a run that is followed, those to come too, until nothing more can come.

        Nothing more comes once the run has ended or no living process owns it.

        Raises:
            LogDamagedError: A line does not fit the ones before it.
            StoreError: The log cannot be read, or was deleted meanwhile.
        """
        while True:
            # Asked before the look: what an owner that is gone has written is on disk then.
            is_live = is_owned(self._folder.lock_path)
            yield from self._following.look()
            if self._wait is None or self._has_ended or not is_live:
                break
            self._wait()
        self._conclude(is_live=is_live)

    @property
    def _has_ended(self) -> bool:
        return self._following.state.is_at_rest

    def _conclude(self, *, is_live: bool) -> None:
        if self._following.tail.last is None and self._folder.registry_path.exists():
            raise unreadable(self._folder.log_path, FileNotFoundError(errno.ENOENT, ""))
        if self._following.tail.has_rest:
            log = read(self._folder.log_path)  # says whether the rest is what a crash leaves, or damage
            for _ in log:
                pass
            self.notes += [f"{self._folder.log_path.name}: {log.torn}"] if log.torn else []
        if self._following.tail.last is None and not is_live:
            self.notes.append(_EMPTY)
        elif not (is_live or self._has_ended):
            self.notes.append(_INTERRUPTED)

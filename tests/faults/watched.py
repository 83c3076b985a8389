"""A disk on which something is looked at, or taken away, before each operation."""

from collections.abc import Callable
from pathlib import Path
from threading import RLock

from overlord_run.store.disk import SystemDisk


class WatchedDisk(SystemDisk):
    """The real disk. `before` is called before each operation and amid each write, one at a time."""

    def __init__(self, before: Callable[[], None]) -> None:
        self.before = before
        self.lock = RLock()  # journals are synced side by side

    def open(self, path: Path, flags: int) -> int:
        with self.lock:
            self.before()
            return super().open(path, flags)

    def write(self, fd: int, data: bytes | bytearray) -> int:
        half = len(data) // 2
        with self.lock:
            return self._write(fd, data[:half]) + self._write(fd, data[half:])

    def truncate(self, fd: int, size: int) -> None:
        with self.lock:
            self.before()
            super().truncate(fd, size)

    def sync(self, fd: int) -> None:
        with self.lock:
            self.before()
            super().sync(fd)

    def replace(self, source: Path, target: Path) -> None:
        with self.lock:
            self.before()
            super().replace(source, target)

    def sync_folder(self, path: Path) -> None:
        with self.lock:
            self.before()
            super().sync_folder(path)

    def _write(self, fd: int, data: bytes | bytearray) -> int:
        self.before()
        return super().write(fd, data)

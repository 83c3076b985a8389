"""A disk that knows what would be left of a run if the power went: what was synced, and any part of the rest."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from faults.watched import WatchedDisk
from overlord_run.store.disk import make_folder

SECTOR_BYTES = 512


@dataclass(eq=False)
class File:
    """A file, whatever its name: its bytes as the system tells them, and those that are surely on the disk."""

    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


Names = Mapping[Path, File]


class PowerDisk(WatchedDisk):
    """The real disk, and a model of it that forgets."""

    def __init__(self, folder: Path, before: Callable[["PowerDisk"], None]) -> None:
        super().__init__(lambda: before(self))
        self.folder = folder
        self.opened: dict[int, File] = {}
        self.names: dict[Path, File] = {}
        self._learn(folder)
        self.durable_names = dict(self.names)  # what was there before is on the disk

    def open(self, path: Path, flags: int) -> int:
        with self.lock:
            fd = super().open(path, flags)
            self.opened[fd] = self.names.setdefault(path, File())
            return fd

    def truncate(self, fd: int, size: int) -> None:
        with self.lock:
            super().truncate(fd, size)
            del self.opened[fd].content[size:]

    def sync(self, fd: int) -> None:
        with self.lock:
            super().sync(fd)
            self.opened[fd].durable = bytes(self.opened[fd].content)

    def replace(self, source: Path, target: Path) -> None:
        with self.lock:
            super().replace(source, target)
            self.names[target] = self.names.pop(source)

    def sync_folder(self, path: Path) -> None:
        with self.lock:
            super().sync_folder(path)
            self._learn(path)
            elsewhere = {name: file for name, file in self.durable_names.items() if name.parent != path}
            self.durable_names = elsewhere | {name: file for name, file in self.names.items() if name.parent == path}

    def _write(self, fd: int, data: bytes | bytearray) -> int:
        taken = super()._write(fd, data)
        self.opened[fd].content += data[:taken]
        return taken

    def _learn(self, folder: Path) -> None:
        """Take notice of the files that were made by others."""
        for path in folder.rglob("*"):
            if path.is_file() and path not in self.names:
                content = path.read_bytes()
                self.names[path] = File(bytearray(content), content)


@dataclass(frozen=True)
class Way:
    """What happens to that which was not synced.

    Attributes:
        keeps_names: Which of the names are left, of those on the disk and those that the system tells.
        keeps_bytes: Which bytes of a file are left.
    """

    keeps_names: Callable[[Names, Names, Random], Names]
    keeps_bytes: Callable[[File, Random], bytes]


def _names_on_disk(durable: Names, _told: Names, _random: Random) -> Names:
    return durable


def _names_told(_durable: Names, told: Names, _random: Random) -> Names:
    return told


def _some_names(durable: Names, told: Names, random: Random) -> Names:
    mixed = {path: random.choice([durable.get(path), told.get(path)]) for path in sorted({*durable, *told})}
    return {path: file for path, file in mixed.items() if file is not None}


def _some_bytes(file: File, random: Random) -> bytes:
    """Return what is on the disk, some of the sectors that are not, and zeros in place of those that are lost."""
    if not file.content.startswith(file.durable):  # it was cut off
        return random.choice([file.durable, bytes(file.content)])
    content = bytearray(file.content[: random.randint(len(file.durable), len(file.content))])
    for start in range(len(file.durable), len(content), SECTOR_BYTES):
        if random.random() < 0.3:
            end = min(start + SECTOR_BYTES, len(content))
            content[start:end] = bytes(end - start)
    return bytes(content)


WAYS: Mapping[str, Way] = {
    "nothing is left of it": Way(_names_on_disk, lambda file, _random: file.durable),
    "names are left, and no bytes": Way(_names_told, lambda file, _random: file.durable),
    "names and sizes are left, and zeros for bytes": Way(
        _names_told, lambda file, _random: file.durable + bytes(max(len(file.content) - len(file.durable), 0))
    ),
    "all of it is left": Way(_names_told, lambda file, _random: bytes(file.content)),
    "any part of it is left": Way(_some_names, _some_bytes),
}


def cut(disk: PowerDisk, into: Path, way: Way, random: Random) -> Path:
    """Make what is left after a power cut, and return the run's folder there."""
    left = into / disk.folder.name
    for made in (left, left / "journals", left / "inbox"):
        make_folder(made)
    for path, file in way.keeps_names(disk.durable_names, disk.names, random).items():
        target = left / path.relative_to(disk.folder)
        fd = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.write(fd, way.keeps_bytes(file, random))
        os.close(fd)
    return left

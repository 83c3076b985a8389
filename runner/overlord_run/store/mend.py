"""Bring the ledger and the journals of a run whose writer died into step with its log, under the lock.

A view follows the log, so a crash leaves one that lacks its last lines, or a part of one. It is compared with what the
log gives, and written again from where the two part.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, field

from overlord_run.store import atomic
from overlord_run.store.disk import Disk, open_to_read, unwritable, write_parts
from overlord_run.store.events import Event, RunCreated
from overlord_run.store.folder import RunFolder
from overlord_run.store.journal import (
    FILE_BYTES,
    file_name,
    journal_bytes,
    journal_lines,
    older_file_name,
    starts_new_file,
)
from overlord_run.store.ledger import ledger_bytes, ledger_line


@contextmanager
def mending(folder: RunFolder, disk: Disk) -> Iterator[Callable[[Event], None]]:
    """Give what is to be called with each event of the log; then write again what the ledger and the journals lack.

    Nothing is written where the block raises.

    Raises:
        StoreError: A view cannot be read or written.
    """
    journals: dict[str, _Journal] = {}
    try:
        with open_to_read(folder.ledger_path) if folder.ledger_path.exists() else BytesIO() as file:
            ledger = _Ledger(file)

            def follow(event: Event) -> None:
                ledger.follow(event)
                for slot, line in journal_lines(event):
                    journals.setdefault(slot, _Journal()).follow(journal_bytes(line))

            yield follow
            ledger.finish()
        if ledger.has_parted or not folder.ledger_path.exists():
            _write_rest(folder.ledger_path, ledger, disk)
        for slot, journal in journals.items():
            _write_journal(folder.journals_dir, slot, journal, disk)
    except OSError as error:
        raise unwritable(Path(error.filename or folder.path), error) from error


class _Ledger(Struct):
    """The ledger on disk beside the one that the log gives.

    Attributes:
        agreed_size: Up to where the two are the same.
        missing: The lines from there on.
    """

    file: BinaryIO
    agreed_size: int = 0
    missing: list[bytes] = field(default_factory=list)
    has_parted: bool = False
    run_id: str = ""

    def follow(self, event: Event) -> None:
        if isinstance(event.body, RunCreated):
            self.run_id = event.body.run_id
        line = ledger_line(event, self.run_id)
        if line is None:
            return
        expected = ledger_bytes(line)
        if not self.has_parted and self.file.read(len(expected)) == expected:
            self.agreed_size += len(expected)
        else:
            self.has_parted = True
            self.missing.append(expected)

    def finish(self) -> None:
        """Note whether the file on disk goes on where the log does not."""
        self.has_parted = self.has_parted or self.file.read(1) != b""


class _Journal(Struct):
    """The two files of a journal as the log gives them; `older` is None while the first one is not full."""

    older: bytes | None = None
    current: bytearray = field(default_factory=bytearray)

    def follow(self, line: bytes) -> None:
        if starts_new_file(len(self.current), line):
            self.older, self.current = bytes(self.current), bytearray()
        self.current += line


def _write_rest(path: Path, ledger: _Ledger, disk: Disk) -> None:
    fd = disk.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    try:
        disk.truncate(fd, ledger.agreed_size)
        write_parts(disk, fd, ledger.missing)
        disk.sync(fd)
    finally:
        os.close(fd)


def _write_journal(folder: Path, slot: str, journal: _Journal, disk: Disk) -> None:
    for name, content in ((older_file_name(slot), journal.older), (file_name(slot), bytes(journal.current))):
        if content is not None and _content(folder / name) != content:
            atomic.replace(folder / name, [content], disk=disk)


def _content(path: Path) -> bytes | None:
    try:
        with open_to_read(path) as file:
            return file.read(FILE_BYTES + 1)
    except FileNotFoundError:
        return None

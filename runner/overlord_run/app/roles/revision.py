"""Write another revision of a pack into a playbook, and leave every other character as it is."""

import json
from pathlib import Path

from msgspec import Struct

from overlord_run.app.roles.folders import put
from overlord_run.app.validate import read
from overlord_run.errors import RunBusyError, UsageError
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.names import shown
from overlord_run.playbook.repository import rev_fault
from overlord_run.playbook.source import scan
from overlord_run.roles.commands import command


class Edit(Struct, frozen=True):
    """A playbook with another revision of a pack.

    Attributes:
        file: The playbook's path.
        before: What it holds.
        after: What it is to hold.
    """

    file: str
    before: bytes
    after: bytes

    def write(self) -> None:
        """Write the playbook.

        Raises:
            RunBusyError: It was changed meanwhile.
            StoreError: It cannot be written.
        """
        path = Path(self.file)
        mode = path.stat().st_mode
        if read(self.file) != self.before:
            message = f"{self.file} was changed meanwhile"
            raise RunBusyError(message, next="Run the command again.")
        put(path, self.after)
        path.chmod(mode & 0o777)


def edit_rev(file: str, name: str, old: str, new: str) -> Edit:
    """Return a playbook in which a pack has another revision.

    Raises:
        UsageError: The text is no revision, or the playbook does not spell the old one where it stands.
    """
    if fault := rev_fault(new):
        message = f"the revision {shown(new)} {fault.reason}"
        raise UsageError(message, next=f"{fault.hint[0].upper()}{fault.hint[1:]}.")
    content = read(file)
    place = _fields(content, file, name).place_of("rev")
    lines = content.decode("utf-8").split("\n")
    line, start = lines[place.line - 1], place.column - 1
    for spelled in (old, f"'{old}'", json.dumps(old, ensure_ascii=False)):
        if not line.startswith(spelled, start):
            continue
        for written in (new, json.dumps(new, ensure_ascii=False)):
            edited = line[:start] + written + line[start + len(spelled) :]
            after = "\n".join([*lines[: place.line - 1], edited, *lines[place.line :]]).encode()
            if _says(after, file, name, new):
                return Edit(file, content, after)
    message = f"the revision of the pack {shown(name)} in {file}:{place.line} cannot be replaced there"
    raise UsageError(message, next=f"Write {new} there yourself, and run {command('lock', file)}.")


def _fields(content: bytes, file: str, name: str) -> Fields:
    document, _ = scan(content, file)
    if document is None:
        message = f"{file} was changed meanwhile"
        raise UsageError(message, next="Run the command again.")
    return Fields.of(document).inner("packs").inner(name)


def _says(content: bytes, file: str, name: str, rev: str) -> bool:
    """Say whether a playbook reads as one in which the pack has this revision."""
    document, problems = scan(content, file)
    return document is not None and not problems and Fields.of(document).inner("packs").inner(name).string("rev") == rev

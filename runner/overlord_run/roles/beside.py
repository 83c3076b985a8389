"""Say how the files are read that stand beside a playbook, wherever that is: on disk, or in a git revision."""

from typing import Protocol


class Beside(Protocol):
    """Reads the files that a playbook names by their relative paths, wherever it stands itself: on disk, say."""

    def __call__(self, relative: str, *, limit: int, may_climb: bool = False, within: str = "") -> bytes:
        """Return what such a file holds, as `files.read_beside` does; raises FileError."""

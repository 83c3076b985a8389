"""Say how the files are read that stand beside a playbook, wherever that is: on disk, or in a git revision."""

from typing import Protocol

from overlord_run.playbook.source import digest_of


class Beside(Protocol):
    """Reads the files that a playbook names by their relative paths, wherever it stands itself: on disk, say."""

    def __call__(self, relative: str, *, limit: int, may_climb: bool = False, within: str = "") -> bytes:
        """Return what such a file holds, as `files.read_beside` does; raises FileError."""


class Noting:
    """Reads files as another does, and notes what they were, so that it can be told later whether they still are.

    Attributes:
        digests: Of each file that was read, by its relative path.
    """

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self.digests: dict[str, str] = {}

    def __call__(self, relative: str, *, limit: int, may_climb: bool = False, within: str = "") -> bytes:
        """Return what a file holds; raises FileError."""
        data = self._beside(relative, limit=limit, may_climb=may_climb, within=within)
        self.digests[relative] = digest_of(data)
        return data

"""Hand out the roles that ship with the runner, `builtin/NAME`."""

from overlord_run.files import TEXT_LIMIT, FileError, read_bytes
from overlord_run.playbook.names import LONGEST_PATH, did_you_mean, listed, shown
from overlord_run.shipped import shipped

PACK = "builtin"

_SUFFIX = ".md"


def names() -> list[str]:
    """Return the names of the roles, in alphabetical order."""
    return sorted(path.stem for path in shipped("playbooks/roles").glob(f"*{_SUFFIX}"))


def read(name: str) -> bytes:
    """Return a role's file. A name only chooses among `names`: it is never a path.

    Raises:
        FileError: There is no role of that name.
    """
    if name not in names():
        raise _unknown(name)
    return read_bytes(shipped("playbooks/roles") / f"{name}{_SUFFIX}", limit=TEXT_LIMIT)


def _unknown(name: str) -> FileError:
    known = names()
    hint = f"{did_you_mean(name, known)} there are {listed(known, most=len(known))}".strip()
    subject = shown(f"{PACK}/{name}", longest=LONGEST_PATH)
    return FileError(subject, "is not a role that ships with the runner", rule="unknown-builtin", hint=hint)

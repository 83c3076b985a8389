"""Hand out the roles that ship with the runner, `builtin/NAME`."""

from overlord_run.files import TEXT_LIMIT, FileError, read_beside, read_bytes
from overlord_run.playbook.names import LONGEST_PATH, did_you_mean, listed, shown
from overlord_run.playbook.packs import BUILTIN, ROLE_SUFFIX, role_path
from overlord_run.shipped import shipped


def names() -> list[str]:
    """Return the names of the roles, in alphabetical order."""
    return sorted(path.stem for path in shipped("playbooks/roles").glob(f"*{ROLE_SUFFIX}"))


def read(name: str) -> bytes:
    """Return a role's file. A name only chooses among `names`: it is never a path.

    Raises:
        FileError: There is no role of that name.
    """
    if name not in names():
        raise _unknown(name)
    return read_bytes(shipped("playbooks/roles") / role_path(name), limit=TEXT_LIMIT)


def read_text(path: str) -> bytes:
    """Return a text that a role includes, by its path from the folder of the roles.

    Raises:
        FileError: There is no such text.
    """
    return read_beside(shipped("playbooks/roles"), path, limit=TEXT_LIMIT)


def _unknown(name: str) -> FileError:
    known = names()
    hint = f"{did_you_mean(name, known)} there are {listed(known, most=len(known))}".strip()
    subject = shown(f"{BUILTIN}/{name}", longest=LONGEST_PATH)
    return FileError(subject, "is not a role that ships with the runner", rule="unknown-builtin", hint=hint)

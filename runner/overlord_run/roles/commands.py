"""Name the commands that mend something about packs, for the folder of playbooks that they are for."""

import re
from pathlib import PurePath

from overlord_run.playbook.names import LONGEST_PATH, shown

_PLAIN = re.compile(r"[A-Za-z0-9_./\\:+@%,=-]+")


def command(name: str, playbook: str) -> str:
    """Return the command that mends something about the packs of a playbook, or of the playbooks of a folder."""
    return f"overlord-run roles {name} {quoted(playbook)}"


def quoted(path: str) -> str:
    """Return a path as a word of a command line."""
    return path if _PLAIN.fullmatch(path) else f'"{shown(path, longest=LONGEST_PATH)[1:-1]}"'


def beside(name: str, lock: str) -> str:
    """Return the command for the folder that a lock stands in, which it needs no word for where that is this one."""
    folder = str(PurePath(lock).parent)
    return f"overlord-run roles {name}" if folder == "." else command(name, folder)


def update(pack: str, lock: str) -> str:
    """Return the command that moves a pack of a lock to what its revision names now."""
    folder = str(PurePath(lock).parent)
    return f"overlord-run roles update {pack}" + ("" if folder == "." else f" --in {quoted(folder)}")

"""Tell playbooks, role files, examples, scripts and locks apart, and from what is not ours, by what they hold."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Literal

from overlord_run.files import PLAYBOOK_LIMIT, FileError, read_bytes
from overlord_run.playbook.packs import LOCK_NAME

Kind = Literal["playbook", "role", "examples", "script", "lock"]

PLAYBOOK_SUFFIXES = frozenset({".yml", ".yaml"})
ROLE_SUFFIX = ".md"
LOCK_SUFFIX = Path(LOCK_NAME).suffix

_KEY = re.compile(r"""^["']?(overlord|answers|assignments|examples|roles)["']?[ \t]*:""", re.MULTILINE)


def find(folder: Path) -> list[str]:
    """Return the paths of what is ours in a folder and in those below it, sorted; what begins with a dot is not."""
    found = (file for file in folder.rglob("*") if not _is_hidden(file.relative_to(folder)))
    return sorted(str(file) for file in found if file.is_file() and _is_ours(file))


def playbooks_in(folder: Path) -> list[str]:
    """Return the paths of the playbooks that stand in a folder itself, sorted."""
    found = (file for file in folder.iterdir() if file.suffix.lower() in PLAYBOOK_SUFFIXES)
    return sorted(str(file) for file in found if file.name[0] != "." and file.is_file() and _is_playbook(file))


def kind_of(text: str, path: str) -> Kind:
    """Return what a file is to be checked as: whatever is no other is to be a playbook."""
    if Path(path).suffix.lower() == ROLE_SUFFIX:
        return "role"
    if Path(path).suffix.lower() == LOCK_SUFFIX:
        return "lock"
    keys = set(_KEY.findall(text))
    if keys & {"assignments", "roles"}:
        return "playbook"
    return "script" if "answers" in keys else "examples" if "examples" in keys else "playbook"


def legible(content: bytes) -> str:
    """Return the text of a file in whatever encoding an editor left it: the check tells one that is not UTF-8."""
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8"
    return content.decode(encoding, "replace").lstrip("\ufeff")


def _is_playbook(file: Path) -> bool:
    """Say whether a file says that it is a playbook; one that cannot be read may be one."""
    try:
        text = legible(read_bytes(file, limit=PLAYBOOK_LIMIT))
    except FileError as error:
        return error.rule != "too-large"
    return "overlord" in _KEY.findall(text) and kind_of(text, str(file)) == "playbook"


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _is_ours(file: Path) -> bool:
    """Say whether a file is the lock or says `overlord:`; one that cannot be read may be ours, and is told."""
    suffix = file.suffix.lower()
    if file.name == LOCK_NAME:
        return True
    if suffix not in {*PLAYBOOK_SUFFIXES, ROLE_SUFFIX}:
        return False
    try:
        text = legible(read_bytes(file, limit=PLAYBOOK_LIMIT))
    except FileError as error:
        return error.rule != "too-large"
    if suffix == ROLE_SUFFIX and text.splitlines()[:1] != ["---"]:
        return False
    return "overlord" in _KEY.findall(text)

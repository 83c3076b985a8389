"""Tell playbooks, role files and rehearsal scripts apart, and from what is not ours, by what they hold."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Literal

from overlord_run.files import PLAYBOOK_LIMIT, FileError, read_bytes

Kind = Literal["playbook", "role", "script"]

PLAYBOOK_SUFFIXES = frozenset({".yml", ".yaml"})
ROLE_SUFFIX = ".md"

_KEY = re.compile(r"""^["']?(overlord|answers|assignments|roles)["']?[ \t]*:""", re.MULTILINE)


def find(folder: Path) -> list[str]:
    """Return the paths of what is ours in a folder and in those below it, sorted; what begins with a dot is not."""
    found = (file for file in folder.rglob("*") if not _is_hidden(file.relative_to(folder)))
    return sorted(str(file) for file in found if file.is_file() and _is_ours(file))


def kind_of(text: str, path: str) -> Kind:
    """Return what a file is to be checked as: whatever is no role file and no script is to be a playbook."""
    if Path(path).suffix.lower() == ROLE_SUFFIX:
        return "role"
    keys = set(_KEY.findall(text))
    return "script" if "answers" in keys and keys.isdisjoint({"assignments", "roles"}) else "playbook"


def legible(content: bytes) -> str:
    """Return the text of a file in whatever encoding an editor left it: the check tells one that is not UTF-8."""
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8"
    return content.decode(encoding, "replace").lstrip("\ufeff")


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _is_ours(file: Path) -> bool:
    """Say whether a file says `overlord:`; one that cannot be read may be ours, and is told."""
    suffix = file.suffix.lower()
    if suffix not in {*PLAYBOOK_SUFFIXES, ROLE_SUFFIX}:
        return False
    try:
        text = legible(read_bytes(file, limit=PLAYBOOK_LIMIT))
    except FileError as error:
        return error.rule != "too-large"
    if suffix == ROLE_SUFFIX and text.splitlines()[:1] != ["---"]:
        return False
    return "overlord" in _KEY.findall(text)

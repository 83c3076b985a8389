"""Write a first playbook, and beside it the schema by which an editor completes and checks it."""

import json
import re
from pathlib import Path

from msgspec import Struct

from overlord_run.app.fresh import make_folder, require_absent, require_name, write_new
from overlord_run.app.here import current_host
from overlord_run.app.ours import PLAYBOOK_SUFFIXES
from overlord_run.errors import UsageError
from overlord_run.files import is_folder, is_there
from overlord_run.playbook.schema import load

DEFAULT_NAME = "council.yml"
SCHEMA_NAME = "playbook.schema.json"
"""What the first line of a playbook names."""

_TEMPLATE = Path(__file__).with_name(DEFAULT_NAME)
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9._-]+")
_LONGEST_NAME = 64
# A name that YAML takes for something else than a text stands in quotes.
_PLAIN = re.compile(r"(?!(?:true|false|null|yes|no|on|off)$)[a-z][a-z0-9._-]*")


class Written(Struct, frozen=True):
    """What `init` did.

    Attributes:
        files: The paths that were written; the first is the playbook's.
        note: What a person should know of the schema beside it, or empty.
    """

    files: tuple[str, ...]
    note: str


def init(asked: str | None) -> Written:
    """Write the playbook to a path, or to `council.yml` in the folder that it names, and the schema beside it.

    Raises:
        UsageError: There is something already, or the path cannot be a playbook's.
        StoreError: A file cannot be written.
    """
    path = _path(asked)
    schema_path = path.with_name(SCHEMA_NAME)
    schema = json.dumps(load("playbook"), indent=2) + "\n"
    files = [str(path)]
    note = ""
    make_folder(path.parent)
    write_new(path, _text(path))  # first, since its name is a person's, and may be one that cannot be
    if not is_there(schema_path):
        write_new(schema_path, schema)
        files.append(str(schema_path))
    elif not _holds(schema_path, schema):
        note = f"{schema_path} was there and is left as it is; overlord-run schema playbook prints this version's"
    return Written(tuple(files), note)


def _path(asked: str | None) -> Path:
    path = Path(asked or DEFAULT_NAME)
    if is_folder(path):
        path /= DEFAULT_NAME
    if path.suffix.lower() not in PLAYBOOK_SUFFIXES:
        message = f"the name of a playbook ends in .yml or .yaml, and '{path.name}' does not"
        raise UsageError(message, next=f"overlord-run init {path.with_name(path.name + '.yml')}")
    require_name(path)
    require_absent(path)
    return path


def _text(path: Path) -> str:
    name = _NOT_IN_A_NAME.sub("-", path.stem.lower()).strip("-._")[:_LONGEST_NAME] or "council"
    told = name if _PLAIN.fullmatch(name) else json.dumps(name)
    text = _TEMPLATE.read_text(encoding="utf-8")
    return text.replace("\nname: council\n", f"\nname: {told}\n").replace(DEFAULT_NAME, current_host().quote(path.name))


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False

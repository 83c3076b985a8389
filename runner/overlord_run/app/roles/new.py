"""Write a first role file, and beside it its examples."""

import re
from pathlib import Path

from overlord_run.app.fresh import make_folder, require_absent, require_name, write_new
from overlord_run.app.here import current_host
from overlord_run.app.ours import ROLE_SUFFIX
from overlord_run.errors import UsageError
from overlord_run.playbook.examples import SUFFIXES
from overlord_run.playbook.names import is_id, is_reserved, shown

FOLDER = Path("roles")

_ROLE = Path(__file__).with_name("role.md")
_EXAMPLES = Path(__file__).with_name("role.examples.yml")
_CALLED = "critic"
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def new_role(name: str, asked: str | None) -> tuple[str, ...]:
    """Write a role file and its examples, and return their paths.

    Args:
        name: What the role is to be called.
        asked: The file, or the folder to put it into; None for the folder `roles`.

    Raises:
        UsageError: The name is none, there is something already, or the path cannot be a role file's.
        StoreError: A file cannot be written.
    """
    _require_role_name(name)
    path = _path(name, asked)
    examples_path = path.with_name(path.stem + SUFFIXES[0])
    require_absent(path)
    require_absent(examples_path)
    make_folder(path.parent)
    write_new(path, _ROLE.read_text(encoding="utf-8").replace(f"\nrole: {_CALLED}\n", f"\nrole: {name}\n"))
    examples = _EXAMPLES.read_text(encoding="utf-8").replace(f"test roles/{_CALLED}.md", f"test {_typed(path)}")
    write_new(examples_path, examples.replace(f"{_CALLED}.", f"{path.stem}."))
    return str(path), str(examples_path)


def _typed(path: Path) -> str:
    return current_host().quote(path.as_posix())


def _require_role_name(name: str) -> None:
    """Return where a playbook can call a role so.

    Raises:
        UsageError: It cannot.
    """
    if is_id(name) and not is_reserved(name):
        return
    rule = "a role's name begins with a small letter, and holds small letters, digits and '_', at most 64"
    near = _NOT_IN_A_NAME.sub("_", name.lower()).strip("_0123456789")
    hint = f"Did you mean '{near}'?" if is_id(near) and not is_reserved(near) else "Choose another name."
    message = f"{shown(name)} is a name that is taken" if is_reserved(name) else f"{rule}; {shown(name)} is none"
    raise UsageError(message, next=hint)


def _path(name: str, asked: str | None) -> Path:
    path = FOLDER if asked is None else Path(asked)
    if asked is None or path.is_dir() or asked.endswith(("/", "\\")):
        path /= f"{name}{ROLE_SUFFIX}"
    if path.suffix != ROLE_SUFFIX:
        message = f"the name of a role file ends in {ROLE_SUFFIX}, and '{path.name}' does not"
        raise UsageError(message, next=f"overlord-run roles new {name} {path.with_name(path.name + ROLE_SUFFIX)}")
    require_name(path)
    return path

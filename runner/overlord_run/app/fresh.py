"""Write new files: each whole or not at all, and none over what is there already."""

from contextlib import suppress
from pathlib import Path

from overlord_run.errors import StoreError, UsageError
from overlord_run.files import is_there
from overlord_run.playbook.names import is_device, shown


def require_name(path: Path) -> None:
    """Return where a file can be called so on every platform.

    Raises:
        UsageError: It cannot.
    """
    if not path.name.isprintable():
        message = f"the name {shown(path.name)} holds a character that cannot be printed"
        raise UsageError(message, next="Choose another name.")
    if is_device(path.name):
        message = f"'{path.name}' is the name of a device on Windows"
        raise UsageError(message, next="Choose another name.")


def require_absent(path: Path) -> None:
    """Return where nothing is at a path, no broken link either.

    Raises:
        UsageError: There is something.
    """
    if is_there(path):
        raise _taken(path)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_new(path: Path, text: str) -> None:
    """Write a file whole, or none.

    Raises:
        UsageError: There is something at the path.
        StoreError: It cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        with suppress(OSError):  # what was never made cannot be removed
            path.unlink()
        raise _unwritable(path, error) from error


def _taken(path: Path) -> UsageError:
    return UsageError(f"{path} is there already, and nothing is overwritten", next="Name another file.")


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be written: {error.strerror}", next="Name another place.", code="unwritable")

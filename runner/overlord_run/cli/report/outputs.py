"""Hand over what a run was for: as text on standard output, or as files in a folder."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from overlord_run.errors import StoreError
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan, PlannedOutput
from overlord_run.playbook.names import folded
from overlord_run.store.atomic import replace

_ANOTHER = "Give another folder with --outputs."


def outputs_text(outputs: Mapping[str, Any]) -> str:
    """Return a single output bare, and several under a heading each; a value that is no text is told as JSON."""
    if len(outputs) == 1:
        return "".join(content(value) for value in outputs.values())
    return "\n\n".join(f"## {name}\n\n{content(value).removesuffix(chr(10))}" for name, value in outputs.items())


def content(value: Any) -> str:
    """Return what an output's file holds: a text exactly as it is, anything else as indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def file_name(name: str, declared: str | None, value: Any) -> str:
    """Return an output's file: the one it declares, else its name with `.txt` for a text and `.json` for a value."""
    return declared or f"{name}.{'txt' if isinstance(value, str) else 'json'}"


def check_folder(folder: Path, plan: Plan) -> None:
    """Make sure, before anything is paid for, that the outputs of a plan can be written into a folder; make the folder.

    Raises:
        StoreError: The folder cannot be made, two outputs have the same file, or one would be written elsewhere.
    """
    names = [name for output in plan.outputs or _replies(plan) for name in _possible_names(output)]
    _require_distinct(names)
    _make(folder)
    for name in names:
        target_in(folder, name)


def write_outputs(folder: Path, plan: Plan, outputs: Mapping[str, Any]) -> list[str]:
    """Write each output to its file, replacing it at once, and return the paths.

    Raises:
        StoreError: One cannot be written, or would be written elsewhere.
    """
    declared = {output.name: output.file for output in plan.outputs}
    written = []
    for name, value in outputs.items():
        path = target_in(folder, file_name(name, declared.get(name), value))
        _make(path.parent)
        try:
            replace(path, [content(value).encode("utf-8", "backslashreplace")])
        except StoreError as error:
            raise StoreError(error.message, next=_ANOTHER, code="outputs") from error
        written.append(str(path))
    return written


def target_in(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder, once it is certain that it lies there and is no link.

    Raises:
        StoreError: It would be written elsewhere, or something else has that name.
    """
    path = folder / name
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise _refused(path, f"lies outside {folder}")
    if any(parent.exists() and not parent.is_dir() for parent in path.parents):
        raise _refused(path, "has a file in the place of one of its folders")
    if path.is_symlink():
        raise _refused(path, "is a link, and links are not followed")
    if path.is_dir():
        raise _refused(path, "is a folder")
    return path


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        is_taken = isinstance(error, FileExistsError | NotADirectoryError)
        message = f"the folder {folder} cannot be made: {'a file is in its way' if is_taken else error.strerror}"
        raise StoreError(message, next=_ANOTHER, code="outputs") from error


def _refused(path: Path, why: str) -> StoreError:
    return StoreError(f"the output file {path} {why}", next=_ANOTHER, code="outputs")


def _replies(plan: Plan) -> Sequence[PlannedOutput]:
    """Return the outputs of a plan that declares none: the replies to its last message."""
    targets = {message.id: message.targets for message in plan.messages()}
    targets[STARTUP] = tuple(servant.slot for servant in plan.servants if servant.task is not None)
    return [PlannedOutput(slot, value=None, text=None, file=f"{slot}.txt") for slot in targets[plan.last]]


def _possible_names(output: PlannedOutput) -> Iterable[str]:
    if output.file is not None:
        return [output.file]
    return [f"{output.name}.txt"] if output.text is not None else [f"{output.name}.txt", f"{output.name}.json"]


def _require_distinct(names: Sequence[str]) -> None:
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        path = PurePosixPath(folded(name))
        above = {str(folder) for folder in path.parents}
        if str(path) in files:
            raise _refused(Path(name), "is named by two outputs")
        if str(path) in folders or above & files:
            raise _refused(Path(name), "is a folder of another output's file, or the other way about")
        files.add(str(path))
        folders |= above

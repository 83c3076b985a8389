"""Gather the values of inputs from the command line and from files, each read as its declared type says."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from overlord_run.errors import InvalidPlaybookError, UsageError
from overlord_run.files import INPUT_LIMIT, decode, read_bytes
from overlord_run.plan.inputs import parse_argument
from overlord_run.playbook.model import Input
from overlord_run.playbook.names import next_name
from overlord_run.playbook.source import read_yaml, unix_lines

STDIN = "-"


class Given(Struct, frozen=True):
    """What a person gave for inputs, as typed.

    Attributes:
        arguments: `-i NAME=VALUE`.
        value_files: `-I NAME=PATH`; `-` is standard input.
        input_files: `--inputs FILE`; later ones win, and `-i` and `-I` win over all.
        stdin: Reads standard input whole.
    """

    arguments: tuple[tuple[str, str], ...]
    value_files: tuple[tuple[str, str], ...]
    input_files: tuple[str, ...]
    stdin: Callable[[], bytes]


def gather(declared: Mapping[str, Input], given: Given) -> dict[str, Any]:
    """Return input name → value, not yet checked against what is declared but for its type's spelling.

    Raises:
        UsageError: Values cannot be read, all of which are told; or standard input is asked for twice.
    """
    _require_one_stdin(declared, given)
    values: dict[str, Any] = {}
    failures: list[UsageError] = []
    for path in given.input_files:
        try:
            values.update(_read_inputs_file(declared, path))
        except UsageError as error:
            failures.append(error)
    for name, read in _readers(declared, given).items():
        try:
            values[name] = read()
        except UsageError as error:
            failures.append(error)
    if failures:
        raise UsageError("; ".join(error.message for error in failures), next=failures[0].next)
    return values


def _readers(declared: Mapping[str, Input], given: Given) -> dict[str, Callable[[], Any]]:
    """Return input name → what reads its value; of several for one name the last, and `-i` before `-I`."""
    readers: dict[str, Callable[[], Any]] = {}
    for name, path in given.value_files:
        readers[name] = partial(_from_file, declared, name, path, given.stdin)
    for name, raw in given.arguments:
        if _is_file(declared, name):
            readers[name] = partial(_read_text, raw, name, given.stdin)
        elif _is_files(declared, name):
            readers[name] = partial(_read_files, _all_given(given, name))
        elif _is_repeated(declared, given, name):
            readers[name] = partial(list, _all_given(given, name))
        else:
            readers[name] = partial(_parse, declared, name, raw)
    return readers


def _read_files(globs: Sequence[str]) -> list[dict[str, str]]:
    from overlord_run.globs import read_files  # noqa: PLC0415 - few playbooks take files

    return read_files(globs)


def _from_file(declared: Mapping[str, Input], name: str, path: str, stdin: Callable[[], bytes]) -> Any:
    text = _read_text(path, name, stdin)
    if _is_files(declared, name):
        return _read_files([line for line in text.splitlines() if line.strip()])
    return text if _is_file(declared, name) else _parse(declared, name, text.removesuffix("\n"))


def _require_one_stdin(declared: Mapping[str, Input], given: Given) -> None:
    readers = [name for name, path in given.value_files if path == STDIN]
    readers += [name for name, raw in given.arguments if raw == STDIN and _is_file(declared, name)]
    if len(readers) > 1:
        names = ", ".join(f"'{name}'" for name in readers)
        message = f"standard input can be read once, and {names} all ask for it"
        raise UsageError(message, next="Give all but one of them as a file's path.")


def _is_file(declared: Mapping[str, Input], name: str) -> bool:
    return name in declared and declared[name].type == "file"


def _is_files(declared: Mapping[str, Input], name: str) -> bool:
    return name in declared and declared[name].type == "files"


def _all_given(given: Given, name: str) -> list[str]:
    return [raw for other, raw in given.arguments if other == name]


def _is_repeated(declared: Mapping[str, Input], given: Given, name: str) -> bool:
    """Say whether `-i NAME=` is given several times for a list: then each value is one of its strings."""
    return len(_all_given(given, name)) > 1 and name in declared and declared[name].type == "array"


def _parse(declared: Mapping[str, Input], name: str, raw: str) -> Any:
    if name not in declared:
        message = f"the playbook declares no input '{name}'"
        raise UsageError(message, next=next_name(name, declared, "Declared:"))
    return parse_argument(declared[name], raw)


def _read_text(path: str, name: str, stdin: Callable[[], bytes]) -> str:
    data = stdin() if path == STDIN else read_bytes(Path(path), limit=INPUT_LIMIT)
    return unix_lines(decode(data, f"input '{name}'" if path == STDIN else path))


def _read_inputs_file(declared: Mapping[str, Input], path: str) -> dict[str, Any]:
    try:
        value = read_yaml(read_bytes(Path(path), limit=INPUT_LIMIT), path).value
    except InvalidPlaybookError as error:
        raise UsageError("; ".join(str(problem) for problem in error.problems)) from error
    if not isinstance(value, dict):
        message = f"{path} holds no mapping of input names to values"
        raise UsageError(message, next="Write it as 'name: value' lines, or as one JSON object.")
    return {name: _of_inputs_file(declared, name, content) for name, content in value.items()}


def _of_inputs_file(declared: Mapping[str, Input], name: str, content: Any) -> Any:
    """Return the value that a file of inputs gives: of files it holds the paths, or globs."""
    if _is_file(declared, name) and isinstance(content, str):
        return unix_lines(decode(read_bytes(Path(content), limit=INPUT_LIMIT), content))
    if not _is_files(declared, name):
        return content
    globs = [content] if isinstance(content, str) else content
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        message = f"input '{name}' must be a glob or a list of globs"
        raise UsageError(message, next="Write it like docs/**/*.md, from the current folder.")
    return _read_files(globs)

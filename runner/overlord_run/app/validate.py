"""Check playbooks and role files as far as that needs no inputs."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from overlord_run.errors import InvalidPlaybookError, Problem, UsageError
from overlord_run.expect.schema import check as check_schemas
from overlord_run.files import PLAYBOOK_LIMIT, FileError, read_beside, read_bytes
from overlord_run.plan.budget import check as check_budget
from overlord_run.plan.checks import check as check_templates
from overlord_run.plan.checks import check_role_file
from overlord_run.playbook.checks import warnings as playbook_warnings
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.parse import read as read_playbook
from overlord_run.playbook.rolefile import parse_role
from overlord_run.roles.origins import Beside
from overlord_run.roles.resolve import read as read_files

PLAYBOOK_SUFFIXES = frozenset({".yml", ".yaml"})
_ROLE_SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class Validation:
    """What was looked at, and every problem found, by file and place."""

    files: tuple[str, ...]
    problems: tuple[Problem, ...]


def load(path: str) -> tuple[Playbook, tuple[Problem, ...]]:
    """Return the playbook at `path` with every text that it names read, and its warnings.

    Raises:
        InvalidPlaybookError: It has problems; all are carried.
        UsageError: There is no such file.
    """
    return parse(read(path), path, partial(read_beside, Path(path).parent))


def parse(content: bytes, file: str, beside: Beside) -> tuple[Playbook, tuple[Problem, ...]]:
    """Return the playbook that `content` holds with every text that it names read, and its warnings.

    Args:
        content: The playbook, as its file has it.
        file: What problems call that file.
        beside: Reads the files that it names.

    Raises:
        InvalidPlaybookError: It has problems; all are carried.
    """
    parsed, problems = read_playbook(content, file)
    if parsed is None:
        raise InvalidPlaybookError(problems)
    playbook, of_files = read_files(parsed, beside)
    problems += [*of_files, *check_schemas(playbook), *check_templates(playbook), *check_budget(playbook)]
    problems += playbook_warnings(playbook)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:  # warnings would mislead beside them: what reads an input may stand in the file that is missing
        raise InvalidPlaybookError(errors)
    return playbook, tuple(sorted(problems))


def read(path: str) -> bytes:
    """Return what a playbook, a role file or a script holds.

    Raises:
        InvalidPlaybookError: It is too large, or no regular file.
        UsageError: There is no such file.
    """
    try:
        return read_bytes(Path(path), limit=PLAYBOOK_LIMIT)
    except FileError as error:
        if error.rule == "file-missing":
            raise
        raise InvalidPlaybookError([Problem(path, 1, 1, error.rule, error.message, error.hint)]) from error


def validate(paths: Sequence[str]) -> Validation:
    """Check every playbook and role file that `paths` name, and those in the folders among them.

    In a folder, a YAML file is a playbook, and a Markdown file with front matter a role, when a line of it begins with
    `overlord:` and none with `answers:` (that is a rehearsal script); other files are passed over. A file that is named
    is always checked.
    """
    files = tuple(dict.fromkeys(name for path in paths for name in _expand(path)))
    if not files:
        message = f"no playbook and no role file in {', '.join(paths)}"
        raise UsageError(message, next="Name a playbook, or a folder that holds one.")
    return Validation(files, tuple(sorted({problem for name in files for problem in _problems(name)})))


def _problems(path: str) -> Sequence[Problem]:
    try:
        if Path(path).suffix.lower() == _ROLE_SUFFIX:
            return check_role_file(parse_role(read(path), path))
        return load(path)[1]
    except InvalidPlaybookError as error:
        return error.problems


def _expand(path: str) -> Iterable[str]:
    folder = Path(path)
    if not folder.is_dir():
        return [path]
    found = (file for file in folder.rglob("*") if not _is_hidden(file.relative_to(folder)))
    return sorted(str(file) for file in found if file.is_file() and _is_ours(file))


def _is_hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _is_ours(file: Path) -> bool:
    suffix = file.suffix.lower()
    if suffix not in {*PLAYBOOK_SUFFIXES, _ROLE_SUFFIX}:
        return False
    try:
        lines = _legible(read_bytes(file, limit=PLAYBOOK_LIMIT)).splitlines()
    except FileError as error:
        return error.rule != "too-large"
    if suffix == _ROLE_SUFFIX and lines[:1] != ["---"]:
        return False
    return any(line.startswith("overlord:") for line in lines) and not any(
        line.startswith("answers:") for line in lines
    )


def _legible(content: bytes) -> str:
    """Return the text of a file in whatever encoding an editor left it: the check tells one that is not UTF-8."""
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    return content.decode(encoding, "replace")

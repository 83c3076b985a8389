"""Check playbooks, role files, their examples, rehearsal scripts and locks as far as that needs no inputs."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.app import ours
from overlord_run.app.packs import pack_cache
from overlord_run.errors import Exit, InvalidPlaybookError, UsageError
from overlord_run.expect.schema import check as check_schemas
from overlord_run.files import PLAYBOOK_LIMIT, FileError, is_folder, read_beside, read_bytes
from overlord_run.plan.advice import advise
from overlord_run.plan.budget import check as check_budget
from overlord_run.plan.checks import check as check_templates
from overlord_run.plan.checks import check_role_file
from overlord_run.plan.rules import OF_A_PLAN
from overlord_run.playbook import ignores
from overlord_run.playbook.checks import warnings as playbook_warnings
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.parse import read as read_playbook
from overlord_run.playbook.rolefile import parse_role
from overlord_run.problem import Problem
from overlord_run.roles.beside import Beside, Noting
from overlord_run.roles.includes import include
from overlord_run.roles.origins import of_role_file
from overlord_run.roles.resolve import read as read_files

# What stands before the @ of a URL; a user of ssh alone, as in ssh://git@host, is no secret.
# Possessive, since each way to divide a text of a megabyte would be tried.
_SECRET = re.compile(r"(?<=https://)[^/\s@]++(?=@)|(?<=://)[^/\s@:]*+:[^/\s@]*+(?=@)")
_YAML_SUFFIXES = ours.PLAYBOOK_SUFFIXES | {".json"}


class Validation(Struct, frozen=True):
    """What was looked at, and every problem found, by file and place.

    Attributes:
        files: The paths of what was checked.
        problems: What is told.
        silenced: How many problems are not told, by a comment or by the choice of rules.
        lines: The lines that the problems point at, by file and number; none of a file that is no text.
    """

    files: tuple[str, ...]
    problems: tuple[Problem, ...]
    silenced: int
    lines: Mapping[tuple[str, int], str]

    @property
    def exit_code(self) -> Exit:
        """The exit code that an error among the problems gives."""
        return Exit.INVALID if any(problem.severity == "error" for problem in self.problems) else Exit.OK


class _Looked(Struct, frozen=True):
    """What a file holds, if it can be read, its problems, and whether no error kept its warnings from being told."""

    content: bytes | None
    problems: Sequence[Problem]
    is_sound: bool


class _Text(Struct, frozen=True):
    """What a file holds, and how its comments look."""

    text: str
    syntax: ignores.Syntax


def load(path: str) -> tuple[Playbook, tuple[Problem, ...]]:
    """Return the playbook at `path` with every text that it names read, and its warnings that no comment silences.

    Raises:
        InvalidPlaybookError: It has problems; all are carried.
        UsageError: There is no such file.
    """
    noting = Noting(partial(read_beside, Path(path).parent))
    playbook, warnings = parse(read(path), path, noting)
    return replace(playbook, files=noting.digests), unsilenced(warnings)


def unsilenced(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems without the warnings that a comment in their file silences."""
    warnings = [found for found in problems if found.severity == "warning"]
    kept = set(ignores.heed(warnings, _ignores(_texts({found.file for found in warnings}, {})))[0])
    return tuple(found for found in problems if found.severity == "error" or found in kept)


def lines_of(problems: Sequence[Problem]) -> Mapping[tuple[str, int], str]:
    """Return the lines that problems point at, by file and number; none of a file that cannot be read."""
    return _lines(problems, _texts({found.file for found in problems}, {}))


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
    playbook, of_files = read_files(parsed, beside, pack_cache)
    problems += [*of_files, *check_schemas(playbook), *check_templates(playbook), *check_budget(playbook)]
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:  # warnings would mislead beside them: what reads an input may stand in the file that is missing
        raise InvalidPlaybookError(errors)
    return playbook, tuple(sorted([*problems, *playbook_warnings(playbook), *advise(playbook)]))


def read(path: str) -> bytes:
    """Return what a playbook, a role file, its examples or a script hold.

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


def validate(
    paths: Sequence[str], *, select: Collection[str] = (), ignore: Collection[str] = (), strict: bool = False
) -> Validation:
    """Check every playbook, role file, file of examples, script and lock that `paths` name, or folders among them hold.

    Args:
        paths: Files, each of which is checked whatever it holds, and folders, in which what is not ours is passed over.
        select: The rules whose problems are told; none: all of them.
        ignore: The rules whose problems are not told.
        strict: Whether a warning is told as an error.

    Raises:
        UsageError: A file does not exist, the folders hold nothing of ours, or there is no such rule.
    """
    _require_known((*select, *ignore))
    files = tuple(dict.fromkeys(name for path in paths for name in _expand(path)))
    if not files:
        message = f"no playbook, role file, examples or script in {', '.join(paths)}"
        raise UsageError(message, next="Name a playbook, or a folder that holds one.")
    looked = {name: _look_at(name) for name in files}
    found = {problem for one in looked.values() for problem in one.problems}
    checked = {name: one.content for name, one in looked.items() if one.content is not None}
    texts = _texts({*checked, *(problem.file for problem in found)}, checked)
    kept, unused = ignores.heed(found, _ignores(texts))
    silenced = len(found) - len(kept)
    by_file: dict[str, list[ignores.Ignore]] = {}
    for each in (one for one in unused if one.rule not in OF_A_PLAN):
        by_file.setdefault(each.place.file, []).append(each)
    sound = [theirs for file, theirs in by_file.items() if file in looked and looked[file].is_sound]
    kept += [told for theirs in sound for told in _tell_unused(theirs)]
    chosen = [one for one in kept if (not select or one.rule in select) and one.rule not in ignore]
    problems = tuple(sorted(replace(one, severity="error") if strict else one for one in chosen))
    return Validation(files, problems, silenced + len(kept) - len(chosen), _lines(problems, texts, files))


def found_in(path: str, problems: Collection[Problem]) -> Validation:
    """Return the problems that were found when the playbook at `path` was planned, as `validate` returns what it finds.

    No comment silences them: those of a plan are told of what inputs make of it, and warnings have been heeded.
    """
    told = tuple(sorted(problems))
    return Validation((path,), told, 0, _lines(told, _texts({problem.file for problem in told}, {}), (path,)))


def _require_known(rules: Sequence[str]) -> None:
    if rules:
        from overlord_run.app.rules import require_known  # noqa: PLC0415 - all rules; most people name none

        require_known(rules)


def _tell_unused(unused: Sequence[ignores.Ignore]) -> Iterable[Problem]:
    from overlord_run.app.rules import RULES  # noqa: PLC0415 - all rules; few files silence any

    return ignores.tell_unused(unused, RULES)


def _expand(path: str) -> Sequence[str]:
    return ours.find(Path(path)) if is_folder(path) else [path]


def _look_at(path: str) -> _Looked:
    content = None
    try:
        content = read(path)
        problems = _problems(content, path)
    except InvalidPlaybookError as error:
        return _Looked(content, error.problems, is_sound=False)
    return _Looked(content, problems, all(problem.severity == "warning" for problem in problems))


def _problems(content: bytes, path: str) -> Sequence[Problem]:
    match ours.kind_of(ours.legible(content), path):
        case "role":
            return check_role(content, path)
        case "examples":
            from overlord_run.app.roles.examples import check_examples  # noqa: PLC0415 - few files are examples

            return check_examples(content, path, partial(read_beside, Path(path).parent))
        case "lock":
            from overlord_run.roles.lock import parse_lock  # noqa: PLC0415 - few files are locks

            parse_lock(content, path)
            return ()
        case "script":
            from overlord_run.engine.script import check_script  # noqa: PLC0415 - few files are scripts

            return check_script(content, path)
        case "playbook":
            return parse(content, path, partial(read_beside, Path(path).parent))[1]


def check_role(content: bytes, path: str) -> Sequence[Problem]:
    """Return what is wrong with the template of a role file, and of the texts that it includes, or is to be warned of.

    Raises:
        InvalidPlaybookError: It is no role file.
    """
    role = parse_role(content, path)
    included = include(role.system, of_role_file(path, partial(read_beside, Path(path).parent)))
    return [*included.problems, *check_role_file(replace(role, system=included.text))]


def _texts(files: Collection[str], checked: Mapping[str, bytes]) -> dict[str, _Text]:
    """Return what these files hold; a builtin role, and what cannot be read, is not among them.

    What was checked is YAML unless it is a role file, whatever its suffix says.
    """
    texts = {}
    for file in files:
        try:
            content = checked[file] if file in checked else read_bytes(Path(file), limit=PLAYBOOK_LIMIT)
        except FileError:
            continue
        suffix = Path(file).suffix.lower()
        is_yaml = suffix in _YAML_SUFFIXES or file in checked
        syntax: ignores.Syntax = "role" if suffix == ours.ROLE_SUFFIX else "yaml" if is_yaml else "text"
        texts[file] = _Text(ours.legible(content), syntax)
    return texts


def _packed(problems: Sequence[Problem], texts: Mapping[str, _Text], files: Collection[str]) -> dict[str, _Text]:
    """Return the texts of packs that problems stand in, as the locks beside these files have them."""
    labels = {problem.file for problem in problems if "@" in problem.file} - texts.keys()
    if not labels:
        return {}
    from overlord_run.roles.lock import LOCK_LIMIT, parse_lock  # noqa: PLC0415 - most playbooks use no packs
    from overlord_run.roles.packs import read_labelled  # noqa: PLC0415 - as above

    packed: dict[str, _Text] = {}
    for folder in {Path(file).parent for file in files}:
        try:
            lock = parse_lock(read_beside(folder, LOCK_NAME, limit=LOCK_LIMIT), LOCK_NAME)
        except (FileError, InvalidPlaybookError):  # so none of the problems is in a pack that it names
            continue
        for label in labels:
            if (content := read_labelled(label, lock, pack_cache())) is not None:
                is_role = label.rpartition("@")[0].endswith(ours.ROLE_SUFFIX)
                packed[label] = _Text(ours.legible(content), "role" if is_role else "text")
    return packed


def _ignores(texts: Mapping[str, _Text]) -> list[ignores.Ignore]:
    return [found for file, one in texts.items() for found in ignores.find(one.text, file, one.syntax)]


def _masked(secret: re.Match[str]) -> str:
    return "*" * len(secret.group())


def _lines(
    problems: Sequence[Problem], texts: Mapping[str, _Text], files: Collection[str] = ()
) -> dict[tuple[str, int], str]:
    texts = {**texts, **_packed(problems, texts, files)}
    split = {
        file: ignores.lines_of(texts[file].text, texts[file].syntax)
        for file in {problem.file for problem in problems}
        if file in texts
    }
    places = {(problem.file, problem.line) for problem in problems}  # on one long line there may be hundreds
    return {
        (file, line): _SECRET.sub(_masked, split[file][line - 1])
        for file, line in places
        if file in split and line <= len(split[file])
    }

"""Try the examples of role files, offline, and write the whole texts that they name where that is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec import Struct

from overlord_run.app import ours
from overlord_run.app.fresh import make_folder
from overlord_run.app.roles.examples import Failure, failures, prompt_of, read_examples, whole_text
from overlord_run.app.roles.new import FOLDER
from overlord_run.app.validate import check_role, lines_of, unsilenced
from overlord_run.errors import Exit, InvalidPlaybookError, UsageError
from overlord_run.files import PLAYBOOK_LIMIT, FileError, outside, read_beside, read_bytes
from overlord_run.plan.frame import role_text
from overlord_run.playbook.examples import SUFFIXES, Example, Examples, role_of
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import FileRef, Place
from overlord_run.problem import Problem
from overlord_run.store.atomic import replace

State = Literal["passed", "failed", "updated"]


class Tried(Struct, frozen=True):
    """What came of an example.

    Attributes:
        place: Of its name.
        state: `updated` where it passes since the file with its whole text was written anew.
        failures: Why it failed.
    """

    name: str
    place: Place
    state: State
    failures: tuple[Failure, ...] = ()


class TriedRole(Struct, frozen=True):
    """What came of the examples of a role file.

    Attributes:
        file: The role file.
        examples_file: The file of examples beside it, or None where there is none.
        examples: In the order of the file; none where something is wrong with the file or the role.
        problems: What is wrong with the role or its examples, or to be warned of.
    """

    file: str
    examples_file: str | None
    examples: tuple[Tried, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def has_no_examples(self) -> bool:
        """Whether nothing says what must come of the role, and nothing is wrong with it otherwise."""
        return not self.examples and not any(each.severity == "error" for each in self.problems)


class Trials(Struct, frozen=True):
    """What came of the examples of all roles.

    Attributes:
        strict: Whether a warning, or a role without examples, is a failure.
        lines: The lines that the problems point at, by file and number.
    """

    roles: tuple[TriedRole, ...]
    strict: bool
    lines: Mapping[tuple[str, int], str]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong with the files, or to be warned of, once."""
        return tuple(sorted({found for role in self.roles for found in role.problems}))

    @property
    def exit_code(self) -> Exit:
        """The exit code: an invalid file comes before an example that failed."""
        if any(found.severity == "error" for found in self.problems):
            return Exit.INVALID
        tried = [each for role in self.roles for each in role.examples]
        is_lax = self.strict and (bool(self.problems) or any(role.has_no_examples for role in self.roles))
        return Exit.FAILED if is_lax or any(each.state == "failed" for each in tried) else Exit.OK


def try_roles(paths: Sequence[str], *, update: bool = False, strict: bool = False) -> Trials:
    """Try the examples of every role file that `paths` name, and of those in the folders among them.

    Args:
        paths: Role files, files of examples, and folders; none: the folder `roles`.
        update: Whether to write each whole text that is missing or another one.
        strict: Whether a warning, or a role without examples, is a failure.

    Raises:
        UsageError: A path does not exist, is neither, or the folders hold no role file.
        StoreError: A whole text cannot be written.
    """
    found = [pair for path in paths or [str(FOLDER)] for pair in _expand(path)]
    if not found:
        message = f"no role file in {', '.join(paths or [str(FOLDER)])}"
        raise UsageError(message, next="Name a role file, or a folder that holds one.")
    roles = tuple(_test(role, beside, update=update) for role, beside in dict(found).items())
    return Trials(roles, strict, lines_of([problem for role in roles for problem in role.problems]))


def _expand(path: str) -> Iterator[tuple[str, str | None]]:
    """Yield each role file that a path names, with the file of its examples, if there is one."""
    if Path(path).is_dir():
        files = [Path(name) for name in ours.find(Path(path))]
        names = {file for file in files if file.suffix == ours.ROLE_SUFFIX}
        names |= {file.with_name(name) for file in files if (name := role_of(file.name))}
        yield from ((str(name), _examples_of(name)) for name in sorted(names))
    elif role := role_of(path):
        yield str(Path(path).with_name(role)), path
    elif Path(path).suffix == ours.ROLE_SUFFIX and Path(path).exists():
        yield path, _examples_of(Path(path))
    elif Path(path).exists():
        message = f"'{path}' is neither a role file nor its examples"
        raise UsageError(message, next="Role files end in .md, examples in .examples.yml.")
    else:
        raise _missing(path)


def _missing(path: str) -> UsageError:
    is_default = path == str(FOLDER)
    following = "overlord-run roles new NAME begins one." if is_default else "Check the path."
    return UsageError(f"there is no '{path}' here" if is_default else f"'{path}' does not exist", next=following)


def _examples_of(role: Path) -> str | None:
    beside = (role.with_name(role.name.removesuffix(ours.ROLE_SUFFIX) + suffix) for suffix in SUFFIXES)
    return next((str(path) for path in beside if path.exists()), None)


def _test(role: str, examples_file: str | None, *, update: bool) -> TriedRole:
    try:
        if examples_file is None:
            content = read_bytes(Path(role), limit=PLAYBOOK_LIMIT)
            return TriedRole(role, None, problems=unsilenced(check_role(content, role)))
        content = read_bytes(Path(examples_file), limit=PLAYBOOK_LIMIT)
        folder = Path(examples_file).parent
        examples, warnings = read_examples(content, examples_file, partial(read_beside, folder))
        tried = tuple(_try(examples, index, folder, update=update) for index in range(len(examples.examples)))
    except InvalidPlaybookError as error:
        return TriedRole(role, examples_file, problems=error.problems)
    return TriedRole(role, examples_file, tried, unsilenced(warnings))


def _try(examples: Examples, index: int, folder: Path, *, update: bool) -> Tried:
    example = examples.examples[index]
    try:
        servant = prompt_of(examples, index)
    except InvalidPlaybookError as error:
        return Tried(example.name, example.place, "failed", tuple(Failure(str(found)) for found in error.problems))
    wanted = _wanted(example, folder)
    prompt = role_text(servant.system)
    is_written = update and isinstance(example.text, FileRef) and prompt != wanted
    if is_written and isinstance(example.text, FileRef):
        write_beside(folder, example.text, prompt)
        wanted = prompt
    found = tuple(failures(example, servant, wanted))
    state: State = "failed" if found else "updated" if is_written else "passed"
    return Tried(example.name, example.place, state, found)


def _wanted(example: Example, folder: Path) -> str | None:
    """Return the whole prompt that an example wants, an empty one where its file is not there yet.

    Raises:
        InvalidPlaybookError: The file that holds it cannot be read.
    """
    try:
        return whole_text(example, partial(read_beside, folder))
    except FileError as error:
        if error.rule == "file-missing":
            return ""
        place = example.text.place if example.text is not None else example.place
        raise InvalidPlaybookError([problem(place, error.rule, error.message, error.hint)]) from error


def write_beside(folder: Path, file: FileRef, text: str) -> None:
    """Write a text into a file beside the examples, and nowhere else, whatever links there are.

    Raises:
        InvalidPlaybookError: The path leads out of the folder.
        StoreError: It cannot be written.
    """
    path = folder / file.path
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        error = outside(file.path)
        raise InvalidPlaybookError([problem(file.place, error.rule, error.message, error.hint)])
    make_folder(path.parent)
    replace(path, [f"{text}\n".encode()])

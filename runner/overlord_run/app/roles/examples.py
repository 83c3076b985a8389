"""Read a file of examples with the role that it is of, and say what came of each example."""

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from msgspec import Struct

from overlord_run.app.diff.texts import unified
from overlord_run.app.packs import pack_cache
from overlord_run.errors import InvalidPlaybookError
from overlord_run.expect.answer import Answer, Misfit, read_answer
from overlord_run.expect.fit import canonical
from overlord_run.expect.schema import check as check_schemas
from overlord_run.files import TEXT_LIMIT, FileError, decode
from overlord_run.plan.build import build
from overlord_run.plan.checks import check as check_templates
from overlord_run.plan.frame import role_text
from overlord_run.plan.model import PlannedServant
from overlord_run.playbook.examples import Example, Examples, Reply, parse_examples
from overlord_run.playbook.names import shown
from overlord_run.playbook.patterns import LONGEST_PATTERN, is_in
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import unix_lines
from overlord_run.playbook.texts import FileRef
from overlord_run.problem import Problem
from overlord_run.roles.beside import Beside
from overlord_run.roles.resolve import read as read_files

MOST_CHARS = 10_000
"""About how much of a difference is told."""

HOST = {"platform": "linux", "shell": "bash", "paths": "posix"}
"""What no role sees; the same everywhere."""


class Failure(Struct, frozen=True):
    """Why an example failed.

    Attributes:
        message: A sentence without a full stop.
        diff: The lines of a unified diff from what was wanted to what there is, where there is one.
    """

    message: str
    diff: tuple[str, ...] = ()


def read_examples(content: bytes, file: str, beside: Beside) -> tuple[Examples, tuple[Problem, ...]]:
    """Return the examples in a file with their role, and what is to be warned of.

    Args:
        content: The file of examples.
        file: Its path, for problems.
        beside: Reads the role file and the schemas; the whole texts are read when the examples are tried.

    Raises:
        InvalidPlaybookError: Something is wrong with the examples or the role; all of it is carried.
    """
    examples, problems = parse_examples(content, file)
    if examples is None:
        raise InvalidPlaybookError(problems)
    playbook, of_files = read_files(examples.playbook, beside, pack_cache)
    # Which models there are, a playbook that uses the role says.
    problems += [found for found in of_files if found.rule != "unknown-model"]
    problems += [*check_schemas(playbook), *check_templates(playbook)]
    errors = [found for found in problems if found.severity == "error"]
    if errors:
        raise InvalidPlaybookError(errors)
    return Examples(playbook, examples.examples), tuple(sorted(problems))


def check_examples(content: bytes, file: str, beside: Beside) -> Sequence[Problem]:
    """Return what is to be warned of in a file of examples.

    Raises:
        InvalidPlaybookError: Something is wrong with the examples, the role, or the files with whole texts.
    """
    examples, problems = read_examples(content, file, beside)
    errors = [found for example in examples.examples for found in _check_text(example, beside)]
    if errors:
        raise InvalidPlaybookError(errors)
    return problems


def _check_text(example: Example, beside: Beside) -> Iterator[Problem]:
    try:
        whole_text(example, beside)
    except FileError as error:
        file = example.text
        if isinstance(file, FileRef):
            missing = error.rule == "file-missing"
            hint = f"overlord-run roles test --update {file.place.file} writes it" if missing else error.hint
            yield problem(file.place, error.rule, error.message, hint)


def whole_text(example: Example, beside: Beside) -> str | None:
    """Return the whole prompt that an example wants, without the blanks around it, or None where it wants none.

    Raises:
        FileError: The file that holds it cannot be read.
    """
    if not isinstance(example.text, FileRef):
        return None if example.text is None else example.text.source.strip()
    path = example.text.path
    return unix_lines(decode(beside(path, limit=TEXT_LIMIT), shown(path))).strip()


def prompt_of(examples: Examples, index: int) -> PlannedServant:
    """Return the servant that an example's role is filled for, its system message rendered as for a run.

    Raises:
        InvalidPlaybookError: It cannot be rendered; the problems say where in the role file.
    """
    return build(examples.alone(index), {}, model_ids={}, host=HOST).servants[0]


def failures(example: Example, servant: PlannedServant, wanted: str | None) -> Iterator[Failure]:
    """Yield why an example fails; nothing where it passes.

    Args:
        example: What must come of it.
        servant: What came of it.
        wanted: The whole prompt that the example wants, if it wants one.
    """
    yield from _of_prompt(example, role_text(servant.system), wanted)
    if example.reply is not None and servant.expect is not None:
        yield from _of_reply(example.reply, read_answer(example.reply.text, servant.expect.schema))


def _of_prompt(example: Example, prompt: str, wanted: str | None) -> Iterator[Failure]:
    if wanted is not None and prompt != wanted:
        yield Failure(f"the prompt is not {_named(example)}", _difference(wanted, prompt))
    for text in example.contains:
        if text not in prompt:
            yield Failure(f"the prompt does not contain {_quoted(text)}")
    for text in example.lacks:
        if text in prompt:
            yield Failure(f"the prompt contains {_quoted(text)}")
    for pattern in example.matches:
        if not any(is_in(pattern, line) for line in prompt.split("\n")):
            yield Failure(f"no line of the prompt matches {shown(pattern, longest=LONGEST_PATTERN)}")


def _named(example: Example) -> str:
    return f"that of {example.text.path}; --update writes it" if isinstance(example.text, FileRef) else "its 'text'"


def _of_reply(reply: Reply, found: Answer | Misfit) -> Iterator[Failure]:
    if isinstance(found, Misfit):
        told = "\n".join(found.reasons)
        if not reply.misfit:
            yield Failure(f"the reply does not fit: {'; '.join(found.reasons)}")
        for text in reply.misfit:
            if text not in told:
                yield Failure(f"what is told of the reply does not contain {_quoted(text)}: {'; '.join(found.reasons)}")
    elif reply.misfit:
        yield Failure("the reply fits, and should not", _difference("", _written(found.value)))
    elif canonical(found.value) != canonical(reply.json):
        yield Failure(
            "the reply's answer is another one",
            _difference(_written(reply.json), _written(found.value)),
        )


def _difference(wanted: str, found: str) -> tuple[str, ...]:
    """Return the lines of a unified diff, no more of it than anybody reads."""
    lines = unified(wanted, found)
    ends = accumulate(map(len, lines))
    kept = [line[:MOST_CHARS] for line, end in zip(lines, ends, strict=True) if end - len(line) < MOST_CHARS]
    return tuple(kept) if kept == lines else (*kept, f"(cut: of {sum(map(len, lines)):,} characters)")


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

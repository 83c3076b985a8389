"""The example playbooks: each valid one is valid, each invalid one has exactly the problems that its head names."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from overlord_run.app.validate import validate
from overlord_run.problem import Problem

EXAMPLES = Path(__file__).parents[1] / "examples"
VALID = sorted((EXAMPLES / "valid").glob("*.yml"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.yml"))

EXPECTATION = re.compile(r"# expect: (.*)")


def find_problems(path: Path) -> tuple[Problem, ...]:
    """Return the errors of an example, or its warnings; files are named as from the example's folder."""
    found = validate([str(path)]).problems
    return tuple(replace(problem, file=relative(problem.file, path)) for problem in found)


def relative(file: str, example: Path) -> str:
    return Path(file).relative_to(example.parent).as_posix() if Path(file).is_absolute() else file


def expected(path: Path) -> list[str]:
    lines = path.read_text("utf-8").splitlines()
    return [found[1] for line in lines if (found := EXPECTATION.fullmatch(line))]


def as_expected(problem: Problem, path: Path) -> str:
    file = "" if problem.file == path.name else f"{problem.file}:"
    return f"{file}{problem.line}:{problem.column} {problem.rule}: {problem.message}"


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_has_no_problem_and_no_warning(path: Path) -> None:
    assert find_problems(path) == ()


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_example_has_the_problems_that_its_head_names(path: Path) -> None:
    assert [as_expected(problem, path) for problem in find_problems(path)] == expected(path)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_every_problem_says_what_to_do(path: Path) -> None:
    problems = find_problems(path)
    assert problems
    assert [problem for problem in problems if not problem.hint] == []


def test_there_are_examples() -> None:
    assert len(VALID) >= 8
    assert len(INVALID) >= 50

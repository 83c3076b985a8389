"""Tell problems and errors, as text and as JSON values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overlord_run.cli.report import VERSION
from overlord_run.cli.report.words import counted
from overlord_run.errors import Exit, InvalidPlaybookError, OverlordError

if TYPE_CHECKING:
    from overlord_run.problem import Problem


def problem_lines(problems: "Sequence[Problem]") -> str:
    """Return the problems, one a line."""
    return "\n".join(map(str, problems))


def error_text(error: OverlordError) -> str:
    """Return what is wrong, then what to do next."""
    lines = [problem_lines(error.problems), ""] if isinstance(error, InvalidPlaybookError) else []
    lines.append(f"error: {error.message}")
    if error.next:
        lines.append(f"next: {error.next}")
    return "\n".join(lines)


def validation_summary(files: Sequence[str], problems: "Sequence[Problem]", silenced: int) -> str:
    """Return how many files were checked, what was found, and how much of it is not told, on one line."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    found = [counted(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count]
    untold = f" ({silenced:,} not told)" if silenced else ""
    return f"{counted(len(files), 'file')} checked: {', '.join(found) or 'no problems'}{untold}"


def error_json(error: OverlordError) -> dict[str, Any]:
    """Return an error; the problems of an invalid playbook are in it."""
    told: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "exit": int(error.exit),
        "retryable": error.retryable,
        "next": error.next,
    }
    if isinstance(error, InvalidPlaybookError):
        told["problems"] = problems_json(error.problems)
    return {"error": told}


def problems_json(problems: "Sequence[Problem]") -> list[dict[str, Any]]:
    """Return problems with their places."""
    return [
        {
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "severity": problem.severity,
            "rule": problem.rule,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def validation_json(
    files: Sequence[str], problems: "Sequence[Problem]", silenced: int, exit_code: Exit
) -> dict[str, Any]:
    """Return what `validate` found."""
    return {
        "schemaVersion": VERSION,
        "files": list(files),
        "problems": problems_json(problems),
        "silenced": silenced,
        "exit": int(exit_code),
    }

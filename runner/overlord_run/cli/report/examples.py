"""Tell what came of the examples of roles, as a test runner does: as lines and as JSON values."""

from collections.abc import Iterator, Mapping
from typing import Any

from overlord_run.app.roles.test import Trials, Tried, TriedRole
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.problems import problems_json
from overlord_run.cli.report.styled import Line, Style, Styled, line
from overlord_run.cli.report.words import counted, joined

_INDENT = 2
_STYLES: Mapping[str, Style] = {"+": "good", "-": "bad", "@": "busy"}


def trials_lines(trials: Trials, *, quiet: bool = False) -> list[Line]:
    """Return a line for each role, and below it each example that failed with its reasons.

    Args:
        trials: What came of the examples.
        quiet: Whether to leave out the roles of which nothing is to be told.
    """
    return [told for role in trials.roles for told in _role(role, strict=trials.strict, quiet=quiet)]


def _role(role: TriedRole, *, strict: bool, quiet: bool) -> Iterator[Line]:
    failed = [each for each in role.examples if each.state == "failed"]
    if role.examples:
        style: Style = "bad" if failed else "good"
        if failed or not quiet:
            yield Line((Styled(f"{role.file}: "), Styled(_counts([role]), style)))
    elif role.has_no_examples:
        yield Line((Styled(f"{role.file}: "), Styled("no examples", "bad" if strict else "notice")))
    else:
        yield Line((Styled(f"{role.file}: "), Styled("not tried", "bad")))
    for tried in failed:
        yield from _example(tried)


def _example(tried: Tried) -> Iterator[Line]:
    place = f"{tried.place.file}:{tried.place.line}:{tried.place.column}: "
    for failure in tried.failures:
        yield Line((Styled(place, "strong"), Styled(f"{tried.name}: {failure.message}")), _INDENT)
        for text in failure.diff:
            yield line(text, _STYLES.get(text[:1], ""), indent=2 * _INDENT)


def trials_summary(trials: Trials) -> str:
    """Return how many roles there are, and what came of their examples, on one line."""
    bare = sum(role.has_no_examples for role in trials.roles)
    without = [f"{counted(bare, 'role')} without examples"] if bare else []
    counts = [_counts(trials.roles)] if any(role.examples for role in trials.roles) else []
    invalid = sum(found.severity == "error" for found in trials.problems)
    warnings = len(trials.problems) - invalid
    problems = [counted(count, noun) for count, noun in ((invalid, "error"), (warnings, "warning")) if count]
    return f"{counted(len(trials.roles), 'role')}: {', '.join([*problems, *counts, *without])}"


def _counts(roles: list[TriedRole] | tuple[TriedRole, ...]) -> str:
    states = [each.state for role in roles for each in role.examples]
    counts = {state: states.count(state) for state in ("passed", "updated", "failed")}
    told = [f"{count:,} {state}" for state, count in counts.items() if count]
    return f"{counted(len(states), 'example')}, {joined(told)}"


def trials_json(trials: Trials) -> dict[str, Any]:
    """Return what came of the examples of each role."""
    return {
        "schemaVersion": VERSION,
        "roles": [_role_json(role) for role in trials.roles],
        "problems": problems_json(trials.problems),
        "exit": int(trials.exit_code),
    }


def _role_json(role: TriedRole) -> dict[str, Any]:
    return {
        "file": role.file,
        "examplesFile": role.examples_file,
        "examples": [
            {
                "name": tried.name,
                "line": tried.place.line,
                "state": tried.state,
                "failures": [{"message": each.message, "diff": list(each.diff)} for each in tried.failures],
            }
            for tried in role.examples
        ],
    }

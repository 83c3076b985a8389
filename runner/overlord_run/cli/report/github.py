"""Tell problems as workflow commands, which GitHub shows beside the lines of a change.

Source: GitHub, "Workflow commands for GitHub Actions", and the escapes of its toolkit's `command.ts`.
"""

from pathlib import PurePath

from overlord_run.app.validate import Validation
from overlord_run.cli.report.visible import visible
from overlord_run.problem import Problem

_IN_TEXT = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_IN_PROPERTY = {**_IN_TEXT, ord(":"): "%3A", ord(","): "%2C"}


def github(found: Validation) -> str:
    """Return an annotation for each problem, one a line."""
    return "".join(map(_annotation, found.problems))


def _annotation(problem: Problem) -> str:
    facts = {
        "title": f"overlord-run ({problem.rule})",
        "file": PurePath(problem.file).as_posix(),
        "line": str(problem.line),
        "col": str(problem.column),
    }
    properties = ",".join(f"{name}={visible(fact).translate(_IN_PROPERTY)}" for name, fact in facts.items())
    # In the job's log only the message is seen: it tells its place too.
    return f"::{problem.severity} {properties}::{visible(str(problem)).translate(_IN_TEXT)}\n"

"""Know the formats that `validate` tells its problems in."""

import json
from collections.abc import Callable, Mapping

from overlord_run.app.validate import Validation
from overlord_run.cli.report.excerpt import COLUMNS, excerpts
from overlord_run.cli.report.github import github
from overlord_run.cli.report.gitlab import gitlab
from overlord_run.cli.report.junit import junit
from overlord_run.cli.report.problems import validation_json
from overlord_run.cli.report.sarif import sarif
from overlord_run.cli.report.styled import plain


def text(found: Validation) -> str:
    """Return each problem on a line, and below it the line of its file."""
    told = plain(excerpts(found.problems, found.lines, COLUMNS))
    return f"{told}\n" if told else ""


def as_json(found: Validation) -> str:
    """Return one JSON object on a line, as `overlord-run schema output` tells."""
    told = validation_json(found.files, found.problems, found.silenced, found.exit_code)
    return json.dumps(told, separators=(",", ":")) + "\n"


FORMATS: Mapping[str, Callable[[Validation], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "gitlab": gitlab,
    "sarif": sarif,
    "junit": junit,
}

"""Write what was found in files, in the format that was asked for: for people, for programs, or for a CI."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from overlord_run.cli.streams import write_out
from overlord_run.errors import UsageError
from overlord_run.settings.environment import environment, is_github_actions

if TYPE_CHECKING:
    from overlord_run.app.validate import Validation
    from overlord_run.cli.report.styled import Line

FOR_CI = ("github", "gitlab", "sarif", "junit")
FORMATS = ("text", "json", *FOR_CI)


def usual_format() -> str:
    """Return the format where none is asked for: in a step of GitHub's Actions problems stand beside the lines."""
    return "github" if is_github_actions(environment()) else "text"


def write_problems(
    found: "Validation", output_format: str, output: str | None = None, *, words: Sequence[str] = ()
) -> None:
    """Write what was found to standard output, or whole into the file `output`.

    Args:
        found: What was found.
        output_format: One of `FORMATS`.
        output: The file, if there is to be one.
        words: Of the command line those that say where a key is, which is kept out of it.

    Raises:
        StoreError: It cannot be written.
        UsageError: The folder of `output` is missing.
    """
    if found.problems:
        from overlord_run.cli.redaction import found_without_keys

        found = found_without_keys(found, words)
    if output_format == "text" and output is None:
        if found.problems:
            from overlord_run.cli.lines import write_report_lines

            write_report_lines(_seen(found, sys.stdout))
        return
    from overlord_run.cli.report.formats import FORMATS as BY_NAME

    told = BY_NAME[output_format](found)
    if output is not None:
        from overlord_run.files import is_folder
        from overlord_run.playbook.names import LONGEST_PATH, shown
        from overlord_run.store.atomic import replace

        if not is_folder(Path(output).parent):
            message = f"the folder of {shown(output, longest=LONGEST_PATH)} does not exist"
            raise UsageError(message, next="Make it, or name another file.")
        replace(Path(output), [told.encode()])
    elif told:
        write_out(told)


def note_problems(found: "Validation", *, words: Sequence[str] = ()) -> None:
    """Write what was found to standard error, where something else is on standard output: for people, or for GitHub."""
    if not found.problems:
        return
    from overlord_run.cli.lines import write_note_lines
    from overlord_run.cli.redaction import found_without_keys
    from overlord_run.cli.report.github import github
    from overlord_run.cli.streams import write_err

    found = found_without_keys(found, words)
    if usual_format() == "github":
        write_err(github(found))
    else:
        write_note_lines(_seen(found, sys.stderr))


def _seen(found: "Validation", stream: TextIO | None) -> "list[Line]":
    """Return the problems for a person, as wide as the terminal is."""
    from overlord_run.cli.report.excerpt import COLUMNS, excerpts
    from overlord_run.cli.terminal import size_of

    columns = size_of(stream).columns if stream is not None and stream.isatty() else COLUMNS
    return excerpts(found.problems, found.lines, columns)

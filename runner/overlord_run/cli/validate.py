"""The command `validate`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.report.problems import validation_summary
from overlord_run.cli.streams import write_note, write_out
from overlord_run.errors import Exit
from overlord_run.settings.environment import environment, is_github_actions

if TYPE_CHECKING:
    from overlord_run.app.validate import Validation

FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")


@click.command("validate")
@click.argument("paths", metavar="FILE|FOLDER...", nargs=-1, required=True, shell_complete=candidates.playbooks)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    help="What to print: text for people (the default), a JSON object, annotations for GitHub (the default in a step "
    "of its Actions), a Code Quality report for GitLab, SARIF 2.1.0, or JUnit XML.",
)
@click.option(
    "--output", metavar="FILE", shell_complete=candidates.files, help="Write it into a file, not to standard output."
)
@click.option("--strict", is_flag=True, help="A warning is an error.")
@click.option("--select", metavar="RULE,...", multiple=True, help="Tell only what breaks these rules; may be repeated.")
@click.option("--ignore", metavar="RULE,...", multiple=True, help="Do not tell what breaks these; may be repeated.")
@click.option("-q", "--quiet", is_flag=True, help="Tell the problems only, not how many files were checked.")
@options.debug
def command(
    paths: tuple[str, ...],
    output_format: str | None,
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    *,
    strict: bool,
    quiet: bool,
) -> Exit:
    """Check playbooks, role files and rehearsal scripts as far as that needs no inputs.

    Of a folder, each of them that is in it is checked. Nothing is sent and no key is needed. Exit 3 when there is an
    error; a warning alone is exit 0. A comment `# overlord: ignore[RULE]` silences the problems of its line.
    """
    from overlord_run.app.validate import validate

    found = validate(paths, select=_rules(select), ignore=_rules(ignore), strict=strict)
    _write(found, output_format or _usual_format(output), output)
    if not (quiet or output_format == "json"):
        write_note(validation_summary(found.files, found.problems, found.silenced))
    return found.exit_code


def _rules(lists: tuple[str, ...]) -> frozenset[str]:
    return frozenset(rule.strip() for one in lists for rule in one.split(",") if rule.strip())


def _usual_format(output: str | None) -> str:
    """Return the format where none is asked for: nobody annotates a change by what stands in a file."""
    return "github" if output is None and is_github_actions(environment()) else "text"


def _write(found: "Validation", output_format: str, output: str | None) -> None:
    if output_format == "text" and output is None:
        _write_seen(found)
        return
    from overlord_run.cli.report.formats import FORMATS as BY_NAME

    told = BY_NAME[output_format](found)
    if output is not None:
        from overlord_run.store.atomic import replace

        replace(Path(output), [told.encode()])
    elif told:
        write_out(told)


def _write_seen(found: "Validation") -> None:
    """Write the problems for a person, as wide as the terminal is."""
    from overlord_run.cli.lines import write_report_lines
    from overlord_run.cli.report.excerpt import COLUMNS, excerpts
    from overlord_run.cli.terminal import size_of

    columns = size_of(sys.stdout).columns if sys.stdout is not None and sys.stdout.isatty() else COLUMNS
    if found.problems:
        write_report_lines(excerpts(found.problems, found.lines, columns))

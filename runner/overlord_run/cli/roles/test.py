"""The command `roles test`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.streams import write_note, write_out
from overlord_run.errors import Exit

if TYPE_CHECKING:
    from overlord_run.app.roles.test import Trials
    from overlord_run.cli.report.styled import Line


@click.command("test")
@click.argument("paths", metavar="[FILE|FOLDER]...", nargs=-1, shell_complete=candidates.files)
@click.option("--update", is_flag=True, help="Write each whole text that a file of examples names and that is not so.")
@click.option("--strict", is_flag=True, help="A warning, or a role without examples, is a failure: exit 1.")
@click.option(
    "--format",
    "output_format",
    type=options.OneOf(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="What to print: text for people, a JSON object, or JUnit XML.",
)
@click.option(
    "--output", metavar="FILE", shell_complete=candidates.files, help="Write it into a file, not to standard output."
)
@click.option("-q", "--quiet", is_flag=True, help="Tell only what failed, and not how many examples were tried.")
@options.debug
def command(
    paths: tuple[str, ...], output_format: str, output: str | None, *, update: bool, strict: bool, quiet: bool
) -> Exit:
    """Try the examples of role files, without a key and without a network.

    The examples of NAME.md stand beside it in NAME.examples.yml. Of a folder, each role file that is in it is tried;
    without an argument, those of the folder `roles`. Exit 1 when an example fails, exit 3 when a file is invalid.
    """
    from overlord_run.app.roles.test import try_roles
    from overlord_run.cli.report.examples import trials_summary

    trials = try_roles(paths, update=update, strict=strict)
    if output is not None:
        from overlord_run.store.atomic import replace

        replace(Path(output), [_document(trials, output_format, quiet=quiet).encode()])
    elif output_format == "text":
        _write_seen(trials, quiet=quiet)
    else:
        write_out(_document(trials, output_format, quiet=quiet))
    if not (quiet or output_format == "json"):
        write_note(trials_summary(trials))
    return trials.exit_code


def _document(trials: "Trials", output_format: str, *, quiet: bool) -> str:
    match output_format:
        case "json":
            from overlord_run.cli.report.examples import trials_json

            return json.dumps(trials_json(trials), separators=(",", ":")) + "\n"
        case "junit":
            from overlord_run.cli.report.junit import examples_junit

            return examples_junit(trials)
    from overlord_run.cli.report.styled import plain

    told = plain(_lines(trials, quiet=quiet))
    return f"{told}\n" if told else ""


def _write_seen(trials: "Trials", *, quiet: bool) -> None:
    from overlord_run.cli.lines import write_report_lines

    if lines := _lines(trials, quiet=quiet):
        write_report_lines(lines)


def _lines(trials: "Trials", *, quiet: bool) -> "list[Line]":
    from overlord_run.cli.report.examples import trials_lines
    from overlord_run.cli.report.excerpt import COLUMNS, excerpts

    return [*excerpts(trials.problems, trials.lines, COLUMNS), *trials_lines(trials, quiet=quiet)]

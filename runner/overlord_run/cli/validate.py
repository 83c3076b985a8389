"""The command `validate`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.report.problems import problem_lines, validation_json, validation_summary
from overlord_run.cli.streams import write_json, write_note, write_report
from overlord_run.errors import Exit


@click.command("validate")
@click.argument("paths", metavar="FILE|FOLDER...", nargs=-1, required=True, shell_complete=candidates.playbooks)
@options.output_format
@click.option("-q", "--quiet", is_flag=True, help="Tell the problems only, not how many files were checked.")
@options.debug
def command(paths: tuple[str, ...], output_format: str, *, quiet: bool) -> Exit:
    """Check playbooks and role files as far as that needs no inputs.

    Of a folder, every playbook and role file in it is checked. Nothing is sent and no key is needed. Exit 3 when
    there is an error; a warning alone is exit 0.
    """
    from overlord_run.app.validate import validate

    found = validate(paths)
    exit_code = Exit.INVALID if any(problem.severity == "error" for problem in found.problems) else Exit.OK
    if output_format == "json":
        write_json(validation_json(found.files, found.problems, exit_code))
        return exit_code
    if found.problems:
        write_report(problem_lines(found.problems))
    if not quiet:
        write_note(validation_summary(found.files, found.problems))
    return exit_code

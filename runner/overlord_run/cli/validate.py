"""The command `validate`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.problems import FORMATS, usual_format, write_problems
from overlord_run.cli.report.problems import validation_summary
from overlord_run.cli.streams import write_note
from overlord_run.errors import Exit


@click.command("validate")
@click.argument("paths", metavar="FILE|FOLDER...", nargs=-1, required=True, shell_complete=candidates.playbooks)
@click.option(
    "--format",
    "output_format",
    type=options.OneOf(FORMATS),
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
    """Check playbooks, role files, their examples and rehearsal scripts as far as that needs no inputs.

    Of a folder, each of them that is in it is checked. Nothing is sent and no key is needed. Exit 3 when there is an
    error; a warning alone is exit 0. A comment `# overlord: ignore[RULE]` silences the warnings of its line.
    """
    from overlord_run.app.validate import validate

    found = validate(paths, select=_rules(select), ignore=_rules(ignore), strict=strict)
    # Nobody annotates a change by what stands in a file.
    write_problems(found, output_format or (usual_format() if output is None else "text"), output)
    if not (quiet or output_format == "json"):
        write_note(validation_summary(found.files, found.problems, found.silenced))
    return found.exit_code


def _rules(lists: tuple[str, ...]) -> frozenset[str]:
    return frozenset(rule.strip() for one in lists for rule in one.split(",") if rule.strip())

"""The command `roles list`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.lines import write_report_lines
from overlord_run.cli.streams import write_json
from overlord_run.errors import Exit


@click.command("list")
@click.argument("path", metavar="[PLAYBOOK]", required=False, shell_complete=candidates.files)
@options.output_format
@options.debug
def command(path: str | None, output_format: str) -> Exit:
    """List role files: where each comes from, its digest, its inputs.

    Of a playbook: the role files beside it that it names, all of the packs that it uses, and those that ship with the
    runner. Without one, those that ship. Nothing is fetched.
    """
    from overlord_run.app.roles.list import list_roles
    from overlord_run.cli.report.roles import roles_json, roles_lines

    sources = list_roles(path)
    if output_format == "json":
        write_json(roles_json(path, sources))
    else:
        write_report_lines(roles_lines(sources))
    return Exit.OK

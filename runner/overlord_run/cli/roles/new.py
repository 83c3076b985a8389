"""The command `roles new`."""

import click

from overlord_run.app.here import current_host
from overlord_run.cli import candidates, options
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.guidance import command as our_command
from overlord_run.cli.streams import write_json, write_report
from overlord_run.errors import Exit


@click.command("new")
@click.argument("name", metavar="NAME")
@click.argument("path", metavar="[PATH]", required=False, shell_complete=candidates.files)
@options.output_format
@options.debug
def command(name: str, path: str | None, output_format: str) -> Exit:
    """Write a first role file with comments, and its examples.

    PATH is the file, or a folder to put NAME.md into; without it the folder `roles`. The examples stand beside it, in
    NAME.examples.yml. Nothing is asked, and nothing is overwritten.
    """
    from overlord_run.app.roles.new import new_role

    files = new_role(name, path)
    following = our_command(current_host(), "roles", "test", files[0])
    if output_format == "json":
        write_json({"schemaVersion": VERSION, "files": list(files), "next": following})
    else:
        write_report("\n".join([f"Wrote {', '.join(files)}", f"Next: {following}"]))
    return Exit.OK

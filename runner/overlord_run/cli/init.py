"""The command `init`."""

import click

from overlord_run.app.here import current_host
from overlord_run.cli import candidates, options
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.guidance import command as our_command
from overlord_run.cli.streams import write_json, write_note, write_report
from overlord_run.errors import Exit


@click.command("init")
@click.argument("path", metavar="[FILE]", required=False, shell_complete=candidates.files)
@options.output_format
@options.debug
def command(path: str | None, output_format: str) -> Exit:
    """Write a first playbook with comments, which rehearses as it stands.

    FILE is its path, or a folder to put it into; without it council.yml. Beside it the schema is written by which an
    editor completes and checks it, also offline. Nothing is asked, and nothing is overwritten.
    """
    from overlord_run.app.init import init

    written = init(path)
    following = our_command(current_host(), written.files[0], "--rehearse")
    if output_format == "json":
        note = [written.note] if written.note else []
        write_json({"schemaVersion": VERSION, "files": list(written.files), "notes": note, "next": following})
        return Exit.OK
    write_report("\n".join([f"Wrote {', '.join(written.files)}", f"Next: {following}"]))
    if written.note:
        write_note(f"note: {written.note}")
    return Exit.OK

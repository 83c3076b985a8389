"""The command `list`."""

import click

from overlord_run.app.history import list_runs
from overlord_run.cli import options
from overlord_run.cli.report.json import runs_json
from overlord_run.cli.report.listing import runs_text
from overlord_run.cli.streams import write_json, write_note, write_report
from overlord_run.errors import Exit


@click.command("list")
@options.output_format
@options.state_dir
@options.debug
def command(output_format: str, state_dir: str | None) -> Exit:
    """List the runs of this worktree, the oldest first.

    The engine of a rehearsal is told as `rehearsal`; a run whose log cannot be read is told with the reason.
    """
    runs = list_runs(state_dir)
    if output_format == "json":
        write_json(runs_json(runs))
    elif runs:
        write_report(runs_text(runs))
    else:
        write_note("There are no runs here yet. Next: overlord-run PLAYBOOK --rehearse")
    return Exit.OK

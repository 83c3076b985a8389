"""The command `status`."""

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run, inspect
from overlord_run.cli import options
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import status_json
from overlord_run.cli.report.listing import status_text
from overlord_run.cli.streams import write_json, write_report
from overlord_run.errors import Exit


@click.command("status")
@options.run_id
@options.output_format
@options.state_dir
@options.debug
def command(run_id: str | None, output_format: str, state_dir: str | None) -> Exit:
    """Tell where a run and each of its servants stands.

    The state is folded from the run's log; nothing is written, sent or locked. Exit 0 whatever the run's state is.
    """
    found = inspect(find_run(run_id, state_dir))
    following = next_command(found.state, current_host(), state_dir=state_dir)
    if output_format == "json":
        write_json(status_json(found, next_command=following))
    else:
        write_report(status_text(found, next_command=following))
    return Exit.OK

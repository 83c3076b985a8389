"""The command `verify`."""

import click

from overlord_run.app.history import find_run
from overlord_run.cli import options
from overlord_run.cli.report.json import verification_json
from overlord_run.cli.report.verification import verification_text
from overlord_run.cli.streams import write_json, write_report
from overlord_run.errors import Exit
from overlord_run.store.verify import verify


@click.command("verify")
@options.run_id
@options.output_format
@options.state_dir
@options.debug
def command(run_id: str | None, output_format: str, state_dir: str | None) -> Exit:
    """Recompute a run's views and hash chain, and tell what differs.

    Looks at the log, the plan, the registry, the ledger and the journals; changes nothing. Exit 1 when something
    differs.
    """
    folder = find_run(run_id, state_dir)
    found = verify(folder)
    exit_code = Exit.FAILED if found.differences else Exit.OK
    if output_format == "json":
        write_json(verification_json(folder.run_id, found, exit_code))
    else:
        write_report(verification_text(folder.run_id, found))
    return exit_code

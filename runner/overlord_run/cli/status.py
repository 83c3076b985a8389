"""The command `status`."""

from typing import Any

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.status import standing
from overlord_run.cli import options
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import status_json
from overlord_run.cli.report.listing import status_text
from overlord_run.cli.streams import write_json, write_report
from overlord_run.errors import Exit


@click.command("status")
@options.run_id
@click.option(
    "--check",
    "is_checked",
    is_flag=True,
    help="Prove key, models and conversations now, at no cost; it is recorded.",
)
@click.option("--ping", is_flag=True, help="Ask each model for a word instead; it is recorded, and may be billed.")
@click.option("--exit-code", is_flag=True, help="Exit with the run's own code; 9 while it is not finished.")
@options.access
@options.output_format
@options.state_dir
@options.debug
def command(
    *,
    run_id: str | None,
    is_checked: bool,
    ping: bool,
    exit_code: bool,
    output_format: str,
    state_dir: str | None,
    **flags: Any,
) -> Exit:
    """Tell where a run and each of its servants stands, and which are ready.

    Of one that is not, the proof that fails is told. The state is folded from the run's log; without --check and
    --ping nothing is written, sent or locked.
    """
    folder = find_run(run_id, state_dir)
    if is_checked or ping:
        from overlord_run.app.check import check
        from overlord_run.settings.model import Flags

        check(folder, Flags(**flags), ping=ping)
    found = standing(folder)
    following = next_command(found.state, current_host(), state_dir=state_dir, is_live=found.inspection.is_owned)
    if output_format == "json":
        write_json(status_json(found, next_command=following))
    else:
        write_report(status_text(found, next_command=following))
    return found.exit if exit_code else Exit.OK

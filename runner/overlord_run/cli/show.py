"""The command `show`."""

from collections.abc import Sequence

import click

from overlord_run.app.history import find_run, inspect
from overlord_run.cli import options
from overlord_run.cli.lines import write_report_lines
from overlord_run.cli.report.conversation import conversations
from overlord_run.cli.report.json import conversations_json
from overlord_run.cli.streams import write_json, write_note
from overlord_run.errors import Exit, UsageError
from overlord_run.playbook.names import did_you_mean


@click.command("show")
@click.argument("slot", metavar="[SLOT]", required=False)
@options.run_id
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show system messages and the API's ids of requests too; JSON always has them.",
)
@options.output_format
@options.state_dir
@options.debug
def command(slot: str | None, run_id: str | None, output_format: str, state_dir: str | None, *, verbose: bool) -> Exit:
    """Show what servants were asked and what they answered.

    SLOT is one servant's slot; without it every conversation is shown. Control, bidirectional and zero-width
    characters are shown as escapes; the exact texts are in the JSON.
    """
    found = inspect(find_run(run_id, state_dir))
    slots = _chosen(slot, list(found.state.servants))
    if output_format == "json":
        write_json(conversations_json(found.state, slots))
    else:
        write_report_lines(conversations(found.state, slots, with_details=verbose))
        for note in found.notes:
            write_note(f"note: {note}")
    return Exit.OK


def _chosen(slot: str | None, slots: Sequence[str]) -> Sequence[str]:
    if slot is None:
        return slots
    if slot in slots:
        return [slot]
    hint = did_you_mean(slot, slots)
    message = f"the run has no servant '{slot}'" + (f"; {hint}" if hint else "")
    raise UsageError(message, next=f"The slots are: {', '.join(slots)}.")

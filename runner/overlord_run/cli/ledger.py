"""The command `ledger`."""

import click

from overlord_run.app.history import find_run, inspect, ledger
from overlord_run.cli import candidates, options
from overlord_run.cli.choice import require_message, require_slot
from overlord_run.cli.report.ledger import ledger_text
from overlord_run.cli.streams import write_json, write_note, write_report
from overlord_run.errors import Exit


@click.command("ledger")
@click.option(
    "--message",
    metavar="ID",
    shell_complete=candidates.messages,
    help="Only what was answered to this message: a redirect's id, or startup.",
)
@click.option("--slot", metavar="SLOT", shell_complete=candidates.slots, help="Only what this servant answered.")
@options.run_id
@options.output_format
@options.state_dir
@options.debug
def command(
    message: str | None, slot: str | None, run_id: str | None, output_format: str, state_dir: str | None
) -> Exit:
    """List each answer and each failure of a run, with its tokens.

    The lines are recomputed from the log, so they are right also where ledger.jsonl lags behind it. As JSON they are
    those of ledger.jsonl, with the answers' texts.
    """
    found = inspect(find_run(run_id, state_dir))
    if message is not None:
        require_message(message, found.state)
    if slot is not None:
        require_slot(slot, found.state)
    lines = [line for line in ledger(found) if line["messageId"] == (message or line["messageId"])]
    lines = [line for line in lines if line["slot"] == (slot or line["slot"])]
    if output_format == "json":
        for line in lines:
            if not write_json(line):
                return Exit.OK
        return Exit.OK
    if lines:
        write_report(ledger_text(lines))
    else:
        write_note("No answer and no failure is on record.")
    for note in found.notes:
        write_note(f"note: {note}")
    return Exit.OK

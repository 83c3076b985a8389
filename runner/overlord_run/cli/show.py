"""The command `show`."""

from collections.abc import Sequence

import click

from overlord_run.app.history import Inspection, find_run, inspect
from overlord_run.cli import candidates, options
from overlord_run.cli.choice import require_slot
from overlord_run.cli.lines import write_report_lines
from overlord_run.cli.report.conversation import conversations
from overlord_run.cli.report.json import conversations_json
from overlord_run.cli.streams import write_json, write_note
from overlord_run.errors import Exit


@click.command("show")
@click.argument("slot", metavar="[SLOT]", required=False, shell_complete=candidates.slots)
@options.run_id
@options.max_chars
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show system messages and the API's ids of requests too; JSON always has them.",
)
@click.option(
    "--provenance", is_flag=True, help="Show instead where each system message came from: pack, commit, files, digests."
)
@options.output_format
@options.state_dir
@options.debug
def command(
    slot: str | None,
    run_id: str | None,
    max_chars: int | None,
    output_format: str,
    state_dir: str | None,
    *,
    verbose: bool,
    provenance: bool,
) -> Exit:
    """Show what servants were asked and what they answered.

    SLOT is one servant's slot; without it every conversation is shown. Control, bidirectional and zero-width
    characters are shown as escapes; the exact texts are in the JSON.
    """
    found = inspect(find_run(run_id, state_dir))
    if slot is not None:
        require_slot(slot, found.state)
    slots = list(found.state.servants) if slot is None else [slot]
    if provenance:
        _show_provenance(found, slots, output_format)
    elif output_format == "json":
        write_json(conversations_json(found, slots, max_chars=max_chars))
    else:
        write_report_lines(conversations(found.state, slots, with_details=verbose, max_chars=max_chars))
    if output_format != "json":
        for note in found.notes:
            write_note(f"note: {note}")
    return Exit.OK


def _show_provenance(found: Inspection, slots: Sequence[str], output_format: str) -> None:
    from overlord_run.app.provenance import provenance
    from overlord_run.cli.report.provenance import provenance_json, provenance_lines

    sources = provenance(found, slots)
    if output_format == "json":
        write_json(provenance_json(found, sources))
    else:
        write_report_lines(provenance_lines(found.state, sources))

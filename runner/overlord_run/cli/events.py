"""The command `events`."""

import time
from functools import partial

import click

from overlord_run.app.events import Events
from overlord_run.app.history import find_run
from overlord_run.cli import options
from overlord_run.cli.report.events import event_text
from overlord_run.cli.streams import write_note, write_report
from overlord_run.errors import Exit

PAUSE_S = 0.2


@click.command("events")
@options.run_id
@click.option("-f", "--follow", is_flag=True, help="Go on while the run goes on, and end when it ends.")
@options.output_format
@options.state_dir
@options.debug
def command(run_id: str | None, output_format: str, state_dir: str | None, *, follow: bool) -> Exit:
    """Tell what happened in a run, event by event.

    Each event is on a line of its own; in JSON it is the line of events.jsonl as it stands there. Nothing is written or
    locked, so a live run can be followed from as many places as you like.
    """
    events = Events(find_run(run_id, state_dir), partial(time.sleep, PAUSE_S) if follow else None)
    for line in events:
        # A line of the log is ASCII, so that it is the same as a report and byte for byte.
        is_read = write_report(line.data.decode("ascii") if output_format == "json" else event_text(line.event))
        if not is_read:
            return Exit.OK
    for note in events.notes if output_format == "text" else ():
        write_note(f"note: {note}")
    return Exit.OK

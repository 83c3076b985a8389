"""The command `schema`."""

import json

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.report import VERSION
from overlord_run.cli.streams import write_data, write_json, write_report
from overlord_run.errors import Exit, UsageError
from overlord_run.playbook.names import did_you_mean

NAMES = ("playbook", "role", "examples", "lock", "rehearsal", "recording", "registry", "ledger", "event", "output")


@click.command("schema")
@click.argument("name", metavar="[NAME]", required=False, shell_complete=candidates.one_of(*NAMES))
@options.output_format
@options.debug
def command(name: str | None, output_format: str) -> Exit:
    """Print the JSON Schema of a file or of the commands' JSON.

    NAME is playbook, role, examples (of a role), lock (overlord.lock), rehearsal (a script), recording (a line of what
    `run --record` makes), registry (run.json), ledger (a line of ledger.jsonl), event (a line of events.jsonl) or
    output (what --format json prints). Without it, the names are listed. A schema is JSON in either format.
    """
    if name is not None:
        if name not in NAMES:
            raise _unknown(name)
        from overlord_run.playbook.schema import load

        write_data(json.dumps(load(name), indent=2))
    elif output_format == "json":
        write_json({"schemaVersion": VERSION, "schemas": list(NAMES)})
    else:
        write_report("\n".join(NAMES))
    return Exit.OK


def _unknown(name: str) -> UsageError:
    hint = did_you_mean(name, NAMES)
    message = f"there is no schema '{name}'" + (f"; {hint}" if hint else "")
    return UsageError(message, next=f"The schemas are: {', '.join(NAMES)}.")

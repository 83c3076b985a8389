"""The command `recover`."""

from typing import Any

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.own import Audience
from overlord_run.app.send import Manner as Sending
from overlord_run.app.send import recover
from overlord_run.cli import options
from overlord_run.cli.send import tell
from overlord_run.cli.telling import Manner, telling
from overlord_run.errors import Exit
from overlord_run.settings import Flags


@click.command("recover")
@click.argument("slot")
@options.run_id
@click.option(
    "--replace", is_flag=True, help="Put a new servant into the slot, with a compact handoff of what the old one knew."
)
@options.request_id
@options.access
@options.output_format
@options.quiet
@options.state_dir
@options.debug
def command(
    *,
    slot: str,
    run_id: str | None,
    replace: bool,
    request_id: str | None,
    output_format: str,
    quiet: bool,
    state_dir: str | None,
    **flags: Any,
) -> Exit:
    """Prove the API and ask a blocked servant the question that failed again; that may be billed again.

    Redirects that it missed meanwhile are not sent later. With --replace a new servant takes the slot and the question.
    """
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, is_verbose=False, is_debug=False)
    recovering = Sending(Flags(**flags), request_id)
    with telling(manner, is_launch=False) as teller:
        audience = Audience(teller.hear, teller.interrupted)
        sent = recover(folder, slot, recovering, audience, replace=replace)
    return tell(sent, manner, current_host(), state_dir=state_dir)

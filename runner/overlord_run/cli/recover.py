"""Carry out the command `recover`; its flags are declared in deeds.py."""

from typing import Any

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.own import Audience
from overlord_run.app.send import Manner as Sending
from overlord_run.app.send import recover
from overlord_run.cli.manner import Manner
from overlord_run.cli.send import tell
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit
from overlord_run.settings.model import Flags


def carry_out(
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
    """Carry out the command `recover`, with its flags as they were typed."""
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, is_verbose=False, is_debug=False)
    recovering = Sending(Flags(**flags), request_id)
    with telling(manner, is_launch=False) as teller:
        audience = Audience(teller.hear, teller.interrupted)
        sent = recover(folder, slot, recovering, audience, replace=replace)
    return tell(sent, manner, current_host(), state_dir=state_dir)

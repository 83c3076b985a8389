"""Carry out the commands `approve` and `reject`; their flags are declared in deeds.py."""

from typing import Any

from overlord_run.app.answer import Verdict, answer
from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.own import Audience
from overlord_run.cli.handing import Outputs, hand_over
from overlord_run.cli.manner import Manner
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit
from overlord_run.settings.model import Flags


def carry_out(
    *,
    approved: bool,
    pause: str | None,
    note: str,
    run_id: str | None,
    ignore_changes: bool,
    outputs_dir: str | None,
    output_format: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
    state_dir: str | None,
    **flags: Any,
) -> Exit:
    """Carry out `approve`, or `reject`, with its flags as they were typed."""
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, verbose, debug)
    outputs = Outputs.of_run(outputs_dir, folder)
    verdict = Verdict(Flags(**flags), approved, pause, note, ignore_changes)
    with telling(manner) as teller:
        finished = answer(folder, verdict, Audience(teller.hear, teller.interrupted))
    return hand_over(finished, outputs, manner, current_host(), state_dir=state_dir)

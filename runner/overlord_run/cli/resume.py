"""Carry out the command `resume`; its flags are declared in deeds.py."""

from functools import partial
from typing import Any

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.own import Audience
from overlord_run.app.resume import Resumption, resume
from overlord_run.cli.decision import ask_about_unknown
from overlord_run.cli.handing import Outputs, hand_over
from overlord_run.cli.manner import Manner
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit, UsageError
from overlord_run.executor.unknown import Decision
from overlord_run.settings.model import Flags


def carry_out(
    *,
    run_id: str | None,
    resend_unknown: bool,
    skip_unknown: bool,
    ignore_changes: bool,
    first: str | None,
    budget: tuple[str, ...],
    outputs_dir: str | None,
    output_format: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
    state_dir: str | None,
    **flags: Any,
) -> Exit:
    """Carry out the command `resume`, with its flags as they were typed."""
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, verbose, debug)
    decision = _decision(resend=resend_unknown, skip=skip_unknown)
    wanted = Resumption(Flags(**flags), decision, ignore_changes, first, budget)
    outputs = Outputs.of_run(outputs_dir, folder)
    with telling(manner) as teller:
        finished = resume(folder, wanted, Audience(teller.hear, teller.interrupted), partial(ask_about_unknown, manner))
    return hand_over(finished, outputs, manner, current_host(), state_dir=state_dir)


def _decision(*, resend: bool, skip: bool) -> Decision | None:
    if resend and skip:
        message = "--resend-unknown and --skip-unknown cannot both be given"
        raise UsageError(message, next="Give one of the two.")
    if resend:
        return "resend"
    return "skip" if skip else None

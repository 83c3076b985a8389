"""The command `resume`."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run, inspect
from overlord_run.app.own import Audience
from overlord_run.app.reopen import recorded
from overlord_run.app.resume import Resumption, resume
from overlord_run.cli import options
from overlord_run.cli.decision import ask_about_unknown
from overlord_run.cli.handing import Outputs, hand_over
from overlord_run.cli.report.outputs import check_folder
from overlord_run.cli.telling import Manner, telling
from overlord_run.errors import Exit, UsageError
from overlord_run.executor.unknown import Decision
from overlord_run.settings import Flags


@click.command("resume")
@options.run_id
@click.option(
    "--resend-unknown", is_flag=True, help="Send calls again whose outcome is not known; they may be billed again."
)
@click.option("--skip-unknown", is_flag=True, help="Count calls whose outcome is not known as failed.")
@click.option("--ignore-changes", is_flag=True, help="Go on with the plan as it was, whatever the playbook says now.")
@click.option(
    "--from", "first", metavar="ID", help="Go on with this redirect, and leave out what was not sent before it."
)
@click.option("--outputs", "outputs_dir", metavar="DIR", help="Also write each output to a file in this folder.")
@options.access
@click.option("--timeout", metavar="DURATION", help="What one attempt may take, from 5s to 10m; else as the run began.")
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="How many calls are under way at most.")
@click.option("--fail-fast", is_flag=True, help="Make one attempt a call, and no other.")
@options.output_format
@click.option("-q", "--quiet", is_flag=True, help="No progress; the recap only when something failed.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each request as it leaves.")
@click.option("--debug", is_flag=True, help="Tell attempts that are made again, what the API said, and stack traces.")
@options.state_dir
def command(
    *,
    run_id: str | None,
    resend_unknown: bool,
    skip_unknown: bool,
    ignore_changes: bool,
    first: str | None,
    outputs_dir: str | None,
    output_format: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
    state_dir: str | None,
    **flags: Any,
) -> Exit:
    """Carry a run on that a crash, a person or a failed startup ended, from its own frozen plan.

    Finished calls are not made again. Calls whose outcome is not known are named, and a decision is asked for.
    """
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, verbose, debug)
    wanted = Resumption(Flags(**flags), _decision(resend=resend_unknown, skip=skip_unknown), ignore_changes, first)
    run = recorded(folder, inspect(folder).state.created)
    outputs = Outputs(run.plan, None if outputs_dir is None else Path(outputs_dir))
    if outputs.folder is not None:
        check_folder(outputs.folder, run.plan)
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

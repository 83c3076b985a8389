"""Declare the commands that own a run, and their flags; what each does is in a module of its name, which is heavy."""

from collections.abc import Callable
from typing import Any

import click

from overlord_run.cli import candidates, options
from overlord_run.errors import Exit


@click.command("send")
@click.argument("target", shell_complete=candidates.targets)
@click.argument("message", required=False)
@options.run_id
@click.option(
    "--message-file",
    metavar="PATH",
    shell_complete=candidates.files,
    help="The file that holds the message, every byte of it.",
)
@options.request_id
@options.wait
@options.access
@options.output_format
@options.quiet
@options.state_dir
@options.debug
def send(**given: Any) -> Exit:
    """Send one message to a slot, to role:NAME or to all, and print each reply.

    The MESSAGE is sent as it is, never as a template; - reads it from standard input. It returns when each answer
    is captured or its failure recorded. A live run takes it through its inbox; one that has ended is taken up for
    it.
    """
    from overlord_run.cli.send import carry_out

    return carry_out(**given)


@click.command("resume")
@options.run_id
@click.option(
    "--resend-unknown", is_flag=True, help="Send calls again whose outcome is not known; they may be billed again."
)
@click.option("--skip-unknown", is_flag=True, help="Count calls whose outcome is not known as failed.")
@click.option("--ignore-changes", is_flag=True, help="Go on with the plan as it was, whatever the playbook says now.")
@click.option(
    "--from",
    "first",
    metavar="ID",
    shell_complete=candidates.redirects,
    help="Go on with this redirect, and leave out what was not sent before it.",
)
@click.option(
    "--budget",
    "budget",
    metavar="LIMIT=VALUE",
    multiple=True,
    help="Raise a limit of the run's budget: usd=5, tokens=200000, requests=50 or time=1h; may be repeated.",
)
@click.option(
    "--outputs",
    "outputs_dir",
    metavar="DIR",
    shell_complete=candidates.folders,
    help="Also write each output to a file in this folder.",
)
@options.access
@click.option("--timeout", metavar="DURATION", help="What one attempt may take, from 5s to 10m; else as the run began.")
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="How many calls are under way at most.")
@click.option("--fail-fast", is_flag=True, help="Make one attempt a call, and no other.")
@options.output_format
@click.option("-q", "--quiet", is_flag=True, help="No progress; the recap only when something failed.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each request as it leaves, and what it had to wait for.")
@click.option("--debug", is_flag=True, help="Tell attempts that are made again, what the API said, and stack traces.")
@options.state_dir
def resume(**given: Any) -> Exit:
    """Carry on a run that a crash, a person or a failed startup ended.

    It goes by its own frozen plan. Finished calls are not made again. Calls whose outcome is not known are named,
    and a decision is asked for.
    """
    from overlord_run.cli.resume import carry_out

    return carry_out(**given)


def _verdict(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add what `approve` and `reject` take."""
    options_of_both = (
        click.argument("pause", required=False, shell_complete=candidates.pauses),
        click.option("--note", metavar="TEXT", default="", help="Why; it is kept, and templates can read it."),
        options.run_id,
        click.option(
            "--ignore-changes", is_flag=True, help="Go on by the plan as it was, whatever the playbook says now."
        ),
        click.option(
            "--outputs",
            "outputs_dir",
            metavar="DIR",
            shell_complete=candidates.folders,
            help="Also write each output to a file in this folder.",
        ),
        options.access,
        options.output_format,
        click.option("-q", "--quiet", is_flag=True, help="No progress; the recap only when something failed."),
        click.option("-v", "--verbose", is_flag=True, help="Tell each request as it leaves."),
        click.option(
            "--debug", is_flag=True, help="Tell attempts that are made again, what the API said, and stack traces."
        ),
        options.state_dir,
    )
    for add in reversed(options_of_both):
        command = add(command)
    return command


@click.command("approve")
@_verdict
def approve(**given: Any) -> Exit:
    """Say yes to a pause, and carry the run on.

    PAUSE is its id; it may be left out where only one waits. Where another process carries the run on, it takes the
    answer; else this one does, from the run's own frozen plan.
    """
    from overlord_run.cli.answer import carry_out

    return carry_out(approved=True, **given)


@click.command("reject")
@_verdict
def reject(**given: Any) -> Exit:
    """Say no to a pause, which ends the run with exit code 8.

    PAUSE is its id; it may be left out where only one waits. What was answered is kept, nothing is sent any more, and
    no key is needed.
    """
    from overlord_run.cli.answer import carry_out

    return carry_out(approved=False, **given)


@click.command("recover")
@click.argument("slot", shell_complete=candidates.slots)
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
def recover(**given: Any) -> Exit:
    """Ask a blocked servant the question that failed again, or replace it.

    The API is proved first; asking may be billed again. Redirects that it missed meanwhile are not sent later. With
    --replace a new servant takes the slot and the question.
    """
    from overlord_run.cli.recover import carry_out

    return carry_out(**given)


@click.command("wait")
@options.run_id
@click.option(
    "--for",
    "goal",
    metavar="ready|done|message:ID",
    shell_complete=candidates.goals,
    default="done",
    show_default=True,
    help="What to wait for: a proved startup, the run's end, or the end of one message.",
)
@click.option("--timeout", "timeout", metavar="DURATION", help="How long, like 100s; then exit 9, and nothing is lost.")
@options.output_format
@options.quiet
@options.state_dir
@options.debug
def wait(**given: Any) -> Exit:
    """Wait until a run is ready, has ended, or has ended one message.

    The exit code says what that came to.
    """
    from overlord_run.cli.wait import carry_out

    return carry_out(**given)


@click.command("stop")
@options.run_id
@click.option(
    "--release", is_flag=True, help="Give the leases of the servants up too: nothing more is sent to them, ever."
)
@options.output_format
@options.state_dir
@options.debug
def stop(**given: Any) -> Exit:
    """End a run's own process and nothing else; give its leases up.

    What was answered is kept, and resume carries on. The process is asked first, and calls in flight may finish for
    10 s; then it is ended, by its recorded fingerprint.
    """
    from overlord_run.cli.stop import carry_out

    return carry_out(**given)

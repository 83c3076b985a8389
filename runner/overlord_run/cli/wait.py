"""The command `wait`."""

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.own import Audience
from overlord_run.app.wait import wait
from overlord_run.cli import options
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import waited_json
from overlord_run.cli.report.recap import MEANINGS, headline
from overlord_run.cli.report.styled import plain
from overlord_run.cli.streams import write_json, write_note
from overlord_run.cli.telling import Manner, telling
from overlord_run.errors import Exit
from overlord_run.settings.timeout import duration_s


@click.command("wait")
@options.run_id
@click.option(
    "--for",
    "goal",
    metavar="ready|done|message:ID",
    default="done",
    show_default=True,
    help="What to wait for: a proved startup, the run's end, or the end of one message.",
)
@click.option("--timeout", "timeout", metavar="DURATION", help="How long, like 100s; then exit 9, and nothing is lost.")
@options.output_format
@options.quiet
@options.state_dir
@options.debug
def command(
    *, run_id: str | None, goal: str, timeout: str | None, output_format: str, quiet: bool, state_dir: str | None
) -> Exit:
    """Wait until a run is ready, has ended, or has ended one message; the exit code says what that came to."""
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, is_verbose=False, is_debug=False)
    wait_s = None if timeout is None else duration_s(timeout, "--timeout")
    with telling(manner, is_launch=False) as teller:
        state, code = wait(folder, goal, wait_s, Audience(teller.hear, teller.interrupted))
    following = next_command(state, current_host(), state_dir=state_dir)
    if manner.as_json:
        write_json(waited_json(state, goal, code, next_command=following))
    else:
        write_note(f"{plain([headline(state)])}\nExit {code.value}: {MEANINGS[code]}\nNext: {following}")
    return code

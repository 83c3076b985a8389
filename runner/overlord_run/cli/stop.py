"""The command `stop`."""

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.stop import stop
from overlord_run.cli import options
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import stopped_json
from overlord_run.cli.report.recap import headline
from overlord_run.cli.report.styled import plain
from overlord_run.cli.streams import write_json, write_report
from overlord_run.errors import Exit


@click.command("stop")
@options.run_id
@click.option(
    "--release", is_flag=True, help="Give the leases of the servants up too: nothing more is sent to them, ever."
)
@options.output_format
@options.state_dir
@options.debug
def command(run_id: str | None, output_format: str, state_dir: str | None, *, release: bool) -> Exit:
    """End the run's own process and nothing else; what was answered is kept, and resume carries on.

    The process is asked first, and calls in flight may finish for 10 s; then it is ended, by its recorded fingerprint.
    """
    stopped = stop(find_run(run_id, state_dir), release=release)
    following = next_command(stopped.state, current_host(), state_dir=state_dir)
    if output_format == "json":
        write_json(stopped_json(stopped, next_command=following))
    else:
        released = "; its servants are released" if stopped.state.is_released else ""
        write_report(f"{plain([headline(stopped.state)])}\n{stopped.how}{released}\nNext: {following}")
    return Exit.OK

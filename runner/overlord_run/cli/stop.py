"""Carry out the command `stop`; its flags are declared in deeds.py."""

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.stop import stop
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import stopped_json
from overlord_run.cli.report.recap import headline
from overlord_run.cli.report.styled import plain
from overlord_run.cli.streams import write_json, write_report
from overlord_run.errors import Exit


def carry_out(run_id: str | None, output_format: str, state_dir: str | None, *, release: bool) -> Exit:
    """Carry out the command `stop`, with its flags as they were typed."""
    stopped = stop(find_run(run_id, state_dir), release=release)
    following = next_command(stopped.state, current_host(), state_dir=state_dir)
    if output_format == "json":
        write_json(stopped_json(stopped.state, stopped.how, next_command=following))
    else:
        released = "; its servants are released" if stopped.state.is_released else ""
        write_report(f"{plain([headline(stopped.state)])}\n{stopped.how}{released}\nNext: {following}")
    return Exit.OK

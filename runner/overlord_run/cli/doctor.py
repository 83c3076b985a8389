"""The command `doctor`."""

import json

import click

from overlord_run.cli import options
from overlord_run.cli.redaction import without_keys
from overlord_run.cli.streams import terminal_facts, write_json, write_report
from overlord_run.errors import Exit


@click.command("doctor")
@click.option("--check", is_flag=True, help="Prove the API too, with one GET /models, which is never billed.")
@options.output_format
@options.state_dir
@options.debug
def command(output_format: str, state_dir: str | None, *, check: bool) -> Exit:
    """Tell what is set up here for a run, and what to do about what is not.

    Looks at the program, the platform and shell, the worktree and its state folder, the config file, and how the API
    is reached; of the key only where it comes from and whether it is well-formed. Nothing is written, and without
    --check nothing is sent. Exit 4 when something is missing or wrong that a run against the API needs.
    """
    from overlord_run.app.doctor import examine
    from overlord_run.cli.report.doctor import checks_json, checks_text

    checks = examine(state_dir, terminal=terminal_facts(), with_api=check)
    exit_code = Exit.NOT_PROVED if any(one.stops_a_run for one in checks) else Exit.OK
    if output_format == "json":
        write_json(json.loads(without_keys(json.dumps(checks_json(checks, exit_code)), ())))
    else:
        write_report(without_keys(checks_text(checks), ()))
    return exit_code

"""The command `doctor`."""

import json

import click

from overlord_run.app.doctor import Check, examine_access, examine_machine
from overlord_run.app.here import current_host, current_worktree
from overlord_run.app.here import state_dir as chosen_state_dir
from overlord_run.cli import options
from overlord_run.cli.redaction import without_keys
from overlord_run.cli.report.doctor import checks_json, checks_text
from overlord_run.cli.streams import terminal_facts, write_json, write_report
from overlord_run.errors import Exit
from overlord_run.settings import environment

_NOT_ASKED = "not asked; its /models is never billed, and needs no playbook"


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
    checks = _checks(state_dir, with_api=check)
    exit_code = Exit.NOT_PROVED if any(one.stops_a_run for one in checks) else Exit.OK
    if output_format == "json":
        write_json(json.loads(without_keys(json.dumps(checks_json(checks, exit_code)), ())))
    else:
        write_report(without_keys(checks_text(checks), ()))
    return exit_code


def _checks(state_dir: str | None, *, with_api: bool) -> list[Check]:
    host, worktree = current_host(), current_worktree()
    checks = list(examine_machine(host, worktree, chosen_state_dir(state_dir, worktree)))
    checks.append(Check("terminal", "ok", terminal_facts()))
    access = examine_access(environment(), host)
    checks += access.checks
    if not with_api:
        checks.append(Check("api", "note", _NOT_ASKED, "overlord-run doctor --check"))
    elif access.settings is None:
        checks.append(Check("api", "note", "not asked: what is missing or wrong above comes first"))
    else:
        from overlord_run.app.doctor.proof import prove  # noqa: PLC0415 - only a proof needs httpx

        checks.append(prove(access.settings, host))
    return checks

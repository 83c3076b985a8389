"""Look at all that a run against the API needs, and where asked to, prove the API."""

from overlord_run.app.doctor.access import examine_access
from overlord_run.app.doctor.check import Check
from overlord_run.app.doctor.machine import examine_machine
from overlord_run.app.here import current_host, current_worktree, state_dir
from overlord_run.settings.environment import environment

_PROVE = "overlord-run doctor --check"


def examine(asked_state_dir: str | None, *, terminal: str, with_api: bool) -> list[Check]:
    """Return what was found of each thing that a run needs. Nothing is written.

    Args:
        asked_state_dir: The folder of the runs, where one was asked for.
        terminal: What is known of standard output.
        with_api: Whether the API is asked for its models; else nothing is sent.
    """
    host, worktree = current_host(), current_worktree()
    checks = list(examine_machine(host, worktree, state_dir(asked_state_dir, worktree)))
    checks.append(Check("terminal", "ok", terminal))
    access = examine_access(environment(), host)
    checks += access.checks
    if not with_api:
        checks.append(Check("api", "note", "not asked; one GET /models, never billed, proves it", _PROVE))
    elif access.settings is None:
        checks.append(Check("api", "note", "not asked: what is missing or wrong above comes first"))
    else:
        from overlord_run.app.doctor.proof import prove  # noqa: PLC0415 - only a proof needs httpx

        checks.append(prove(access.settings, host))
    return checks

"""The command `roles lock`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.roles.fetching import fetching
from overlord_run.errors import Exit


@click.command("lock")
@click.argument("paths", metavar="[PLAYBOOK|FOLDER]...", nargs=-1, shell_complete=candidates.playbooks)
@click.option("--frozen", is_flag=True, help="Write nothing, and exit 3 where a lock would change; for CI.")
@options.output_format
@options.debug
def command(paths: tuple[str, ...], output_format: str, *, frozen: bool) -> Exit:
    """Write overlord.lock: the commit of each pack, and the digest of each text that is read of it.

    Without a playbook, for all that stand in the current folder. What is locked already stays at its commit; `roles
    update` moves it. One lock serves all playbooks of its folder, and is meant for review.
    """
    from overlord_run.app.roles.lock import lock
    from overlord_run.cli.report.packs import locking_json, locking_text
    from overlord_run.cli.streams import write_json, write_report

    done = lock(paths or (".",), fetching(), frozen=frozen)
    if output_format == "json":
        write_json(locking_json(done))
    else:
        write_report(locking_text(done, frozen=frozen))
    return Exit.OK

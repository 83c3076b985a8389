"""The command `roles fetch`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.roles.fetching import fetching
from overlord_run.errors import Exit


@click.command("fetch")
@click.argument("paths", metavar="[PLAYBOOK|FOLDER]...", nargs=-1, shell_complete=candidates.playbooks)
@options.output_format
@options.debug
def command(paths: tuple[str, ...], output_format: str) -> Exit:
    """Fill this machine's cache with what overlord.lock names; the one step that needs the network.

    Without a playbook, for the lock in the current folder. A text in the cache that was changed is mended. Nothing of a
    repository is run, and nothing but the commits that are locked is fetched.
    """
    from overlord_run.app.roles.fetch import fetch
    from overlord_run.cli.report.packs import fetched_json, fetched_text
    from overlord_run.cli.streams import write_json, write_report

    done = fetch(paths or (".",), fetching())
    if output_format == "json":
        write_json(fetched_json(done))
    else:
        write_report(fetched_text(done))
    return Exit.OK

"""The command `roles update`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.roles.fetching import fetching
from overlord_run.errors import Exit, UsageError


@click.command("update")
@click.argument("pack", metavar="[PACK]", required=False)
@click.option("--rev", metavar="REV", help="The tag, branch or commit that the playbooks are to name from now on.")
@click.option(
    "--in",
    "place",
    metavar="PLAYBOOK|FOLDER",
    default=".",
    show_default=True,
    shell_complete=candidates.playbooks,
    help="The folder of the playbooks and their lock.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@options.output_format
@options.debug
def command(pack: str | None, rev: str | None, place: str, output_format: str, *, dry_run: bool) -> Exit:
    """Move packs to what their revisions name now: show what that changes, then write overlord.lock.

    Without PACK, each pack of the folder's playbooks. With --rev, the playbooks are made to name that revision too, and
    nothing else in them changes. What was locked before is in the lock's own history.
    """
    from overlord_run.app.roles.update import look
    from overlord_run.cli.lines import write_report_lines
    from overlord_run.cli.report.packs import update_json, update_lines
    from overlord_run.cli.streams import write_json, write_report

    if rev is not None and pack is None:
        message = "--rev is a revision of one pack"
        raise UsageError(message, next="Name it: overlord-run roles update PACK --rev REV.")
    means = fetching()
    found = look(place, pack, rev, means)
    is_written = found.differs and not dry_run
    if output_format != "json":
        write_report_lines(update_lines(found))
    if is_written:
        found.write(means.cache)
    if output_format == "json":
        write_json(update_json(found, written=is_written))
    elif found.differs:
        write_report(f"{'Wrote' if is_written else 'Would write'} {found.folder.lock_path}")
    return Exit.OK

"""The command `roles verify`."""

import click

from overlord_run.cli import candidates, options
from overlord_run.cli.roles.fetching import fetching
from overlord_run.errors import Exit


@click.command("verify")
@click.argument("paths", metavar="[PLAYBOOK|FOLDER]...", nargs=-1, shell_complete=candidates.playbooks)
@click.option("--online", is_flag=True, help="Also ask each repository whether its tag or branch is still that commit.")
@options.output_format
@options.debug
def command(paths: tuple[str, ...], output_format: str, *, online: bool) -> Exit:
    """Compare overlord.lock with the playbooks and with this machine's cache.

    Without a playbook, for all that stand in the current folder. Changes nothing, and without --online needs no
    network. Exit 3 when a lock or the cache is wrong, 1 when a tag moved, a revision is gone or a repository does not
    answer; a branch may move.
    """
    from overlord_run.app.roles.verify import verify
    from overlord_run.cli.report.packs import packs_verified_json, packs_verified_text
    from overlord_run.cli.report.problems import problem_lines
    from overlord_run.cli.streams import write_json, write_report

    found = verify(paths or (".",), fetching(), online=online)
    if output_format == "json":
        write_json(packs_verified_json(found))
        return found.exit_code
    if found.problems:
        write_report(problem_lines(found.problems))
    write_report(packs_verified_text(found))
    return found.exit_code

"""The command `roles`: its own commands by name."""

import click

from overlord_run.cli.lazy import LazyGroup, Table

# As in the table of main.py; the order is that of the help: those of packs, then those of a repository of roles.
COMMANDS: Table = {
    "lock": (
        "overlord_run.cli.roles.lock",
        "Write overlord.lock: the commit of each pack, and the digest of each text that is read of it.",
    ),
    "fetch": (
        "overlord_run.cli.roles.fetch",
        "Fill this machine's cache with what overlord.lock names; the one step that needs the network.",
    ),
    "update": (
        "overlord_run.cli.roles.update",
        "Move packs to what their revisions name now: show what that changes, then write overlord.lock.",
    ),
    "verify": (
        "overlord_run.cli.roles.verify",
        "Compare overlord.lock with the playbooks and with this machine's cache.",
    ),
    "list": ("overlord_run.cli.roles.list", "List role files: where each comes from, its digest, its inputs."),
    "new": ("overlord_run.cli.roles.new", "Write a first role file with comments, and its examples."),
    "test": ("overlord_run.cli.roles.test", "Try the examples of role files, without a key and without a network."),
}


@click.group("roles", cls=LazyGroup, table=COMMANDS)
def command() -> None:
    """Work with role files: your own, and those of packs."""

"""Hold a group of commands, each of which is imported when it runs and not before."""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from overlord_run.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Table: TypeAlias = Mapping[str, tuple[str, str]]
"""Of each command, in the order of the help: where it stands, `MODULE` or `MODULE:NAME`, and its help line."""


class LazyGroup(click.Group):
    """The commands of a table. Neither the help, nor a completion, nor a word that is no command imports one."""

    def __init__(self, *args: Any, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of a name; None where there is none."""
        if cmd_name not in self.table:
            return None
        module, _, name = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or "command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table into the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names.

        Raises:
            UsageError: There is none.
        """
        if args[0] not in self.table and not ctx.resilient_parsing:
            raise self.unknown(args[0])
        return super().resolve_command(ctx, args)

    def unknown(self, word: str) -> UsageError:
        """Return the error that a word is none of the commands, with the nearest one."""
        from overlord_run.playbook.names import did_you_mean

        hint = did_you_mean(word, self.table)
        known = f"The commands are: {', '.join(self.table)}."
        return UsageError(self.refusal(word), next=f"{hint[:1].upper()}{hint[1:]} {known}".lstrip())

    def refusal(self, word: str) -> str:
        """Return the sentence that a word is none of the commands."""
        from overlord_run.playbook.names import LONGEST_PATH, shown

        return f"{shown(f'{self.name} {word}', longest=LONGEST_PATH)} is no command"

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Complete the word that names the command."""
        from overlord_run.cli.candidates import commands

        own_options = click.Command.shell_complete(self, ctx, incomplete)
        return commands({name: line for name, (_, line) in self.table.items()}, incomplete) + own_options

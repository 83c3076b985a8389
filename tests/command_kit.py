"""Walk through the commands, those of a group too."""

from collections.abc import Iterator, Mapping

import click

from overlord_run.cli.lazy import LazyGroup
from overlord_run.cli.main import command_line


def _walk(group: LazyGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, str], click.Command]]:
    for name, row in group.table.items():
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield " ".join((*words, name)), row, command
        if isinstance(command, LazyGroup):
            yield from _walk(command, (*words, name))


assert isinstance(command_line, LazyGroup)
_ALL = list(_walk(command_line))

EVERY: Mapping[str, click.Command] = {name: command for name, _, command in _ALL}
"""Each command by the words that call it: `run`, `roles`, `roles new`."""

ROWS: Mapping[str, tuple[str, str]] = {name: row for name, row, _ in _ALL}
"""Where each stands, and its line in the help of its group."""

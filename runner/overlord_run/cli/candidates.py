"""Complete the values of arguments and options: what a shell is told at a Tab.

What cannot be looked up is not completed: a Tab never tells an error. Nothing is imported before there is a Tab.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from overlord_run.errors import OverlordError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PLAYBOOK_SUFFIXES = (".yml", ".yaml")

Items: TypeAlias = "list[CompletionItem[str]]"
Complete = Callable[[click.Context, click.Parameter, str], Items]

# What a shell takes as it stands; a name with other characters is left to the shell, which knows how to quote it.
_PLAIN = re.compile(r"[\w./+-]+")


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Let the shell complete a file's path."""
    return [_item(incomplete, kind="file")]


def folders(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Let the shell complete a folder's path."""
    return [_item(incomplete, kind="dir")]


def playbooks(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Complete the YAML files of the folder that is typed; else the shell completes any path."""
    return [_item(incomplete, kind="file"), *map(_item, playbook_paths(incomplete))]


def playbook_paths(incomplete: str) -> list[str]:
    """Return the YAML files whose paths begin with what is typed."""
    name = incomplete.rpartition("/")[2]
    folder = incomplete.removesuffix(name)
    try:
        found = sorted(path.name for path in Path(folder or ".").iterdir() if path.suffix in PLAYBOOK_SUFFIXES)
    except OSError:
        return []
    hidden = name.startswith(".")
    return [
        folder + one
        for one in found
        if one.startswith(name) and one.startswith(".") == hidden and _PLAIN.fullmatch(folder + one)
    ]


def commands(lines: Mapping[str, str], incomplete: str) -> Items:
    """Complete a command, given with its help line."""
    return [_item(name, told=line) for name, line in lines.items() if name.startswith(incomplete)]


def first_words(known: Items, incomplete: str) -> Items:
    """Complete the first word of a command line: what is known of commands and options, or a playbook.

    That any path may stand here is told first: bash forgets what it was told before.
    """
    if incomplete.startswith("-"):
        return known
    return [_item(incomplete, kind="file"), *known, *map(_item, playbook_paths(incomplete))]


def one_of(*words: str) -> Complete:
    """Return what completes one of these words."""

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
        return _matching(words, incomplete)

    return complete


def _looked_up(look: Callable[[click.Context], Sequence[str]]) -> Complete:
    @wraps(look)
    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
        try:
            return _matching(look(ctx), incomplete)
        except (OverlordError, OSError, ValueError, LookupError, TypeError):
            return []  # no such run, or files that are not what they should be

    return complete


@_looked_up
def run_ids(ctx: click.Context) -> Sequence[str]:
    """Complete a run's id, the newest first."""
    from overlord_run.app.candidates import known_runs

    return known_runs(ctx.params.get("state_dir"))


def runs_and_playbooks(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Complete a run's id, or the path of a playbook."""
    return [*run_ids(ctx, param, incomplete), *playbooks(ctx, param, incomplete)]


@_looked_up
def slots(ctx: click.Context) -> Sequence[str]:
    """Complete a slot of the run; where a message stands before it, one that answered it."""
    from overlord_run.app.candidates import known_slots

    return known_slots(ctx.params.get("run_id"), ctx.params.get("state_dir"), answered=ctx.params.get("message"))


@_looked_up
def messages(ctx: click.Context) -> Sequence[str]:
    """Complete a message of the run that somebody answered."""
    from overlord_run.app.candidates import known_messages

    return known_messages(ctx.params.get("run_id"), ctx.params.get("state_dir"))


@_looked_up
def targets(ctx: click.Context) -> Sequence[str]:
    """Complete what a message can be sent to."""
    from overlord_run.app.candidates import known_targets

    return known_targets(ctx.params.get("run_id"), ctx.params.get("state_dir"))


@_looked_up
def redirects(ctx: click.Context) -> Sequence[str]:
    """Complete a redirect of the run's plan."""
    from overlord_run.app.candidates import known_redirects

    return known_redirects(ctx.params.get("run_id"), ctx.params.get("state_dir"))


@_looked_up
def pauses(ctx: click.Context) -> Sequence[str]:
    """Complete a question that waits for a person's word."""
    from overlord_run.app.candidates import known_pauses

    return known_pauses(ctx.params.get("run_id"), ctx.params.get("state_dir"))


@_looked_up
def goals(ctx: click.Context) -> Sequence[str]:
    """Complete what can be waited for."""
    from overlord_run.app.candidates import known_redirects

    ids = known_redirects(ctx.params.get("run_id"), ctx.params.get("state_dir"))
    return ["ready", "done", *(f"message:{name}" for name in ids)]


def _item(value: str, *, kind: str = "plain", told: str | None = None) -> "CompletionItem[str]":
    from click.shell_completion import CompletionItem

    return CompletionItem(value, type=kind, help=told)


def _matching(words: Iterable[str], incomplete: str) -> Items:
    return [_item(word) for word in words if word.startswith(incomplete)]

"""Hold the options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from overlord_run.cli import candidates

_Command = TypeVar("_Command", bound=Callable[..., Any])


class OneOf(click.Choice[str]):
    """One of a few words; of another one the nearest is told."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the sentence that a word is none of them."""
        from overlord_run.playbook.names import did_you_mean

        told, hint = super().get_invalid_choice_message(value, ctx), did_you_mean(str(value), self.choices)
        return f"{told.removesuffix('.')}; {hint}" if hint else told


output_format = click.option(
    "--format",
    "output_format",
    type=OneOf(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print: text for people, or JSON objects whose shape `overlord-run schema output` tells.",
)
run_id = click.option(
    "--run",
    "run_id",
    metavar="ID",
    shell_complete=candidates.run_ids,
    help="The run; else the one that OVERLORD_RUN names, else the newest of this worktree.",
)
state_dir = click.option(
    "--state-dir",
    metavar="DIR",
    shell_complete=candidates.folders,
    help="The folder that holds the runs; else OVERLORD_STATE_DIR, else .overlord in the worktree.",
)
max_chars = click.option(
    "--max-chars",
    type=click.IntRange(0),
    metavar="N",
    help="Cut each text after so many characters, and say so.",
)
# The boundary in main.py looks for it among the words, since a crash can come before they are parsed.
debug = click.option(
    "--debug", is_flag=True, expose_value=False, help="Also tell the stack trace when the program itself fails."
)


def inputs(command: _Command) -> _Command:
    """Add the options that give inputs their values."""
    for option in (_input_files, _value_files, _arguments):
        command = option(command)
    return command


_arguments = click.option(
    "-i",
    "arguments",
    metavar="NAME=VALUE",
    multiple=True,
    help="An input's value, as its declared type says: of a file input, its path, or - for standard input. Repeatable.",
)
_value_files = click.option(
    "-I",
    "value_files",
    metavar="NAME=PATH|-",
    multiple=True,
    help="An input whose value stands in a file, or on standard input; may be repeated.",
)
_input_files = click.option(
    "--inputs",
    "input_files",
    metavar="FILE",
    multiple=True,
    shell_complete=candidates.files,
    help="A YAML or JSON file of inputs; may be repeated. Later ones win, and -i and -I win over all.",
)


def access(command: _Command) -> _Command:
    """Add the options that say where the key is and which hosts may get it, for what takes up a run that exists."""
    for option in (_trust_host, _api_key_file, _api_key_env):
        command = option(command)
    return command


_api_key_env = click.option("--api-key-env", metavar="NAME", help="The environment variable that holds the API key.")
_api_key_file = click.option(
    "--api-key-file", metavar="PATH", shell_complete=candidates.files, help="The file that holds the API key."
)
_trust_host = click.option(
    "--trust-host", "trust_hosts", metavar="HOST", multiple=True, help="A host that the key may go to; may be repeated."
)
wait = click.option(
    "--wait",
    metavar="DURATION",
    help="Wait so long at most, like 100s, and exit 9 then: it goes on without us. Without it, until it is done.",
)
request_id = click.option(
    "--id", "request_id", metavar="KEY", help="The same id and message is sent once, however often it is asked for."
)
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress.")

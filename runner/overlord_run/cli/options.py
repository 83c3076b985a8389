"""Hold the options that several commands share."""

import click

from overlord_run.cli import candidates

output_format = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
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

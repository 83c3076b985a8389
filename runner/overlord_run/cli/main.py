"""Find the command that the words name, run it, and turn every error into text and an exit code.

This is the only place that tells an error and exits.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

import click

from overlord_run import __version__
from overlord_run.cli.lazy import LazyGroup, Table
from overlord_run.cli.report.problems import error_json, error_text
from overlord_run.cli.streams import prepare, write_json, write_note
from overlord_run.errors import Exit, OverlordError, StoreError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PROGRAM = "overlord-run"
COMPLETE_VARIABLE = "_OVERLORD_RUN_COMPLETE"
PLAYBOOK_SUFFIXES = (".yml", ".yaml")

# How many more objects there are before Python looks for garbage: 700 as it comes. Nearly all that a start makes, some
# 80,000 objects, lives as long as the process, so looking earlier finds nothing. 100,000 hold ten megabytes at most.
GARBAGE_AFTER = 100_000

# A command is imported when it runs; its help line stands here, so that `--help` imports none.
COMMANDS: Table = {
    "run": ("overlord_run.cli.flags", "Run a playbook: preflight, startup, redirects."),
    "init": ("overlord_run.cli.init", "Write a first playbook with comments, which rehearses as it stands."),
    "validate": (
        "overlord_run.cli.validate",
        "Check playbooks, role files, their examples and rehearsal scripts as far as that needs no inputs.",
    ),
    "send": (
        "overlord_run.cli.deeds:send",
        "Send one message to a slot, to role:NAME or to all, and print each reply.",
    ),
    "resume": ("overlord_run.cli.deeds:resume", "Carry on a run that a crash, a person or a failed startup ended."),
    "approve": ("overlord_run.cli.deeds:approve", "Say yes to a pause, and carry the run on."),
    "reject": ("overlord_run.cli.deeds:reject", "Say no to a pause, which ends the run with exit code 8."),
    "recover": (
        "overlord_run.cli.deeds:recover",
        "Ask a blocked servant the question that failed again, or replace it.",
    ),
    "wait": ("overlord_run.cli.deeds:wait", "Wait until a run is ready, has ended, or has ended one message."),
    "stop": ("overlord_run.cli.deeds:stop", "End a run's own process and nothing else; give its leases up."),
    "list": ("overlord_run.cli.list", "List the runs of this worktree, the oldest first."),
    "status": ("overlord_run.cli.status", "Tell where a run and each of its servants stands, and which are ready."),
    "show": ("overlord_run.cli.show", "Show what servants were asked and what they answered."),
    "reply": ("overlord_run.cli.reply", "Print what one servant answered to one message, and nothing else."),
    "ledger": ("overlord_run.cli.ledger", "List each answer and each failure of a run, with its tokens."),
    "events": ("overlord_run.cli.events", "Tell what happened in a run, event by event."),
    "verify": ("overlord_run.cli.verify", "Recompute a run's views and hash chain, and tell what differs."),
    "diff": ("overlord_run.cli.diff", "Tell what differs between two runs, or in what two playbooks would send."),
    "roles": ("overlord_run.cli.roles.commands", "Work with role files: your own, and those of packs."),
    "doctor": ("overlord_run.cli.doctor", "Tell what is set up here for a run, and what to do about what is not."),
    "completion": ("overlord_run.cli.completion", "Print the script that lets a shell complete our command line."),
    "schema": ("overlord_run.cli.schema", "Print the JSON Schema of a file or of the commands' JSON."),
}


class CommandLine(LazyGroup):
    """The commands by name. Words that begin with a playbook, or with an option of `run`, mean `run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words after putting `run` before them where that is what they mean."""
        own = {name for option in self.get_params(ctx) for name in option.opts}
        return super().parse_args(ctx, ["run", *args] if args and means_run(args[0], own) else args)

    def refusal(self, word: str) -> str:
        """Return the sentence that a word is none of the commands, and no playbook."""
        from overlord_run.playbook.names import LONGEST_PATH, shown

        return f"{shown(word, longest=LONGEST_PATH)} is neither a command nor a playbook file"

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Complete the first word: a command, or a playbook."""
        from overlord_run.cli.candidates import first_words

        return first_words(super().shell_complete(ctx, incomplete), incomplete)


def means_run(word: str, own_options: set[str]) -> bool:
    """Say whether a command line that begins with this word leaves `run` out."""
    if word in COMMANDS or word in own_options:
        return False
    if word.startswith("-") or word.lower().endswith(PLAYBOOK_SUFFIXES):
        return True
    from overlord_run.files import is_file

    return is_file(word)


@click.group(
    cls=CommandLine,
    table=COMMANDS,
    subcommand_metavar="PLAYBOOK|COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def command_line() -> None:
    """Run a council of LLM advisers from one YAML playbook.

    `overlord-run PLAYBOOK` runs a playbook; with --rehearse it needs no key and no network. Every command has its own
    --help.
    """


def main() -> NoReturn:
    """Run the command that this process was started for, and exit."""
    gc.set_threshold(GARBAGE_AFTER)
    try:
        prepare()
        instruction = os.environ.get(COMPLETE_VARIABLE)
        code = complete(instruction) if instruction else execute(sys.argv[1:])
    except KeyboardInterrupt:  # before a command was begun, or while it was told that it was interrupted
        code = Exit.INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a Ctrl-C while Python ends would be a stack trace
    gc.freeze()  # else Python looks through all modules for garbage as it ends: a tenth of the CPU of a short command
    sys.exit(code)


def complete(instruction: str) -> int:
    """Answer the shell that asks how its command line could go on; whatever goes wrong, a Tab tells nothing of it."""
    from click.shell_completion import shell_complete

    try:
        return shell_complete(command_line, {}, PROGRAM, COMPLETE_VARIABLE, instruction)
    except Exception:  # noqa: BLE001 - the boundary: no stack trace in the line that a person types
        return Exit.BUG


def execute(args: Sequence[str]) -> int:
    """Run a command and return its exit code; an error is told, not raised."""
    try:
        return int(command_line.main(list(args), prog_name=PROGRAM, standalone_mode=False) or Exit.OK)
    except click.exceptions.NoArgsIsHelpError as error:
        write_note(error.format_message())
        return Exit.USAGE
    except click.UsageError as error:
        where = PROGRAM if error.ctx is None else error.ctx.command_path
        return tell(UsageError(error.format_message(), next=f"{where} --help tells what is understood"), args)
    except OverlordError as error:
        return tell(error, args)
    except (click.Abort, KeyboardInterrupt):
        write_note("interrupted")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the boundary: a bug must end in a crash log and exit 70
        return tell_bug(error, args)


def tell(error: OverlordError, args: Sequence[str]) -> int:
    """Tell an error in the form that the command line asks for, and return its exit code."""
    from overlord_run.cli.redaction import without_keys

    text = without_keys(error_text(error), args)
    if not asks_for_json(args):
        write_note(text)
        return error.exit
    try:
        write_json(json.loads(without_keys(json.dumps(error_json(error)), args)))
    except StoreError:
        write_note(text)
    return error.exit


def tell_bug(error: Exception, args: Sequence[str]) -> int:
    """Keep an unexpected exception in a crash log, and tell where that is."""
    from overlord_run.cli.crash import CrashError, crash_text, write_crash_log

    text = crash_text(error, args)
    if "--debug" in args:
        write_note(text)
    return tell(CrashError(write_crash_log(text)), args)


def asks_for_json(args: Sequence[str]) -> bool:
    """Say whether the words ask for JSON; looked up here since they may not even parse."""
    words = args[: args.index("--")] if "--" in args else args
    return "--format=json" in words or ("--format", "json") in pairwise(words)

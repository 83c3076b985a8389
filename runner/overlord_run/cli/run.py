"""The command `run`."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from overlord_run.app.inputs import Given
from overlord_run.app.own import Audience
from overlord_run.app.prepare import Prepared, RunRequest, prepare
from overlord_run.app.run import run
from overlord_run.app.start import start
from overlord_run.cli import options
from overlord_run.cli.apart import Apart
from overlord_run.cli.decision import ask_about_unknown
from overlord_run.cli.handing import Outputs, hand_over
from overlord_run.cli.main import COMMANDS
from overlord_run.cli.report.outputs import check_folder
from overlord_run.cli.report.plan import plan_json, plan_text
from overlord_run.cli.report.problems import problem_lines
from overlord_run.cli.streams import write_json, write_note, write_report
from overlord_run.cli.telling import Manner, telling
from overlord_run.errors import Exit, UsageError
from overlord_run.files import INPUT_LIMIT
from overlord_run.settings import Flags


@click.command("run")
@click.argument("playbook", metavar="PLAYBOOK", required=False)
@click.option(
    "-i",
    "arguments",
    metavar="NAME=VALUE",
    multiple=True,
    help="An input's value, as its declared type says: of a file input, its path, or - for standard input. Repeatable.",
)
@click.option(
    "-I",
    "value_files",
    metavar="NAME=PATH|-",
    multiple=True,
    help="An input whose value stands in a file, or on standard input; may be repeated.",
)
@click.option(
    "--inputs",
    "input_files",
    metavar="FILE",
    multiple=True,
    help="A YAML or JSON file of inputs; may be repeated. Later ones win, and -i and -I win over all.",
)
@click.option("--outputs", "outputs_dir", metavar="DIR", help="Also write each output to a file in this folder.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what would be sent to whom, without a key or the network; -v adds the exact request bodies.",
)
@click.option(
    "--rehearse",
    metavar="[SCRIPT]",
    is_flag=False,
    flag_value="",
    help="Let the built-in rehearsal answer: no key, no network, no cost. A YAML SCRIPT tells it what to answer.",
)
@click.option(
    "--run-id",
    "chosen_id",
    metavar="ID",
    help="The run's id: a second start with it and the same plan never pays again.",
)
@click.option("--detach", is_flag=True, help="Return once the run can be addressed; another process carries it out.")
@click.option("--wait", metavar="DURATION", help="Like --detach, and wait so long for its end at most; else exit 9.")
@click.option("--model", metavar="ID", help="The API's id for the model `normal`.")
@click.option("--ultra-model", metavar="ID", help="The API's id for the model `ultra`.")
@click.option("--base-url", metavar="URL", help="The OpenAI-compatible API, up to and including its version.")
@click.option("--api-key-env", metavar="NAME", help="The environment variable that holds the API key.")
@click.option("--api-key-file", metavar="PATH", help="The file that holds the API key.")
@click.option("--timeout", metavar="DURATION", help="What one attempt may take, from 5s to 10m, like 90s.")
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="How many calls are under way at most.")
@click.option(
    "--trust-host",
    "trust_hosts",
    metavar="HOST",
    multiple=True,
    help="A host that the playbook's own base_url may name; may be repeated.",
)
@click.option("--proxy", metavar="URL", help="The HTTP proxy for every call; none is taken from the environment.")
@click.option("--ca-file", metavar="PATH", help="Certificates to trust instead of the usual ones, as PEM.")
@click.option("--fail-fast", is_flag=True, help="Make one attempt a call, and no other.")
@options.output_format
@click.option("-q", "--quiet", is_flag=True, help="No progress; the recap only when something failed.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Tell each request as it leaves; with --dry-run the request bodies."
)
@click.option("--debug", is_flag=True, help="Tell attempts that are made again, what the API said, and stack traces.")
@options.state_dir
def command(
    *,
    playbook: str | None,
    arguments: tuple[str, ...],
    value_files: tuple[str, ...],
    input_files: tuple[str, ...],
    outputs_dir: str | None,
    dry_run: bool,
    rehearse: str | None,
    chosen_id: str | None,
    detach: bool,
    wait: str | None,
    output_format: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
    **flags: Any,
) -> Exit:
    """Run a playbook: preflight, startup, redirects.

    The outputs go to standard output, progress and the recap to standard error. With --format json standard output has
    a `launch` line as soon as the run can be addressed, and a `done` line at its end.
    """
    playbook_path, script_path = _paths(playbook, rehearse)
    stdin = Stdin()
    request = RunRequest(
        playbook_path=playbook_path,
        given=Given(_pairs(arguments, "-i"), _pairs(value_files, "-I"), input_files, stdin.read),
        flags=Flags(**flags),
        rehearse=rehearse is not None,
        script_path=script_path,
    )
    manner = Manner(output_format == "json", quiet, verbose, debug)
    prepared = prepare(request)
    _tell_beforehand(prepared, manner)
    if dry_run:
        _tell_plan(prepared, manner)
        return Exit.OK
    folder = None if outputs_dir is None else Path(outputs_dir)
    if folder is not None:
        check_folder(folder, prepared.plan)
    outputs = Outputs(prepared.plan, folder)
    state_dir = request.flags.state_dir
    if detach or wait is not None:
        apart = Apart(prepared, click.get_current_context(), chosen_id, stdin.content)
        return apart.carry_out(manner, wait, state_dir=state_dir)
    with telling(manner, prepared.warnings) as teller:
        audience = Audience(teller.hear, teller.interrupted)
        if chosen_id is None:
            finished = run(prepared, audience)
        else:
            finished = start(prepared, chosen_id, request.flags, audience, partial(ask_about_unknown, manner))
    return hand_over(finished, outputs, manner, prepared.host, state_dir=state_dir)


def _paths(playbook: str | None, rehearse: str | None) -> tuple[str, str | None]:
    """Return the playbook's and the script's path: of `--rehearse PATH` alone, the path is the playbook's."""
    path, script = (rehearse, None) if playbook is None else (playbook, rehearse)
    if not path:
        message = "no playbook is named"
        raise UsageError(message, next="overlord-run PLAYBOOK, with the path of a YAML file.")
    if path in COMMANDS and not Path(path).exists():
        message = f"'{path}' is a command, and the options of a command stand after it"
        raise UsageError(message, next=f"overlord-run {path} --help tells them.")
    return path, script or None


def _pairs(given: Sequence[str], option: str) -> tuple[tuple[str, str], ...]:
    return tuple(_pair(word, option) for word in given)


def _pair(word: str, option: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals):
        shape = "NAME=VALUE" if option == "-i" else "NAME=PATH"
        message = f"{option} takes {shape}, and what was given has no {'name' if equals else '='}"
        raise UsageError(message, next=f"Write it as {option} {shape}.")
    return name, value


class Stdin:
    """Standard input, read once, when an input asks for it; what was read is kept for a process of its own."""

    def __init__(self) -> None:
        self.content = b""

    def read(self) -> bytes:
        """Return all of it.

        Raises:
            UsageError: It is larger than an input may be.
        """
        self.content = b"" if sys.stdin is None else sys.stdin.buffer.read(INPUT_LIMIT + 1)
        if len(self.content) > INPUT_LIMIT:
            message = f"standard input is larger than {INPUT_LIMIT:,} bytes"
            raise UsageError(message, next="Make it smaller.")
        return self.content


def _tell_beforehand(prepared: Prepared, manner: Manner) -> None:
    if manner.as_json:
        return
    if prepared.warnings:
        write_note(problem_lines(prepared.warnings))
    if not manner.is_quiet:
        for note in prepared.settings.notes:
            write_note(f"note: {note}")


def _tell_plan(prepared: Prepared, manner: Manner) -> None:
    if manner.as_json:
        write_json(plan_json(prepared, with_bodies=manner.is_verbose))
    else:
        write_report(plan_text(prepared, with_bodies=manner.is_verbose))

"""Carry out the command `run`; its flags are declared in flags.py."""

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
from overlord_run.plan.targets import parse_targets
from overlord_run.settings import Flags


def carry_out(
    *,
    playbook: str | None,
    arguments: tuple[str, ...],
    value_files: tuple[str, ...],
    input_files: tuple[str, ...],
    outputs_dir: str | None,
    dry_run: bool,
    limits: tuple[str, ...],
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
    """Carry out the command `run`, with its flags as they were typed."""
    playbook_path, script_path = _paths(playbook, rehearse)
    stdin = Stdin()
    request = RunRequest(
        playbook_path=playbook_path,
        given=Given(_pairs(arguments, "-i"), _pairs(value_files, "-I"), input_files, stdin.read),
        flags=Flags(**flags),
        rehearse=rehearse is not None,
        script_path=script_path,
        limit=_limit(limits),
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


def _limit(limits: Sequence[str]) -> tuple[str, ...]:
    """Return the names that `--limit` gives, each once; one that gives none would mean all without saying so."""
    if not all(map(parse_targets, limits)):
        message = "--limit names nobody"
        raise UsageError(message, next="Write it as --limit TARGET: all, a slot, role:NAME, or several joined by ','.")
    return tuple(dict.fromkeys(name for target in limits for name in parse_targets(target)))


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

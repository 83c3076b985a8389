"""Carry out the command `run`; its flags are declared in flags.py."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from overlord_run.app.inputs import Given
from overlord_run.app.prepare import Prepared, RunRequest, prepare
from overlord_run.app.run import Finished, run
from overlord_run.cli.background import Background
from overlord_run.cli.main import COMMANDS
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import done_json, launch_json
from overlord_run.cli.report.outputs import check_folder, outputs_text, write_outputs
from overlord_run.cli.report.plan import plan_json, plan_text
from overlord_run.cli.report.problems import problem_lines
from overlord_run.cli.report.progress import Progress
from overlord_run.cli.report.recap import recap
from overlord_run.cli.streams import write_data, write_json, write_note, write_report
from overlord_run.errors import Exit, OverlordError, UsageError
from overlord_run.files import INPUT_LIMIT
from overlord_run.settings import Flags
from overlord_run.store import events as ev
from overlord_run.store.state import State

INTERRUPTED = "interrupted: nothing new is sent, and calls in flight may finish; Ctrl-C again cancels them"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a person wants to be told of a run."""

    as_json: bool
    is_quiet: bool
    is_verbose: bool
    is_debug: bool


def carry_out(
    *,
    playbook: str | None,
    arguments: tuple[str, ...],
    value_files: tuple[str, ...],
    input_files: tuple[str, ...],
    outputs_dir: str | None,
    dry_run: bool,
    rehearse: str | None,
    output_format: str,
    quiet: bool,
    verbose: bool,
    debug: bool,
    **flags: Any,
) -> Exit:
    """Carry out the command `run`, with its flags as they were typed."""
    playbook_path, script_path = _paths(playbook, rehearse)
    request = RunRequest(
        playbook_path=playbook_path,
        given=Given(_pairs(arguments, "-i"), _pairs(value_files, "-I"), input_files, _read_stdin),
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
    with Background() as background:
        finished = run(prepared, _listener(prepared, manner, background), partial(_tell_interrupt, manner, background))
    return _hand_over(prepared, finished, folder, manner, state_dir=request.flags.state_dir)


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


def _read_stdin() -> bytes:
    data = b"" if sys.stdin is None else sys.stdin.buffer.read(INPUT_LIMIT + 1)
    if len(data) > INPUT_LIMIT:
        message = f"standard input is larger than {INPUT_LIMIT:,} bytes"
        raise UsageError(message, next="Make it smaller.")
    return data


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


def _listener(prepared: Prepared, manner: Manner, background: Background) -> Callable[[ev.Event, State], None]:
    progress = Progress(
        prepared.settings.base_url, prepared.models_to_prove, verbose=manner.is_verbose, debug=manner.is_debug
    )

    def launch(event: ev.Event, state: State) -> None:
        if isinstance(event.body, ev.RunCreated):
            background.hand(partial(write_json, launch_json(state, prepared.warnings)))

    def tell(event: ev.Event, state: State) -> None:
        for line in progress.lines(event, state):
            background.hand(partial(write_note, line))

    def ignore(_event: ev.Event, _state: State) -> None:
        return

    if manner.as_json:
        return launch
    return ignore if manner.is_quiet else tell


def _tell_interrupt(manner: Manner, background: Background) -> None:
    if not (manner.as_json or manner.is_quiet):
        background.hand(partial(write_note, INTERRUPTED))


def _hand_over(
    prepared: Prepared, finished: Finished, folder: Path | None, manner: Manner, *, state_dir: str | None
) -> Exit:
    """Write the outputs and tell how the run ended; an output that cannot be written decides the exit code."""
    state, exit_code, written = finished.state, finished.exit, list[str]()
    failure: OverlordError | None = None
    outputs = state.outputs or {}
    try:
        written = [] if folder is None else write_outputs(folder, prepared.plan, outputs)
    except OverlordError as error:
        failure, exit_code = error, error.exit
    following = next_command(state, prepared.host, state_dir=state_dir)
    if manner.as_json:
        write_json(done_json(state, exit_code, next_command=following, written=written))
    else:
        if outputs:
            write_data(outputs_text(outputs))
        if not (manner.is_quiet and exit_code is Exit.OK):
            told = finished.details if manner.is_debug or state.state == "failed" else {}
            gap = "" if manner.is_quiet else "\n"
            write_note(gap + recap(state, exit_code, next_command=following, details=told, written=written))
    if failure is not None:
        raise failure
    return exit_code

"""Carry out the command `run`; its flags are declared in flags.py."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from overlord_run.app.prepare import Prepared, RunRequest, prepare
from overlord_run.cli.given import Stdin, given
from overlord_run.cli.main import COMMANDS
from overlord_run.cli.manner import Manner
from overlord_run.cli.report.problems import problem_lines
from overlord_run.cli.streams import write_note
from overlord_run.engine.base import EngineName
from overlord_run.errors import Exit, UsageError
from overlord_run.plan.targets import parse_targets
from overlord_run.settings.model import Flags


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
    record: str | None,
    replay: str | None,
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
    engine = _engine(rehearse, record, replay)
    playbook_path, script_path = _paths(playbook, rehearse)
    stdin = Stdin()
    request = RunRequest(
        playbook_path=playbook_path,
        given=given(arguments, value_files, input_files, stdin),
        flags=Flags(**flags),
        engine=engine,
        script_path=script_path,
        replay_path=replay,
        record_path=record,
        limit=_limit(limits),
    )
    manner = Manner(output_format == "json", quiet, verbose, debug)
    if dry_run:
        from overlord_run.cli.dry_run import DryRun

        return DryRun(request, output_format, manner, chosen_id).carry_out()
    _require_format_of_a_run(output_format)
    prepared = prepare(request)
    _tell_beforehand(prepared, manner)
    # The network and the event loop come with it; what cannot be planned, or is planned only, needs neither.
    from overlord_run.cli.live import Live

    live = Live.begin(prepared, request.flags, manner, chosen_id, outputs_dir)
    return live.apart(wait, stdin.content) if detach or wait is not None else live.here()


def _engine(rehearse: str | None, record: str | None, replay: str | None) -> EngineName:
    """Return what is to answer; flags that ask for two things at once, or name no file, are refused."""
    if "" in (record, replay):
        message = f"{'--record' if record == '' else '--replay'} names no file"
        raise UsageError(message, next="Write the path of a file behind it.")
    if replay is None:
        return "chat" if rehearse is None else "rehearsal"
    other = "--record" if record is not None else "--rehearse" if rehearse is not None else None
    if other is not None:
        message = f"--replay and {other} cannot both be given"
        why = "A replay sends nothing that could be recorded" if record is not None else "Only one of them can answer"
        raise UsageError(message, next=f"{why}: leave one out.")
    return "recording"


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


def _require_format_of_a_run(output_format: str) -> None:
    if output_format not in ("text", "json"):
        message = f"--format {output_format} tells of a plan, and a run prints text or json"
        raise UsageError(message, next="Add --dry-run, which sends nothing, or leave the format out.")


def _tell_beforehand(prepared: Prepared, manner: Manner) -> None:
    if manner.as_json:
        return
    if prepared.warnings:
        write_note(problem_lines(prepared.warnings))
    if not manner.is_quiet:
        for note in prepared.settings.notes:
            write_note(f"note: {note}")

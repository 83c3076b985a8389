"""Hand over what a run came to: its outputs, the recap, and the exit code."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from msgspec import Struct

from overlord_run.app.own import Finished
from overlord_run.cli.lines import write_note_lines
from overlord_run.cli.manner import Manner
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import done_json
from overlord_run.cli.report.outputs import check_folder, outputs_text, write_outputs
from overlord_run.cli.report.recap import recap
from overlord_run.cli.report.styled import Line
from overlord_run.cli.streams import write_data, write_json
from overlord_run.errors import Exit, OverlordError
from overlord_run.host import Host
from overlord_run.plan.model import Plan
from overlord_run.store.folder import RunFolder


class Outputs(Struct, frozen=True):
    """Where the outputs of a plan are written to; nowhere where there is no folder."""

    plan: Plan | None = None
    folder: Path | None = None

    @classmethod
    def into(cls, path: str | None, plan: Plan) -> Self:
        """Return the outputs of a plan, to be written into a folder that is found fit for them before a call is made.

        Raises:
            StoreError: It is not fit.
        """
        if path is None:
            return cls(plan, None)
        check_folder(Path(path), plan)
        return cls(plan, Path(path))

    @classmethod
    def of_run(cls, path: str | None, run: RunFolder) -> Self:
        """Return the outputs of a recorded run, whose plan is read only where they are written somewhere.

        Raises:
            RunNotFoundError: The run ended before it began.
            StoreError: The folder is not fit, or the run cannot be read.
        """
        if path is None:
            return cls()
        from overlord_run.app.history import inspect
        from overlord_run.app.reopen import recorded

        return cls.into(path, recorded(run, inspect(run).state.created).plan)

    def write(self, values: Mapping[str, Any]) -> list[str]:
        """Write the outputs that have a value, and return their paths."""
        return [] if self.folder is None or self.plan is None else write_outputs(self.folder, self.plan, values)


def hand_over(finished: Finished, outputs: Outputs, manner: Manner, host: Host, *, state_dir: str | None) -> Exit:
    """Write the outputs and tell how the run ended; an output that cannot be written decides the exit code."""
    state, exit_code, written = finished.state, finished.exit, list[str]()
    failure: OverlordError | None = None
    values = state.outputs or {}
    try:
        written = outputs.write(values)
    except OverlordError as error:
        failure, exit_code = error, error.exit
    following = next_command(state, host, state_dir=state_dir)
    if manner.as_json:
        write_json(done_json(state, exit_code, next_command=following, written=written))
    else:
        gap = [] if manner.is_quiet else [Line()]
        if values:
            _write_outputs(values, gap)
        if not (manner.is_quiet and exit_code is Exit.OK):
            told = finished.details if manner.is_debug or state.state == "failed" else {}
            write_note_lines([*gap, *recap(state, exit_code, next_command=following, details=told, written=written)])
    if failure is not None:
        raise failure
    return exit_code


def _write_outputs(outputs: Mapping[str, Any], gap: Sequence[Line]) -> None:
    """Write the outputs; on a terminal, where they follow the progress, with a gap between."""
    if gap and sys.stdout is not None and sys.stdout.isatty():
        write_note_lines(gap)
    write_data(outputs_text(outputs))

"""Carry a run out in a process of its own: the words that start it, and what is told of it here."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from overlord_run.app.detach import detach
from overlord_run.app.own import Audience, Finished
from overlord_run.app.prepare import Prepared
from overlord_run.app.start import require_run_id
from overlord_run.app.wait import wait
from overlord_run.cli.handing import Outputs, hand_over
from overlord_run.cli.manner import Manner
from overlord_run.cli.report.guidance import command
from overlord_run.cli.report.json import launch_json
from overlord_run.cli.streams import write_json, write_note
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit
from overlord_run.settings.timeout import duration_s
from overlord_run.store.folder import RunFolder, new_run_id

# What is done here, and not by the process of its own.
_OURS = frozenset({"rehearse", "chosen_id", "detach", "wait", "output_format", "quiet", "dry_run"})


class Apart(Struct, frozen=True):
    """A run that a process of its own carries out.

    Attributes:
        context: What click made of the words that were typed.
        chosen_id: The run's id, if the caller chose one.
        stdin: What was read of standard input for the inputs.
    """

    prepared: Prepared
    context: click.Context
    chosen_id: str | None
    stdin: bytes

    def carry_out(self, manner: Manner, wait_for: str | None, *, state_dir: str | None) -> Exit:
        """Start the run; without a wait return once it can be addressed, else when it has ended or the time is up.

        Raises:
            UnfinishedError: The time was up; the run goes on.
            OverlordError: There is no run, for the reason that is told.
        """
        wait_s = None if wait_for is None else duration_s(wait_for, "--wait")
        run_id = self.chosen_id or new_run_id(datetime.now(UTC), self.prepared.plan.name, secrets.token_hex(16))
        require_run_id(run_id)
        folder, state = detach(self.prepared.state_dir, run_id, [*self._words(run_id)], self.stdin)
        if manner.as_json:
            write_json(launch_json(state, self.prepared.warnings))
        elif not manner.is_quiet:
            write_note(f"The run {run_id} goes on in process {state.owner.pid if state.owner else 'of its own'}")
        if wait_s is None:
            if not manner.as_json:
                following = command(self.prepared.host, "wait", "--run", run_id, state_dir=state_dir)
                write_note(f"Next: {following}")
            return Exit.OK
        return self._see_it_end(folder, wait_s, manner, state_dir=state_dir)

    def _see_it_end(self, folder: RunFolder, wait_s: float, manner: Manner, *, state_dir: str | None) -> Exit:
        with telling(manner, is_launch=False) as teller:
            state, code = wait(folder, "done", wait_s, Audience(teller.hear, teller.interrupted))
        outputs_dir = self.context.params["outputs_dir"]
        # The process of its own writes them too, but maybe a moment after the run's end, which is what is seen here.
        outputs = Outputs(self.prepared.plan, None if outputs_dir is None else Path(outputs_dir))
        return hand_over(Finished(state, folder, code), outputs, manner, self.prepared.host, state_dir=state_dir)

    def _words(self, run_id: str) -> Iterator[str]:
        """Yield the command line of the process of its own: as typed, but for what is done here."""
        values = self.context.params
        yield "run"
        if self.prepared.engine == "rehearsal":
            script = self.prepared.script_file
            yield "--rehearse" if script is None else f"--rehearse={script['path']}"
        for option in self.context.command.params:
            if isinstance(option, click.Option) and option.name not in _OURS:
                yield from _typed(option, values[option.name or ""])
        yield from ("--run-id", run_id, "--format", "json", "--", self.prepared.playbook.file)


def _typed(option: click.Option, value: Any) -> Iterator[str]:
    """Yield the words that give an option its value."""
    name = option.opts[-1]
    if option.is_flag:
        yield from (name,) if value else ()
    elif option.multiple:
        for one in value:
            yield from (name, one)
    elif value is not None:
        yield from (name, str(value))

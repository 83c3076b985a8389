"""Carry a prepared run out, here or in a process of its own, and tell of it."""

from functools import partial
from typing import Self

import click
from msgspec import Struct

from overlord_run.app.own import Audience, Finished
from overlord_run.app.prepare import Prepared
from overlord_run.app.run import run
from overlord_run.cli.handing import Outputs, hand_over
from overlord_run.cli.manner import Manner
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit
from overlord_run.settings.model import Flags


class Live(Struct, frozen=True):
    """A run as it is to be carried out.

    Attributes:
        chosen_id: The run's id, if the caller chose one.
        outputs: Where they go.
    """

    prepared: Prepared
    flags: Flags
    manner: Manner
    chosen_id: str | None
    outputs: Outputs

    @classmethod
    def begin(
        cls, prepared: Prepared, flags: Flags, manner: Manner, chosen_id: str | None, outputs_dir: str | None
    ) -> Self:
        """Return it, once it is sure that its outputs could be written.

        Raises:
            StoreError: They could not.
        """
        return cls(prepared, flags, manner, chosen_id, Outputs.into(outputs_dir, prepared.plan))

    def apart(self, wait: str | None, stdin: bytes) -> Exit:
        """Leave it to a process of its own, which is handed `stdin`, and wait for what was asked for, if any."""
        from overlord_run.cli.apart import Apart

        process = Apart(self.prepared, click.get_current_context(), self.chosen_id, stdin)
        return process.carry_out(self.manner, wait, state_dir=self.flags.state_dir)

    def here(self) -> Exit:
        """Carry it out in this process, and hand over what it came to."""
        with telling(self.manner, self.prepared.warnings) as teller:
            finished = self._carried_out(Audience(teller.hear, teller.interrupted))
        return hand_over(finished, self.outputs, self.manner, self.prepared.host, state_dir=self.flags.state_dir)

    def _carried_out(self, audience: Audience) -> Finished:
        if self.chosen_id is None:
            return run(self.prepared, audience)
        from overlord_run.app.start import start
        from overlord_run.cli.decision import ask_about_unknown

        return start(self.prepared, self.chosen_id, self.flags, audience, partial(ask_about_unknown, self.manner))

"""Carry out `run --dry-run`: tell the plan, or what keeps the playbook from being planned, and send nothing."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from overlord_run.app.keeping import require_free
from overlord_run.app.prepare import Prepared, RunRequest, prepare
from overlord_run.app.validate import Validation, found_in
from overlord_run.cli.manner import Manner
from overlord_run.cli.problems import FOR_CI, note_problems, write_problems
from overlord_run.cli.report.plan.json import plan_json
from overlord_run.cli.report.plan.mermaid import mermaid
from overlord_run.cli.report.plan.text import plan_text
from overlord_run.cli.streams import write_comparable_json, write_note, write_out, write_report
from overlord_run.errors import Exit, InvalidPlaybookError


class DryRun(Struct, frozen=True):
    """A dry run as it was asked for.

    Attributes:
        output_format: What is told: the plan as `text`, `json` or `mermaid`, or in one of `FOR_CI` only the problems.
        chosen_id: The run's id, if the caller chose one.
    """

    request: RunRequest
    output_format: str
    manner: Manner
    chosen_id: str | None

    def carry_out(self) -> Exit:
        """Tell what was asked for.

        Raises:
            InvalidPlaybookError: It has problems, and a program is to be told so.
            OverlordError: It cannot be planned for another reason.
        """
        try:
            prepared = prepare(self.request)
        except InvalidPlaybookError as error:
            if self.manner.as_json:
                raise
            self._tell(found_in(self.request.playbook_path, error.problems))
            write_note(f"error: {error.message}")
            return error.exit
        if prepared.kept is not None and self.chosen_id is None:
            require_free(prepared.kept)
        if not self.manner.as_json:
            self._tell(found_in(self.request.playbook_path, prepared.warnings))
        if not self.manner.is_quiet:
            for note in prepared.settings.notes:
                write_note(f"note: {note}")
        if self.output_format in _PLANS:
            _PLANS[self.output_format](prepared, self.manner)
        return Exit.OK

    def _tell(self, found: Validation) -> None:
        """Write problems: where they are what was asked for as the data, else beside it."""
        flags = self.request.flags
        said = (("--api-key-env", flags.api_key_env), ("--api-key-file", flags.api_key_file))
        words = [word for name, value in said if value is not None for word in (name, value)]
        if self.output_format in FOR_CI:
            write_problems(found, self.output_format, words=words)
        else:
            note_problems(found, words=words)


def _text(prepared: Prepared, manner: Manner) -> None:
    write_report(plan_text(prepared, with_bodies=manner.is_verbose))


def _json(prepared: Prepared, manner: Manner) -> None:
    write_comparable_json(plan_json(prepared, with_bodies=manner.is_verbose))


def _mermaid(prepared: Prepared, _manner: Manner) -> None:
    write_out(mermaid(prepared.plan))


_PLANS: Mapping[str, Callable[[Prepared, Manner], None]] = {"text": _text, "json": _json, "mermaid": _mermaid}

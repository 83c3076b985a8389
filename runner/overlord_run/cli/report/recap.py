"""Tell at a run's end who was asked and answered, what that took, what the exit code means, and what to type next."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from overlord_run.cli.report.progress import REHEARSAL_MARK, is_rehearsal
from overlord_run.cli.report.table import table
from overlord_run.cli.report.tally import Tally, spent, tallies, tokens_told
from overlord_run.cli.report.words import indented
from overlord_run.errors import Exit
from overlord_run.store.state import State

MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done, and nothing failed",
    Exit.FAILED: "the run ended, and something failed",
    Exit.USAGE: "the command line is wrong, an input's value does not fit, or a target is unknown",
    Exit.INVALID: "the playbook or a role is invalid",
    Exit.NOT_PROVED: "key, base URL, trust or models are not proved",
    Exit.BUSY: "another process owns the run, or it must be resumed first",
    Exit.UNFINISHED: "the time was up; nothing is lost",
    Exit.UNKNOWN: "the outcome of a call is unknown; a decision is needed",
    Exit.NOT_FOUND: "there is no such run, it was released, or it is not this playbook any more",
    Exit.BUG: "the program itself failed",
    Exit.STORE: "a file of the run, or the output, cannot be read or written",
    Exit.INTERRUPTED: "interrupted; what was answered is kept",
    Exit.TERMINATED: "terminated; what was answered is kept",
}
LISTED = 20
_HEADER = ("slot", "sent", "answered", "failed", "skipped", "tokens")


def recap(
    state: State,
    exit_code: Exit,
    *,
    next_command: str,
    details: Mapping[tuple[str, str], str],
    written: Sequence[str] = (),
) -> str:
    """Return the recap.

    Args:
        state: The run's at its end.
        exit_code: What the process is about to exit with.
        next_command: What to type next.
        details: Message id and slot → what the provider said of a failure; told where it is not empty.
        written: The paths of the outputs that were written.
    """
    parts = [headline(state), servants_table(state)]
    parts += _listed("Cut at the token limit:", _cuts(state))
    parts += _listed("To look at:", _notes(state))
    parts += _listed("Not answered:", _failures(state))
    parts += _listed("Outputs without a value:", (f"{name}: {why}" for name, why in state.output_failures.items()))
    parts += _listed("Settings that won over the playbook's:", _overrides(state))
    parts += _listed("Outputs written:", written)
    parts += [
        f"The API's words on {message}, {slot}:\n{indented(said)}" for (message, slot), said in details.items() if said
    ]
    mark = " (a rehearsal: no model was asked)" if is_rehearsal(state) else ""
    record = "" if state.created is None else f"\nRecord: {state.created.run_dir}"
    parts.append(f"Exit {exit_code.value}: {MEANINGS[exit_code]}{mark}{record}\nNext: {next_command}")
    return "\n\n".join(parts)


def headline(state: State) -> str:
    """Return the run, its playbook and its state on one line."""
    if state.created is None:
        return "A run that was not begun"
    mark = REHEARSAL_MARK if is_rehearsal(state) else ""
    reason = f" ({state.reason})" if state.reason else ""
    return f"{mark}Run {state.created.run_id} of {state.created.playbook['name']}: {state.state}{reason}"


def servants_table(state: State) -> str:
    """Return a row a servant, and one for all of them where there are several."""
    found = tallies(state)
    rows = [(one.servant.slot, *map(str, _counts(one)), tokens_told(one.spent)) for one in found]
    if len(found) > 1:
        sums = [str(sum(column)) for column in zip(*map(_counts, found), strict=True)]
        rows.append(("in all", *sums, tokens_told(spent(state))))
    return table(_HEADER, rows, right=_HEADER[1:])


def _counts(tally: Tally) -> tuple[int, int, int, int]:
    return (tally.sent, tally.answered, tally.failed, tally.skipped)


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    every = list(lines)
    if not every:
        return []
    left_out = [f"and {len(every) - LISTED:,} more; the command below tells them"] if len(every) > LISTED else []
    return ["\n".join([title, *(f"  {line}" for line in [*islice(every, LISTED), *left_out])])]


def _cuts(state: State) -> Iterable[str]:
    for message in state.messages.values():
        yield from (f"{message.id}: {result.slot}" for result in message.results.values() if result.cut)


def _notes(state: State) -> Iterable[str]:
    for message in state.messages.values():
        yield from (f"{message.id}: {one.slot}: {one.note}" for one in message.results.values() if one.note)


def _failures(state: State) -> Iterable[str]:
    for message in state.messages.values():
        for result in message.results.values():
            if result.failure is not None:
                yield f"{message.id}: {result.slot} {result.state}: {result.failure}"
        if message.state == "skipped":
            yield f"{message.id}: skipped: {message.failure}"


def _overrides(state: State) -> Sequence[str]:
    return () if state.created is None else state.created.settings.get("overrides", ())

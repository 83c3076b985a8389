"""Tell which runs there are, and where one of them stands."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from overlord_run.app.exits import EXITS
from overlord_run.app.history import Inspection, RunSummary
from overlord_run.cli.report.answerer import answerer
from overlord_run.cli.report.recap import LISTED, budget_lines, headline
from overlord_run.cli.report.styled import plain
from overlord_run.cli.report.table import table
from overlord_run.cli.report.tally import cost_text, tallies, tokens_told
from overlord_run.cli.report.words import counted, indented, joined, moment
from overlord_run.store.state import Message, State

if TYPE_CHECKING:
    from overlord_run.app.status import Standing


def runs_text(runs: Sequence[RunSummary]) -> str:
    """Return a row a run; a run that cannot be read is told below the table."""
    readable = [run for run in runs if run.problem is None]
    parts = []
    if readable:
        header = ("run", "state", "playbook", "engine", "servants", "created")
        parts.append(table(header, [_run_row(run) for run in readable], right=("servants",)))
    parts += [f"{run.run_id} cannot be read: {run.problem}" for run in runs if run.problem is not None]
    return "\n".join(parts)


def _run_row(run: RunSummary) -> tuple[str, ...]:
    return (
        run.run_id,
        standing(run.state, is_owned=run.is_owned),
        run.playbook,
        run.engine,
        str(run.servants),
        moment(run.created_at),
    )


def standing(state: str, *, is_owned: bool) -> str:
    """Return a run's state, and that it was interrupted where no process carries on what has not ended."""
    return state if state in EXITS or is_owned else f"{state}, interrupted"


def status_text(standing: "Standing", *, next_command: str) -> str:
    """Return where the run, its servants and its messages stand, and which servants are not ready, and why."""
    found, state = standing.inspection, standing.state
    parts = [f"{plain([headline(state)])}\n{_whereabouts(found)}", _servants(standing)]
    if state.messages:
        parts.append(_messages(state))
    parts += [_questions(state)] if state.open_pauses else []
    parts += [_unknown(state)] if state.open_calls and not found.is_owned else []
    parts += [f"note: {note}" for note in found.notes]
    parts.append(f"Next: {next_command}")
    return "\n\n".join(parts)


def _whereabouts(found: Inspection) -> str:
    state = found.state
    owner = "no process owns it"
    if found.is_owned:
        owner = "a process owns it" if state.owner is None else f"process {state.owner.pid} owns it"
    elif not state.is_at_rest:
        owner = "interrupted: its process is gone"
    lines = [f"{answerer(state).answered}; {owner}", f"folder   {found.folder.path}"]
    lines += [f"created  {moment(state.created_at or '')}", f"updated  {moment(state.updated_at or '')}"]
    return "\n".join([*lines, *budget_lines(state.account)])


def _servants(standing: "Standing") -> str:
    """Return a row a servant, and below them each proof that fails; a ready servant has none."""
    header = ("slot", "role", "model", "state", "ready", "messages", "tokens", "cost", "last sign")
    rows = [
        (
            tally.servant.slot,
            tally.servant.role,
            tally.servant.llm_model,
            tally.servant.state,
            "yes" if _is_ready(standing, tally.servant.slot) else "no",
            str(len(tally.servant.conversation)),
            tokens_told(tally.spent),
            cost_text(tally.spent.cost),
            moment(tally.servant.last_useful_signal_at or "") or "none",
        )
        for tally in tallies(standing.state)
    ]
    faults = {slot: [proof for proof in proofs if not proof.holds] for slot, proofs in standing.proofs.items()}
    told = [
        f"{slot} is not proved ready: {'; '.join(f'{proof.name}: {proof.fault}' for proof in failing)}"
        for slot, failing in faults.items()
        if failing
    ]
    return "\n".join([table(header, rows, right=("messages", "tokens", "cost")), *told[:LISTED]])


def _is_ready(standing: "Standing", slot: str) -> bool:
    proofs = standing.proofs.get(slot, ())
    return bool(proofs) and all(proof.holds for proof in proofs)


def _messages(state: State) -> str:
    rows = [(one.id, one.target, one.state, _answered(one)) for one in state.messages.values()]
    return "\n".join([table(("message", "to", "state", "answered"), rows), *_reasons(state)])


def _answered(message: Message) -> str:
    if message.rounds:
        return counted(message.rounds, "round")
    if message.answer is not None:
        return f"by {message.answer.by}"
    if message.state == "skipped":
        return ""
    if not message.target:
        return "" if message.question is None else "not yet"
    answered = sum(result.state == "completed" for result in message.results.values())
    return f"{answered} of {sum(not result.by_design for result in message.results.values())}"


def _reasons(state: State) -> Iterable[str]:
    for message in state.messages.values():
        for result in message.results.values():
            if result.failure is not None and not result.by_design:
                yield f"{message.id}: {result.slot} {result.state}: {result.failure}"
        if message.failure is not None and (message.state == "skipped" or not message.target):
            yield f"{message.id}: {message.state}: {message.failure}"


def _questions(state: State) -> str:
    asked = [f"  {pause.id}:\n{indented(pause.question or '')}" for pause in state.open_pauses]
    return "\n".join(["Waits for a person's word:", *asked])


def _unknown(state: State) -> str:
    calls = joined([f"{message_id} to {slot}" for message_id, slot in state.open_calls])
    return f"It is not known how these calls ended, and they may have been billed: {calls}"

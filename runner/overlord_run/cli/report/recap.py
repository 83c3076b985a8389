"""Tell at a run's end who was asked and answered, what that took, what the exit code means, and what to type next."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from overlord_run.cli.report.answerer import answerer
from overlord_run.cli.report.styled import Line, Style, Styled, line, quoted
from overlord_run.cli.report.table import table
from overlord_run.cli.report.tally import Spent, Tally, cost_text, spent, tallies, tokens_told
from overlord_run.errors import Exit
from overlord_run.plan.account import Account
from overlord_run.playbook.money import LimitName, in_limit
from overlord_run.playbook.names import listed
from overlord_run.store.state import State

MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done, and nothing failed",
    Exit.FAILED: "the run ended, and something failed",
    Exit.USAGE: "the command line is wrong, an input's value does not fit, or a target is unknown",
    Exit.INVALID: "the playbook or a role is invalid",
    Exit.NOT_PROVED: "key, base URL, trust or models are not proved",
    Exit.LIMIT: "a limit of the budget was reached; what was answered is kept",
    Exit.WAITING: "the run waits for a person",
    Exit.REJECTED: "a check, or a person, said no",
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
_STYLES: Mapping[str, Style] = {
    "completed": "good",
    "partial": "notice",
    "awaiting-human": "notice",
    "failed": "bad",
    "rejected": "bad",
    "stopped": "notice",
}
_HEADER = ("slot", "sent", "answered", "failed", "skipped", "tokens", "cost")


def recap(
    state: State,
    exit_code: Exit,
    *,
    next_command: str,
    details: Mapping[tuple[str, str], str],
    written: Sequence[str] = (),
) -> list[Line]:
    """Return the recap.

    Args:
        state: The run's at its end.
        exit_code: What the process is about to exit with.
        next_command: What to type next.
        details: Message id and slot → what the provider said of a failure; told where it is not empty.
        written: The paths of the outputs that were written.
    """
    lines = [headline(state), Line(), *servants_table(state)]
    lines += [line(text) for text in budget_lines(state.account)]
    lines += _listed("Cut at the token limit:", _cuts(state))
    lines += _listed("To look at:", _notes(state))
    lines += _listed("Not answered:", _failures(state))
    lines += _listed("Failed:", _refusals(state))
    lines += _listed("Skipped:", _skipped(state))
    lines += _listed("Waits for a person's word:", _questions(state))
    lines += _listed("Outputs without a value:", (f"{name}: {why}" for name, why in state.output_failures.items()))
    lines += _listed("Settings that won over the playbook's:", _overrides(state))
    lines += _listed("Outputs written:", written)
    for (message, slot), said in details.items():
        if said:
            lines += [Line(), line(f"The API's words on {message}, {slot}:", "strong"), *quoted(said, indent=4)]
    return [*lines, Line(), *_ending(state, exit_code, next_command)]


def headline(state: State) -> Line:
    """Return the run, its playbook and its state on one line."""
    if state.created is None:
        return line("A run that was not begun")
    mark = answerer(state).mark
    marks = (Styled(mark, "faint"),) if mark else ()
    reason = f" ({state.reason})" if state.reason else ""
    run = Styled(f"Run {state.created.run_id} of {state.created.playbook['name']}: ")
    return Line((*marks, run, Styled(state.state, _STYLES.get(state.state, "")), Styled(reason)))


def servants_table(state: State) -> list[Line]:
    """Return a row a servant, and one for all of them where there are several."""
    found = tallies(state)
    rows = [(one.servant.slot, *map(str, _counts(one)), *_spent(one.spent)) for one in found]
    styles: list[Style] = ["bad" if one.failed else "notice" if one.skipped else "" for one in found]
    if len(found) > 1:
        sums = [str(sum(column)) for column in zip(*map(_counts, found), strict=True)]
        rows.append(("in all", *sums, *_spent(spent(state))))
        styles.append("strong")
    texts = table(_HEADER, rows, right=_HEADER[1:]).split("\n")
    return [line(text, style) for text, style in zip(texts, ["faint", *styles], strict=True)]


def budget_lines(account: Account) -> list[str]:
    """Return on a line each limit that a run has, and how much of it is used; nothing where there is none."""
    rows: tuple[tuple[LimitName, int, int], ...] = (
        ("usd", account.spent.nano_usd, account.possible.nano_usd + account.reserved.nano_usd),
        ("tokens", account.spent.tokens, account.possible.tokens + account.reserved.tokens),
        ("requests", account.requests, 0),
        ("time", account.elapsed_ms, 0),
    )
    return [
        f"Budget: {in_limit(name, used)} of {in_limit(name, limit)}"
        + (f", and {in_limit(name, maybe)} that may have been billed" if maybe else "")
        for name, used, maybe in rows
        if (limit := account.limits.of(name)) is not None
    ]


def _spent(told: Spent) -> tuple[str, str]:
    return tokens_told(told), cost_text(told.cost)


def _ending(state: State, exit_code: Exit, next_command: str) -> Iterable[Line]:
    style: Style = "good" if exit_code is Exit.OK else "bad"
    yield Line((Styled(f"Exit {exit_code.value}", style), Styled(f": {MEANINGS[exit_code]}{answerer(state).ending}")))
    if state.created is not None:
        yield line(f"Record: {state.created.run_dir}")
        yield from (line(f"{title}: {path}") for title, path in _recordings(state.created.settings))
    yield Line((Styled("Next: "), Styled(next_command, "strong")))


def _recordings(settings: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for title, name in (("Recorded in", "record"), ("Replayed from", "replay")):
        file = settings.get(name)
        if isinstance(file, Mapping):
            yield title, str(file.get("path"))


def _counts(tally: Tally) -> tuple[int, int, int, int]:
    return (tally.sent, tally.answered, tally.failed, tally.skipped)


def _listed(title: str, texts: Iterable[str]) -> list[Line]:
    every = list(texts)
    if not every:
        return []
    left_out = [f"and {len(every) - LISTED:,} more; the command below tells them"] if len(every) > LISTED else []
    items = [line(text, indent=2) for text in [*islice(every, LISTED), *left_out]]
    return [Line(), line(title, "strong"), *items]


def _cuts(state: State) -> Iterable[str]:
    for message in state.messages.values():
        yield from (f"{message.id}: {result.slot}" for result in message.results.values() if result.cut)


def _notes(state: State) -> Iterable[str]:
    for message in state.messages.values():
        yield from (f"{message.id}: {one.slot}: {one.note}" for one in message.results.values() if one.note)


def _failures(state: State) -> Iterable[str]:
    for message in state.messages.values():
        for result in message.results.values():
            if result.failure is not None and not result.by_design:
                yield f"{message.id}: {result.slot} {result.state}: {result.failure}"
        if message.target and message.state == "failed" and not any(one.failure for one in message.results.values()):
            yield f"{message.id}: failed: {message.failure}"


def _refusals(state: State) -> Iterable[str]:
    """Yield the checks, pauses and blocks that failed, and why."""
    failed = (one for one in state.messages.values() if one.state == "failed" and not one.target)
    return (f"{one.id}: {one.failure}" for one in failed)


def _skipped(state: State) -> Iterable[str]:
    """Yield what was not carried out or left out, and why, also where the playbook wants it so."""
    for message in state.messages.values():
        if message.state == "skipped":
            yield f"{message.id}: {message.failure}"
            continue
        left_out = [result.slot for result in message.results.values() if result.by_design]
        if left_out:
            yield f"{message.id}: its 'only' leaves out {listed(left_out)}"


def _questions(state: State) -> Iterable[str]:
    """Yield what a person is asked."""
    return (f"{pause.id}: {pause.question}" for pause in state.open_pauses)


def _overrides(state: State) -> Sequence[str]:
    return () if state.created is None else state.created.settings.get("overrides", ())

"""Compare two runs: what each servant was asked and answered, and what that took."""

from collections.abc import Iterator, Mapping
from typing import Any

from overlord_run.app.diff.compare import Comparison, Facts, Side, Subject, compare, count
from overlord_run.app.history import Inspection, find_run, inspect
from overlord_run.playbook.money import usd
from overlord_run.store.state import Result, State


def compare_runs(before: str, after: str, state_dir: str | None) -> Comparison:
    """Return how two runs differ, given their ids.

    Raises:
        RunNotFoundError: There is no such run.
        StoreError: A log cannot be read, or a line of it does not fit.
    """
    first, second = (inspect(find_run(run_id, state_dir)) for run_id in (before, after))
    one, other = facts(first.state), facts(second.state)
    return Comparison(
        Side(first.folder.run_id, run=first.state),
        Side(second.folder.run_id, run=second.state),
        compare(one, other),
        count(_results(one), _results(other)),
        (*_notes(first), *_notes(second)),
    )


def facts(state: State) -> Facts:
    """Return the facts of a run by what they are about: the run, its servants, then each message and its results.

    What differs between any two runs is none of them: ids, times, attempts.
    """
    return dict(_facts(state))


def _facts(state: State) -> Iterator[tuple[Subject, Mapping[str, Any]]]:
    created = state.created
    known = {} if created is None else {"playbook": created.playbook["name"], "engine": created.engine}
    yield Subject("run"), _told({**known, "state": state.state, "reason": state.reason})
    for servant in state.servants.values():
        yield (
            Subject("servant", slot=servant.slot),
            {
                "name": servant.name,
                "role": servant.role,
                "profile": servant.profile,
                "model": servant.llm_model,
                "state": servant.state,
            },
        )
    for message in state.messages.values():
        told = {"target": message.target, "state": message.state, "failure": message.failure}
        yield Subject("message", message.id), _told(told)
        for slot, result in message.results.items():
            yield Subject("result", message.id, slot), _result(result)


def _result(result: Result) -> Mapping[str, Any]:
    told = {
        "state": result.state,
        "failure": result.failure,
        "system": result.system,
        "prompt": result.text,
        "answer": result.reply,
        "model": result.llm_model,
        "finishReason": result.finish_reason,
        "cut": result.cut or None,
        "note": result.note or None,
        "repairs": result.repairs or None,
        "usage": _told(result.usage or {}),
        "costUsd": usd(result.cost.nano_usd) if result.cost.priced else None,
    }
    return _told(told)


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of which the log says something."""
    return {name: value for name, value in facts.items() if value is not None}


def _results(known: Facts) -> Facts:
    return {subject: of_it for subject, of_it in known.items() if subject.kind == "result"}


def _notes(found: Inspection) -> Iterator[str]:
    yield from (f"{found.folder.run_id}: {note}" for note in found.notes)
    if found.is_owned:
        yield f"{found.folder.run_id} is not over yet"

"""Give each command's result the shape that `schemas/output.schema.json` promises to programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overlord_run.cli.report import VERSION
from overlord_run.cli.report.conversation import exchanges_of
from overlord_run.cli.report.problems import problems_json
from overlord_run.cli.report.tally import Spent, Tally, spent, tallies
from overlord_run.cli.report.words import beginning, is_cut
from overlord_run.errors import Exit
from overlord_run.playbook.money import usd
from overlord_run.problem import Problem
from overlord_run.store.lease import expires_at
from overlord_run.store.registry import budget
from overlord_run.store.state import Message, Result, State

if TYPE_CHECKING:
    from overlord_run.app.history import Inspection, RunSummary
    from overlord_run.app.status import Standing
    from overlord_run.store.verify import Verification

Json = dict[str, Any]


def launch_json(state: State, warnings: Sequence[Problem] = ()) -> Json:
    """Return the line that says how a run that has just begun is addressed, and what a person would be told first."""
    created = state.created
    settings = {} if created is None else created.settings
    return {
        "type": "launch",
        **run_facts(state),
        "planDigest": None if created is None else created.plan_digest,
        "runDir": None if created is None else created.run_dir,
        "warnings": problems_json(warnings),
        "notes": list(settings.get("notes", ())),
        "overrides": list(settings.get("overrides", ())),
    }


def done_json(state: State, exit_code: Exit, *, next_command: str, written: Sequence[str] = ()) -> Json:
    """Return the line that says how a run ended; `written` are the paths of the outputs that were written."""
    return {
        "type": "done",
        **run_facts(state),
        "reason": state.reason,
        "exit": int(exit_code),
        "questions": _questions(state),
        "outputs": dict(state.outputs or {}),
        "outputFailures": dict(state.output_failures),
        "outputFiles": list(written),
        "servants": [_tally(tally) for tally in tallies(state)],
        "usage": spent_json(spent(state)),
        "budget": budget(state.account),
        "next": next_command,
    }


def runs_json(runs: Sequence["RunSummary"]) -> Json:
    """Return the runs; of one that cannot be read only its id and why."""
    return {"schemaVersion": VERSION, "runs": [_summary(run) for run in runs]}


def waited_json(state: State, goal: str, exit_code: Exit, *, next_command: str) -> Json:
    """Return what a run had come to when it was not waited for any more."""
    return {**run_facts(state), "for": goal, "exit": int(exit_code), "next": next_command}


def stopped_json(state: State, how: str, *, next_command: str) -> Json:
    """Return how a run was stopped."""
    return {**run_facts(state), "how": how, "isReleased": state.is_released, "exit": 0, "next": next_command}


def status_json(standing: "Standing", *, next_command: str) -> Json:
    """Return where a run, its servants and its messages stand, without their texts."""
    found, state = standing.inspection, standing.state
    return {
        **run_facts(state),
        "reason": state.reason,
        "isOwned": found.is_owned,
        "isReleased": state.is_released,
        "runDir": str(found.folder.path),
        "createdAt": state.created_at,
        "updatedAt": state.updated_at,
        "servants": [_standing(tally, standing) for tally in tallies(state)],
        "messages": [_message(message) for message in state.messages.values()],
        "questions": _questions(state),
        "openCalls": [{"message": message_id, "slot": slot} for message_id, slot in state.open_calls],
        "usage": spent_json(spent(state)),
        "budget": budget(state.account),
        "notes": list(found.notes),
        "next": next_command,
    }


def conversations_json(found: "Inspection", slots: Sequence[str], *, max_chars: int | None = None) -> Json:
    """Return the conversations of these slots, texts included; `path` is the file that has them whole."""
    state = found.state
    return {
        **run_facts(state),
        "path": str(found.folder.log_path),
        "servants": [
            {
                "slot": slot,
                "name": state.servants[slot].name,
                "role": state.servants[slot].role,
                "llmModel": state.servants[slot].llm_model,
                "state": state.servants[slot].state,
                "exchanges": [_exchange(message, result, max_chars) for message, result in exchanges_of(state, slot)],
            }
            for slot in slots
        ],
    }


def reply_json(found: "Inspection", message_id: str, result: Result, *, max_chars: int | None = None) -> Json:
    """Return one reply and the facts about it; `path` is the file that has it whole, in the event `seq`."""
    text = result.reply or ""
    return {
        **run_facts(found.state),
        "message": message_id,
        "slot": result.slot,
        "text": beginning(text, max_chars),
        "truncated": is_cut(text, max_chars),
        "chars": len(text),
        "path": str(found.folder.log_path),
        "seq": result.ended_seq,
        **_answer(result),
        "finishReason": result.finish_reason,
        "cut": result.cut,
        "note": result.note,
    }


def verification_json(run_id: str, found: "Verification", exit_code: Exit) -> Json:
    """Return what differs between a run's log and its other files."""
    return {
        "schemaVersion": VERSION,
        "runId": run_id,
        "differences": [{"file": one.file, "place": one.place, "message": one.message} for one in found.differences],
        "notes": list(found.notes),
        "exit": int(exit_code),
    }


def run_facts(state: State) -> Json:
    """Return what every object about a run tells of it."""
    created = state.created
    return {
        "schemaVersion": VERSION,
        "runId": None if created is None else created.run_id,
        "playbook": None if created is None else created.playbook["name"],
        "engine": None if created is None else created.engine,
        "state": state.state,
    }


def _summary(run: "RunSummary") -> Json:
    if run.problem is not None:
        return {"runId": run.run_id, "problem": run.problem}
    return {
        "runId": run.run_id,
        "playbook": run.playbook,
        "engine": run.engine,
        "state": run.state,
        "isOwned": run.is_owned,
        "servants": run.servants,
        "createdAt": run.created_at,
        "updatedAt": run.updated_at,
    }


def _tally(tally: Tally) -> Json:
    return {
        "slot": tally.servant.slot,
        "state": tally.servant.state,
        "llmModel": tally.servant.llm_model,
        "sent": tally.sent,
        "answered": tally.answered,
        "failed": tally.failed,
        "skipped": tally.skipped,
        "usage": spent_json(tally.spent),
    }


def _standing(tally: Tally, standing: "Standing") -> Json:
    servant = tally.servant
    state, proofs = standing.state, standing.proofs.get(servant.slot, ())
    return {
        **_tally(tally),
        "name": servant.name,
        "role": servant.role,
        "model": servant.model,
        "profile": servant.profile,
        "llmMessages": len(servant.conversation),
        "llmRequestId": servant.request_id,
        "lastEventAt": servant.last_event_at,
        "lastAckAt": servant.last_ack_at,
        "lastUsefulSignalAt": servant.last_useful_signal_at,
        "lastLivenessCheckAt": servant.last_check_at,
        "leaseExpiresAt": None if state.created is None else expires_at(servant, state.created),
        "isReady": bool(proofs) and all(proof.holds for proof in proofs),
        "proofs": [{"name": proof.name, "holds": proof.holds, "fault": proof.fault} for proof in proofs],
    }


def spent_json(told: Spent) -> Json:
    """Return what calls consumed and cost."""
    return {
        **told.counts,
        "tokens": told.tokens if told.told else None,
        "repliesWithoutUsage": told.untold,
        "costUsd": usd(told.cost.nano_usd) if told.cost.priced else None,
        "unpricedCalls": told.cost.unpriced,
    }


def _questions(state: State) -> list[Json]:
    return [{"id": pause.id, "text": pause.question} for pause in state.open_pauses]


def _message(message: Message) -> Json:
    return {
        "id": message.id,
        "target": message.target or None,
        "state": message.state,
        "failureReason": message.failure,
        "createdAt": message.created_at,
        "startedAt": message.started_at,
        "endedAt": message.ended_at,
        "servants": [_result(result) for result in message.results.values()],
    }


def _result(result: Result) -> Json:
    return {
        "slot": result.slot,
        "state": result.state,
        "attempts": result.attempts,
        "failureReason": result.failure,
        "finishReason": result.finish_reason,
        "cut": result.cut,
        "note": result.note,
    }


def _exchange(message: Message, result: Result, max_chars: int | None) -> Json:
    texts = {"system": result.system, "text": result.text, "reply": result.reply}
    return {
        "message": message.id,
        **{key: None if text is None else beginning(text, max_chars) for key, text in texts.items()},
        "truncated": any(is_cut(text, max_chars) for text in texts.values()),
        "chars": {key: None if text is None else len(text) for key, text in texts.items()},
        **{key: value for key, value in _result(result).items() if key != "slot"},
        **_answer(result),
    }


def _answer(result: Result) -> Json:
    return {
        "llmModel": result.llm_model,
        "requestId": result.request_id,
        "usage": None if result.usage is None else dict(result.usage),
        "costUsd": usd(result.cost.nano_usd) if result.cost.priced else None,
        "startedAt": result.started_at,
        "endedAt": result.ended_at,
    }

"""Tell what came of a message that a person sent: the replies, and why there are none."""

from collections.abc import Iterable
from typing import Any

from overlord_run.app.send import Sent
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.answerer import answerer
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.outputs import outputs_text
from overlord_run.cli.report.recap import MEANINGS
from overlord_run.cli.report.styled import Line, line
from overlord_run.cli.report.tally import cost_text
from overlord_run.cli.report.words import counted
from overlord_run.host import Host
from overlord_run.plan.pricing import tokens_of
from overlord_run.store.state import Result


def sent_text(sent: Sent) -> str:
    """Return the replies: a single one bare, several under a heading each; nothing where there is none."""
    replies = {result.slot: result.reply for result in _results(sent) if result.reply is not None}
    return outputs_text(replies) if replies else ""


def sent_recap(sent: Sent, host: Host, *, state_dir: str | None) -> list[Line]:
    """Return what became of the message, for a person."""
    mark = answerer(sent.state).mark
    lines = []
    if sent.message is not None:
        known = ", sent before: nothing was sent now" if sent.was_known else ""
        lines.append(f"{mark}{sent.message.id} to {sent.message.target}: {sent.message.state}{known}")
    else:
        lines.append(f"{mark}The new servant starts with its next message")
    lines += [f"  {fact}" for result in _results(sent) for fact in _facts(result)]
    lines.append(f"Exit {sent.exit.value}: {MEANINGS[sent.exit]}")
    lines.append(f"Next: {_next(sent, host, state_dir)}")
    return [line(text) for text in lines]


def sent_json(sent: Sent, host: Host, *, state_dir: str | None) -> dict[str, Any]:
    """Return what became of the message, for a program."""
    message = sent.message
    return {
        "schemaVersion": VERSION,
        "runId": sent.folder.run_id,
        "playbook": None if sent.state.created is None else sent.state.created.playbook["name"],
        "engine": None if sent.state.created is None else sent.state.created.engine,
        "state": sent.state.state,
        "messageId": None if message is None else message.id,
        "target": None if message is None else message.target,
        "messageState": None if message is None else message.state,
        "wasKnown": sent.was_known,
        "replies": [_result(result) for result in _results(sent)],
        "exit": int(sent.exit),
        "next": _next(sent, host, state_dir),
    }


def _next(sent: Sent, host: Host, state_dir: str | None) -> str:
    return next_command(sent.state, host, state_dir=state_dir, is_live=not sent.state.is_at_rest)


def _results(sent: Sent) -> Iterable[Result]:
    results = {} if sent.message is None else sent.message.results
    return [result for slot, result in results.items() if sent.slot in (None, slot)]


def _facts(result: Result) -> Iterable[str]:
    if result.failure is not None:
        yield f"{result.slot} {result.state}: {result.failure}"
        return
    tokens = tokens_of(result.usage or {})
    facts = [
        f"{result.slot} answered",
        "" if tokens is None else counted(tokens, "token"),
        cost_text(result.cost) if result.cost.priced else "",
        "cut at the token limit" if result.cut else "",
        result.note,
    ]
    yield ", ".join(filter(None, facts))


def _result(result: Result) -> dict[str, Any]:
    return {
        "slot": result.slot,
        "state": result.state,
        "text": result.reply,
        "failureReason": result.failure,
        "llmModel": result.llm_model,
        "requestId": result.request_id,
        "finishReason": result.finish_reason,
        "cut": result.cut,
        "usage": None if result.usage is None else dict(result.usage),
    }

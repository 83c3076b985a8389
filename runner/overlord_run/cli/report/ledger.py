"""Set the lines of a ledger in columns, without the answers' texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from overlord_run.cli.report.table import table
from overlord_run.cli.report.tally import cost_text
from overlord_run.cli.report.words import counted, moment
from overlord_run.plan.pricing import NO_COST, cost_of, tokens_of
from overlord_run.playbook.money import nano_usd

_HEADER = ("seq", "at", "message", "slot", "model", "attempts", "tokens", "cost", "outcome")


def ledger_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return a row a line."""
    return table(_HEADER, [_row(line) for line in lines], right=("seq", "attempts", "tokens", "cost"))


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(line["seq"]),
        moment(line["at"]),
        line["messageId"],
        line["slot"],
        line["model"] or "none",
        str(line["attempts"]),
        _tokens(line),
        _cost(line),
        _outcome(line),
    )


def _tokens(line: Mapping[str, Any]) -> str:
    tokens = tokens_of(line["usage"] or {})
    if tokens is not None:
        return f"{tokens:,}"
    return "0" if line["attempts"] == 0 else "unknown"


def _cost(line: Mapping[str, Any]) -> str:
    cost = line["costUsd"]
    if cost is None and line["attempts"] == 0:
        return cost_text(NO_COST)
    return cost_text(cost_of(None if cost is None else nano_usd(cost)))


def _outcome(line: Mapping[str, Any]) -> str:
    if line["responseText"] is not None:
        return f"answered, {counted(len(line['responseText']), 'character')}"
    return f"failed: {' '.join(line['errorText'].split())}"

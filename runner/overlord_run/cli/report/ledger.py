"""Set the lines of a ledger in columns, without the answers' texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from overlord_run.cli.report.table import table
from overlord_run.cli.report.tally import tokens_of
from overlord_run.cli.report.words import counted, moment

_HEADER = ("seq", "at", "message", "slot", "model", "attempts", "tokens", "outcome")


def ledger_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return a row a line."""
    return table(_HEADER, [_row(line) for line in lines], right=("seq", "attempts", "tokens"))


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(line["seq"]),
        moment(line["at"]),
        line["messageId"],
        line["slot"],
        line["model"] or "none",
        str(line["attempts"]),
        _tokens(line),
        _outcome(line),
    )


def _tokens(line: Mapping[str, Any]) -> str:
    tokens = tokens_of(line["usage"] or {})
    if tokens is not None:
        return f"{tokens:,}"
    return "0" if line["attempts"] == 0 else "unknown"


def _outcome(line: Mapping[str, Any]) -> str:
    if line["responseText"] is not None:
        return f"answered, {counted(len(line['responseText']), 'character')}"
    return f"failed: {' '.join(line['errorText'].split())}"

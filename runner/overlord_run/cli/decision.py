"""Ask a person at a terminal what becomes of calls whose outcome is not known."""

import sys
from collections.abc import Mapping

import click

from overlord_run.cli.manner import Manner
from overlord_run.cli.report.words import counted
from overlord_run.cli.streams import write_note
from overlord_run.executor.unknown import Decision

_DECISIONS: Mapping[str, Decision] = {"resend": "resend", "skip": "skip"}


def ask_about_unknown(manner: Manner, calls: list[tuple[str, str]]) -> Decision | None:
    """Return what a person decides; None for a program, and for a person who does not decide."""
    if manner.as_json or sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    write_note(f"It is not known how {counted(len(calls), 'call')} ended; sending again may be billed again:")
    for message_id, slot in calls:
        write_note(f"  {message_id} to {slot}")
    question = "Send them again, skip them (they count as failed), or stop here?"
    answer = click.prompt(question, type=click.Choice([*_DECISIONS, "stop"]), err=True)
    return _DECISIONS.get(answer)

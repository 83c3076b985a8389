"""Tell what was found of each thing that a run needs, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from overlord_run.app.doctor import Check
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.words import counted
from overlord_run.errors import Exit


def checks_text(checks: Sequence[Check]) -> str:
    """Return a line a check, under it what to do, and last whether a run against the API can begin."""
    states, names = (
        max(len(word) for word in words) for words in zip(*((c.state, c.name) for c in checks), strict=True)
    )
    lines = []
    for check in checks:
        head = f"{check.state:{states}}  {check.name:{names}}  "
        lines.append(head + " ".join(check.message.split()))
        lines += [f"{' ' * len(head)}{check.next}"] if check.next else []
    return "\n".join([*lines, "", _conclusion(checks)])


def checks_json(checks: Sequence[Check], exit_code: Exit) -> dict[str, Any]:
    """Return the checks in the order in which they were made."""
    told = [{"name": one.name, "state": one.state, "message": one.message, "next": one.next} for one in checks]
    return {"schemaVersion": VERSION, "checks": told, "exit": int(exit_code)}


def _conclusion(checks: Sequence[Check]) -> str:
    stopping = [check.name for check in checks if check.stops_a_run]
    if not stopping:
        return "A run against the API can begin."
    things = counted(len(stopping), "thing")
    return (
        f"A run against the API needs {things} set right: {', '.join(stopping)}.\n"
        "A rehearsal needs no key and no API: overlord-run PLAYBOOK --rehearse"
    )

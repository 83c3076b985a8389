"""Give what `diff` found the shape that `schemas/output.schema.json` promises to programs."""

from overlord_run.app.diff.compare import ABSENT, Change, Comparison, Side
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.json import Json, run_facts, spent_json
from overlord_run.cli.report.tally import spent
from overlord_run.cli.report.words import beginning, is_cut
from overlord_run.errors import Exit


def comparison_json(found: Comparison, exit_code: Exit, *, max_chars: int | None = None) -> Json:
    """Return how two runs, or what two playbooks would send, differ."""
    return {
        "schemaVersion": VERSION,
        "before": _side(found.before),
        "after": _side(found.after),
        "counts": dict(found.counts),
        "differences": [
            {
                "kind": difference.subject.kind,
                "name": difference.subject.name or None,
                "slot": difference.subject.slot or None,
                "outcome": difference.outcome,
                "changes": [_change(change, max_chars) for change in difference.changes],
            }
            for difference in found.differences
        ],
        "notes": list(found.notes),
        "exit": int(exit_code),
    }


def _side(side: Side) -> Json:
    if side.run is None:
        return {"label": side.label, "exists": side.exists}
    known = {key: value for key, value in run_facts(side.run).items() if key != "schemaVersion"}
    return {"label": side.label, "exists": True, **known, "usage": spent_json(spent(side.run))}


def _change(change: Change, max_chars: int | None) -> Json:
    values = {key: value for key, value in (("before", change.before), ("after", change.after)) if value is not ABSENT}
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    told: Json = {"fact": change.fact, **values, **{key: beginning(text, max_chars) for key, text in texts.items()}}
    if texts:
        told["truncated"] = any(is_cut(text, max_chars) for text in texts.values())
        told["chars"] = {key: len(text) for key, text in texts.items()}
    return told

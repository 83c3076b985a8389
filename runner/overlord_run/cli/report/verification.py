"""Tell what a run's files differ in from what its log says."""

from overlord_run.cli.report.words import counted
from overlord_run.store.verify import Verification


def verification_text(run_id: str, found: Verification) -> str:
    """Return each difference on a line, or that there is none."""
    lines = [str(difference) for difference in found.differences]
    lines += [f"note: {note}" for note in found.notes]
    if found.differences:
        lines.append(f"{run_id}: {counted(len(found.differences), 'difference')}")
    else:
        lines.append(f"{run_id}: the log is whole, and every view is what it says")
    return "\n".join(lines)

"""Tell what became of packs and their locks, as lines for people and as JSON values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from overlord_run.app.diff.texts import unified
from overlord_run.app.roles.fetch import Fetched
from overlord_run.app.roles.lock import Locking
from overlord_run.app.roles.update import Move, TextChange, Update
from overlord_run.app.roles.verify import Seen, Verification
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.problems import problems_json
from overlord_run.cli.report.styled import Line, Style, line
from overlord_run.cli.report.table import table
from overlord_run.cli.report.words import counted
from overlord_run.playbook.names import shown
from overlord_run.playbook.repository import SHORT
from overlord_run.roles.commands import update
from overlord_run.roles.lock import LockedPack

_STYLES: Mapping[str, Style] = {"+": "good", "-": "bad", "@": "busy"}


def locking_text(done: Sequence[Locking], *, frozen: bool) -> str:
    """Return each entry on a line, and what was written."""
    parts = []
    for one in done:
        rows = [(entry.pack, step, *_facts(entry)) for entry, step in one.steps]
        parts += [table(("pack", "", "rev", "commit", "files"), rows, right=["files"])] if rows else []
        if not one.steps:
            parts.append(f"{one.file}: no playbook declares a pack, so there is nothing to lock")
        elif one.written:
            parts.append(f"Wrote {one.file}")
        else:
            parts.append(f"{one.file} {'is what it would be' if frozen else 'stays as it is'}")
    return "\n".join(parts)


def locking_json(done: Sequence[Locking]) -> dict[str, Any]:
    """Return each lock with its entries."""
    locks = [
        {
            "file": one.file,
            "written": one.written,
            "packs": [{"step": step, **_entry_json(entry)} for entry, step in one.steps],
        }
        for one in done
    ]
    return {"schemaVersion": VERSION, "locks": locks}


def fetched_text(done: Sequence[Fetched]) -> str:
    """Return each entry on a line."""
    if not done:
        return "The lock names no pack: there is nothing to fetch"
    rows = [(one.entry.pack, "fetched" if one.is_new else "was here", *_facts(one.entry)) for one in done]
    return table(("pack", "", "rev", "commit", "files"), rows, right=["files"])


def fetched_json(done: Sequence[Fetched]) -> dict[str, Any]:
    """Return each entry, and whether it had to be fetched."""
    packs = [{"lock": one.file, "fetched": one.is_new, **_entry_json(one.entry)} for one in done]
    return {"schemaVersion": VERSION, "packs": packs}


def update_lines(found: Update) -> list[Line]:
    """Return what an update changes: of each pack where it moves, then the texts, as a diff that is not ours to read.

    Every line of a text begins with a blank, `-`, `+` or `@`, so that none can pass for one of ours.
    """
    lines: list[Line] = []
    for move in found.moves:
        lines.append(line(_moved(move), "strong"))
        lines += [line(f"  {warning}", "notice") for warning in _warnings(move)]
        for change in move.texts:
            lines += _diff(move, change)
    lines += [line(f"{edit.file} names the new revision") for edit in found.edits]
    return lines


def update_json(found: Update, *, written: bool) -> dict[str, Any]:
    """Return what an update changes, texts and all."""
    packs = [
        {
            "pack": move.after.pack,
            "git": move.after.git,
            "path": move.after.path,
            "rev": {"before": move.before.rev, "after": move.after.rev},
            "kind": move.after.kind,
            "commit": {"before": move.before.commit, "after": move.after.commit},
            "history": move.history,
            "texts": [{"path": one.path, "before": one.before, "after": one.after} for one in move.texts],
        }
        for move in found.moves
    ]
    return {
        "schemaVersion": VERSION,
        "lock": str(found.folder.lock_path),
        "written": written,
        "playbooks": [edit.file for edit in found.edits],
        "packs": packs,
    }


def packs_verified_text(found: Verification) -> str:
    """Return what the revisions are now, and how many entries were compared."""
    lines = [_told(seen) for seen in found.seen]
    count = counted(len(found.entries), "locked pack")
    wrong = counted(len(found.problems), "problem")
    lines.append(f"{count} compared: {wrong if found.problems else 'all is as it was locked'}")
    return "\n".join(lines)


def packs_verified_json(found: Verification) -> dict[str, Any]:
    """Return what was compared, and all that differs."""
    return {
        "schemaVersion": VERSION,
        "packs": [{"lock": file, **_entry_json(entry)} for file, entry in found.entries],
        "problems": problems_json(found.problems),
        "revisions": [
            {
                "lock": seen.file,
                "pack": seen.entry.pack,
                "rev": seen.entry.rev,
                "kind": seen.entry.kind,
                "state": seen.state,
                "commit": seen.commit or None,
                "reason": seen.refusal and seen.refusal.reason,
                "retryable": seen.refusal is not None and seen.refusal.retryable,
            }
            for seen in found.seen
        ],
        "exit": int(found.exit_code),
    }


def _facts(entry: LockedPack) -> tuple[str, str, str]:
    return (f"{entry.kind} {entry.rev}", entry.commit[:SHORT], str(len(entry.files)))


def _entry_json(entry: LockedPack) -> dict[str, Any]:
    return {
        "pack": entry.pack,
        "git": entry.git,
        "rev": entry.rev,
        "path": entry.path,
        "kind": entry.kind,
        "commit": entry.commit,
        "files": dict(entry.files),
    }


def _moved(move: Move) -> str:
    before, after = move.before, move.after
    name = f"{after.pack}: {after.kind} {after.rev}"
    if before.commit == after.commit and before.rev == after.rev:
        return f"{name} stays at {after.commit[:SHORT]}"
    was = "" if before.rev == after.rev else f"{before.rev} "
    return f"{name} moves from {was}{before.commit[:SHORT]} to {after.commit[:SHORT]}"


def _warnings(move: Move) -> Iterator[str]:
    before, after = move.before, move.after
    if before.rev == after.rev and before.kind != after.kind:
        yield f"it was a {before.kind}, and is a {after.kind} now"
    elif move.history != "same" and before.rev == after.rev and after.kind == "tag":
        yield "a tag is not meant to move: ask its author why this one did"
    if move.history == "rewritten":
        yield f"its history was rewritten: {before.commit[:SHORT]} is no part of it any more"
    if move.history != "same" and not move.texts:
        yield "no text that is read changes"


def _diff(move: Move, change: TextChange) -> Iterator[Line]:
    before = f"--- {move.before.pack}/{change.path} at {move.before.commit[:SHORT]}"
    after = f"+++ {move.after.pack}/{change.path} at {move.after.commit[:SHORT]}"
    if change.before is None:
        is_lost = change.path in move.before.files
        before = f"--- {'a text that cannot be had any more' if is_lost else 'not read before'}"
    if change.after is None:
        after = "+++ not read any more"
    yield line(before, "bad")
    yield line(after, "good")
    for text in unified(change.before or "", change.after or ""):
        yield line(text, _STYLES.get(text[0], ""))


def _told(seen: Seen) -> str:
    entry = seen.entry
    name = f"{entry.pack}: {entry.kind} {shown(entry.rev)}"
    if seen.state == "gone":
        return f"{name} is not in the repository any more; what is locked still runs, at {entry.commit[:SHORT]}"
    if seen.refusal is not None:
        remedy = seen.refusal.remedy.removesuffix(".")
        return f"{name} cannot be asked for: {seen.refusal.reason} ({remedy[0].lower()}{remedy[1:]})"
    if seen.state == "same":
        return f"{name} is still {entry.commit[:SHORT]}"
    why = ", and a tag is not meant to move" if entry.kind == "tag" else ""
    return (
        f"{name} is {seen.commit[:SHORT]} now, and {entry.commit[:SHORT]} is locked{why}; "
        f"{update(entry.pack, seen.file)} --dry-run shows what would change"
    )

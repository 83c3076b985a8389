"""Tell how two runs, or what two playbooks would send, differ: as lines like those of git, and as Markdown.

Whatever is somebody else's begins with a blank, `-` or `+`, or stands as one JSON text behind a name of ours; so no
line of it can pass for one of ours, and the whole can be coloured by what knows diffs. Nothing in it tells a time or a
path of this machine. What is the same is counted and not listed.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from overlord_run.app.diff.compare import ABSENT, Change, Comparison, Difference, Outcome, Side
from overlord_run.app.diff.texts import unified
from overlord_run.cli.report.answerer import answerer
from overlord_run.cli.report.styled import Line, Style, Styled, line, plain
from overlord_run.cli.report.tally import cost_text, spent, tokens_told
from overlord_run.cli.report.words import counted, joined

MOST_CHARS = 10_000
"""What is shown of one text's difference, unless another bound is asked for."""

MOST_MARKDOWN = 60_000
"""What is shown in all as Markdown. Source: a comment on GitHub takes 65,536 characters."""

MOST_SLOTS = 12
"""How many servants are named in one title."""

_SHORT = 60
# A text that nobody takes for a number, for true, false or null.
_BARE = re.compile(r"(?!(?:true|false|null)\Z)[A-Za-z][\w.:/+-]*", re.ASCII)
_BACKTICKS = re.compile(r"`+")
_USAGE = "usage."
_PROMPT = frozenset({"system", "prompt"})
_SAID = _PROMPT | {"answer"}
_OUTCOMES: Mapping[bool, Mapping[str, str]] = {
    False: {"changed": "changed", "added": "new", "removed": "gone"},
    True: {"changed": "changed", "added": "only in the second run", "removed": "only in the first run"},
}
_STYLES: Mapping[str, Style] = {"+": "good", "-": "bad", "@": "busy"}


def comparison_lines(found: Comparison, *, max_chars: int | None = None) -> list[Line]:
    """Return what differs, and in the last line how much does."""
    if not found.differences:
        return [line(_summary(found))]
    return [*_body(found, max_chars), Line(), line(_summary(found), "strong")]


def comparison_markdown(found: Comparison, *, max_chars: int | None = None) -> str:
    """Return the same for a comment: the summary first, the rest in one fence that nothing in it can end."""
    if not found.differences:
        return f"{_summary(found)}\n"
    text = plain(_body(found, max_chars))
    if len(text) > MOST_MARKDOWN:
        text = text[:MOST_MARKDOWN].rpartition("\n")[0] + f"\n(cut: {MOST_MARKDOWN:,} of {len(text):,} characters)"
    fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    return f"{_summary(found)}\n\n{fence}diff\n{text}\n{fence}\n"


def _body(found: Comparison, max_chars: int | None) -> list[Line]:
    lines = [line(f"--- {_side(found.before)}", "bad"), line(f"+++ {_side(found.after)}", "good")]
    for section, slots in _sections(found.differences, MOST_CHARS if max_chars is None else max_chars).items():
        title = _title(section, _named(slots), of_runs=found.before.run is not None)
        lines += [Line(), line(title, "strong"), *section.lines]
    return lines


def _side(side: Side) -> str:
    if side.run is not None:
        return f"{side.label}{answerer(side.run).ending}"
    return f"{side.label}{'' if side.exists else ', which does not exist'}"


class _Section(NamedTuple):
    """What differs about a message, or about servants; alike for all that it stands for.

    Attributes:
        prompt: Of a result that both runs have, whether the prompt was another one, in words; else nothing.
    """

    kind: str
    name: str
    outcome: Outcome
    prompt: str
    lines: tuple[Line, ...]


def _sections(differences: Iterable[Difference], max_chars: int) -> Mapping[_Section, list[str]]:
    """Return each difference once, with the slots that it is about."""
    found: dict[_Section, list[str]] = {}
    parted: set[str] = set()
    for difference in differences:
        kind, name, slot = difference.subject
        prompt = _prompt(difference, parted)
        told = prompt if kind == "result" and difference.outcome == "changed" else ""
        lines = tuple(_changes(difference, max_chars))
        found.setdefault(_Section(kind, name, difference.outcome, told, lines), []).append(slot)
    return found


def _prompt(difference: Difference, parted: set[str]) -> str:
    """Say whether a servant was asked the same; `parted` are those of which something before was not, and grows."""
    slot, facts = difference.subject.slot, {change.fact for change in difference.changes}
    is_first = slot not in parted
    if facts & _SAID:
        parted.add(slot)
    if facts & _PROMPT:
        return "another prompt"
    return "the same prompt" if is_first else "the same prompt in another conversation"


def _named(slots: Sequence[str]) -> str:
    """Return slots one behind the other; of very many the first ones, and how many more there are."""
    more = f" and {len(slots) - MOST_SLOTS:,} more" if len(slots) > MOST_SLOTS else ""
    return ", ".join(slots[:MOST_SLOTS]) + more


def _title(section: _Section, slots: str, *, of_runs: bool) -> str:
    name = {
        "servant": f"servant {slots}",
        "message": f"message {section.name}",
        "request": f"{section.name} to {slots}",
        "result": f"{section.name} to {slots}",
        "output": f"output {section.name}",
    }.get(section.kind, section.kind)
    if section.outcome != "changed":
        return f"{name}: {_OUTCOMES[of_runs][section.outcome]}"
    return f"{name}: {section.prompt}" if section.prompt else name


def _changes(difference: Difference, max_chars: int) -> Iterator[Line]:
    """Yield what differs; of what is gone, nothing more than that."""
    if difference.outcome == "removed":
        return
    is_new = difference.outcome == "added"
    for change in difference.changes:
        if not change.fact.startswith(_USAGE):
            yield from _change(change, max_chars, is_new=is_new)
    used = [change for change in difference.changes if change.fact.startswith(_USAGE)]
    if used:
        steps = [f"{change.fact.removeprefix(_USAGE)} {_step(change, is_new=is_new)}" for change in used]
        yield line(f"usage: {', '.join(steps)}")


def _change(change: Change, max_chars: int, *, is_new: bool) -> Iterator[Line]:
    step = _step(change, is_new=is_new)
    if len(step) <= _SHORT and not any(isinstance(one, str) and "\n" in one for one in (change.before, change.after)):
        yield line(f"{change.fact}: {step}")
        return
    yield line(change.fact)
    shown = 0
    lines = unified(_text(change.before), _text(change.after))
    for text in lines:
        room = max_chars - shown
        shown += len(text)
        if room > 0:
            yield Line((Styled(text[:room], _STYLES.get(text[0], "")),))
    if shown > max_chars:
        yield line(f"(cut: {max_chars:,} of {counted(shown, 'character')})", "faint")


def _step(change: Change, *, is_new: bool) -> str:
    """Return the values before and after; of what is new as a whole, the value alone."""
    return _value(change.after) if is_new else f"{_value(change.before)} -> {_value(change.after)}"


def _value(value: Any) -> str:
    if value is ABSENT:
        return "not set"
    if isinstance(value, str) and _BARE.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> str:
    """Return a value as lines: a text as it is, a list with an item a line."""
    if value is ABSENT or value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(json.dumps(item, ensure_ascii=False) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _summary(found: Comparison) -> str:
    """Return how many requests or results are the same, and how many are not, in a sentence."""
    runs = [side.run for side in (found.before, found.after) if side.run is not None]
    total = counted(sum(found.counts.values()), "result" if runs else "request")
    words = {**_OUTCOMES[bool(runs)], "same": "the same"}
    parts = [f"{found.counts[outcome]:,} {word}" for outcome, word in words.items() if found.counts[outcome]]
    sentence = f"{total}: {joined(parts)}" if found.differences else f"Nothing differs in {total}"
    totals = [spent(run) for run in runs]
    tokens, costs = dict.fromkeys(map(tokens_told, totals)), dict.fromkeys(cost_text(one.cost) for one in totals)
    told = f" Tokens: {' -> '.join(tokens)}. Cost: {' -> '.join(costs)}." if totals else ""
    return f"{sentence}.{told}"

"""Draw a plan as a flowchart in Mermaid's language, which GitHub, GitLab and many editors show as a picture.

A full line is order, a dotted one says who reads whose replies. What a servant is told is not in it, only who is asked.
Mermaid draws so many edges and characters and no more: of a larger plan the first redirects are drawn, and it is said
how many more there are.

Source: Mermaid, "Flowcharts - Basic Syntax", and `maxEdges` and `maxTextSize` in its configuration's schema.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

from msgspec import Struct

from overlord_run.cli.report.plan.labels import label, some
from overlord_run.cli.report.words import counted
from overlord_run.plan.flow import Edge, edges
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedMessage, PlannedPause, PlannedRedirect

MOST_EDGES = 500
MOST_CHARS = 50_000
MOST_BOXES = 12
"""How many boxes of servants are drawn, and how many of outputs."""

_FEWER = (100, 50, 25, 12, 6)
"""How many redirects are drawn where all do not fit; the last always fits."""

_CONDITIONS = frozenset({"when", "only", "check", "until"})


def mermaid(plan: Plan) -> str:
    """Return the flowchart, which ends with a newline."""
    ids = [redirect.id for redirect in plan.every_redirect()]
    read = list(edges(plan))
    picture = ""
    for most in (len(ids), *(fewer for fewer in _FEWER if fewer < len(ids))):
        lines, count = _Pen(plan, read, frozenset(ids[:most]), left_out=len(ids) - most).picture()
        picture = "\n".join(["flowchart TD", *(f"  {line}" for line in lines)]) + "\n"
        if count <= MOST_EDGES and len(picture) <= MOST_CHARS:
            break
    return picture


class _Box(Struct, frozen=True):
    """Servants of one role and one model: a box in the picture."""

    name: str
    role: str
    model: str
    slots: Sequence[str]


class _Pen(Struct, frozen=True):
    """Draws a plan.

    Attributes:
        read: Who reads whose replies.
        drawn: The ids of the redirects that are drawn.
        left_out: How many are not.
    """

    plan: Plan
    read: Sequence[Edge]
    drawn: Set[str]
    left_out: int

    def picture(self) -> tuple[list[str], int]:
        """Return the lines of the flowchart, and how many of them are edges."""
        boxes = _boxes(self.plan)
        blocks = [line for redirect in self.plan.redirects for line in self._block(redirect)]
        nodes = [*blocks, *_servants(self.plan, boxes), *self._steps(), *self._outputs()]
        lines = [*self._beginnings(boxes), *self._order(), *self._reads()]
        return nodes + lines, len(lines)

    def _steps(self) -> Iterator[str]:
        if self.plan.targets[STARTUP]:
            yield _node(STARTUP, "([", "])", ["startup", f"to {some(self.plan.targets[STARTUP])}"])
        for redirect in self.plan.redirects:
            yield from self._step(redirect)
        if self.left_out:
            yield _node("rest", "[", "]", [f"and {counted(self.left_out, 'more redirect')}"])

    def _block(self, redirect: PlannedRedirect) -> Iterator[str]:
        """Yield a block. It stands first: Mermaid then takes the line to the next round for the one that leads back."""
        if isinstance(redirect, PlannedBlock) and redirect.id in self.drawn:
            title = ", ".join([f"{redirect.id}: {_rounds(redirect)}", *_when(redirect)])
            yield f"subgraph {_name(redirect.id)}[{label([title])}]"
            yield from (f"  {line}" for each in redirect.redirects for line in self._step(each))
            yield "end"

    def _step(self, redirect: PlannedRedirect) -> Iterator[str]:
        if redirect.id not in self.drawn:
            return
        name, when = _name(redirect.id), _when(redirect)
        match redirect:
            case PlannedMessage():
                yield _node(name, "[", "]", [redirect.id, *_asked(redirect), *when])
            case PlannedCheck():
                yield _node(name, "{", "}", [redirect.id, f"check {redirect.check.source}", *when])
            case PlannedPause():
                yield _node(name, "{{", "}}", [redirect.id, "waits for a person", *when])

    def _outputs(self) -> Iterator[str]:
        if not self.plan.outputs:
            yield _node("out", "[/", "/]", ["output"])
        for number, output in enumerate(self.plan.outputs[:MOST_BOXES], 1):
            yield _node(f"out{number}", "[/", "/]", [f"output {output.name}"])
        if len(self.plan.outputs) > MOST_BOXES:
            yield _node("out", "[/", "/]", [f"and {counted(len(self.plan.outputs) - MOST_BOXES, 'more output')}"])

    def _beginnings(self, boxes: Iterable[_Box]) -> Iterator[str]:
        """Yield a line from each box of servants to the first message that asks one of them."""
        for box in boxes:
            mine = frozenset(box.slots)
            first = next((one for one, slots in self.plan.targets.items() if not mine.isdisjoint(slots)), None)
            if first is not None and self._is_drawn(first):
                yield f"{box.name} --- {_name(first)}"

    def _order(self) -> Iterator[str]:
        """Yield what comes after what; in a block also that a round follows on a round."""
        drawn = [redirect for redirect in self.plan.redirects if redirect.id in self.drawn]
        yield from self._level(drawn, [STARTUP] if self.plan.targets[STARTUP] else [])
        for block in drawn:
            if isinstance(block, PlannedBlock):
                inside = [each for each in block.redirects if each.id in self.drawn]
                yield from self._level(inside, [])
                if block.repeat.max > 1 and inside:
                    yield f"{_name(inside[-1].id)} -->|{label(['next round'])}| {_name(inside[0].id)}"
        if self.left_out:
            yield f"{_name(drawn[-1].id)} --> rest"

    def _level(self, redirects: Iterable[PlannedRedirect], start: Sequence[str]) -> Iterator[str]:
        for redirect in redirects:
            for earlier in redirect.after or start:
                why = f"|{label(['needs'])}|" if earlier in redirect.needs else ""
                yield f"{_name(earlier)} -->{why} {_name(redirect.id)}"

    def _reads(self) -> Iterator[str]:
        """Yield a line for each reader and each message that it reads, whatever parts of it do so."""
        found: dict[tuple[str, str, bool], list[Edge]] = {}
        outputs = {output.name: f"out{number}" for number, output in enumerate(self.plan.outputs[:MOST_BOXES], 1)}
        for edge in self.read:
            reader = outputs.get(edge.reader, "") if edge.kind == "output" else self._reader(edge)
            if reader and self._is_drawn(edge.message):
                found.setdefault((edge.message, reader, edge.previous), []).append(edge)
        for (message, reader, _), parts in found.items():
            yield f"{_name(message)} -.->|{label([self._whose(message, parts)])}| {reader}"
        if not self.plan.outputs and self._is_drawn(self.plan.last):
            yield f"{_name(self.plan.last)} -.->|{label(['replies'])}| out"

    def _reader(self, edge: Edge) -> str:
        """Return who reads; nothing where that is not drawn, or is a block whose own redirects it looks at.

        No line can lead from a box to what stands around it; its title says until when it goes on.
        """
        block = self.plan.block_of.get(edge.message)
        is_around = block is not None and block.id == edge.reader
        return "" if is_around or edge.reader not in self.drawn else _name(edge.reader)

    def _whose(self, message: str, parts: Sequence[Edge]) -> str:
        asked, read = self.plan.targets[message], {slot for edge in parts for slot in edge.of}
        whose = "" if read.issuperset(asked) else f" of {some([slot for slot in asked if slot in read])}"
        before = " of the round before" if parts[0].previous else ""
        decide = " decide" if _CONDITIONS.issuperset(edge.part for edge in parts) else ""
        return f"replies{whose}{before}{decide}"

    def _is_drawn(self, message_id: str) -> bool:
        return message_id in self.drawn or (message_id == STARTUP and bool(self.plan.targets[STARTUP]))


def _boxes(plan: Plan) -> list[_Box]:
    found: dict[tuple[str, str], list[str]] = {}
    for servant in plan.servants:
        found.setdefault((servant.role, plan.models[servant.model].id), []).append(servant.slot)
    return [_Box(f"servants{number}", *key, slots) for number, (key, slots) in enumerate(found.items(), 1)][:MOST_BOXES]


def _servants(plan: Plan, boxes: Sequence[_Box]) -> Iterator[str]:
    title = f"{plan.name}: {counted(len(plan.servants), 'servant')}"
    yield f"subgraph servants[{label([title])}]"
    for box in boxes:
        yield "  " + _node(box.name, "[[", "]]", [some(box.slots), f"{box.role}, {box.model}"])
    shown = sum(len(box.slots) for box in boxes)
    if shown < len(plan.servants):
        yield "  " + _node("others", "[[", "]]", [f"and {counted(len(plan.servants) - shown, 'more servant')}"])
    yield "end"


def _asked(message: PlannedMessage) -> list[str]:
    named = some(message.targets)
    to = f"to {message.to}" if message.to == named else f"to {message.to}: {named or 'nobody'}"
    return [to, *([] if message.only is None else [f"only {message.only.source}"])]


def _rounds(block: PlannedBlock) -> str:
    repeat = block.repeat
    if repeat.max == 1:
        return "one round"
    until = "" if repeat.until is None else f" at most, until {repeat.until.source}"
    return f"{repeat.max:,} rounds{until}"


def _when(redirect: PlannedRedirect) -> list[str]:
    return [] if redirect.when is None else [f"when {redirect.when.source}"]


def _name(message_id: str) -> str:
    """Return what a step is called in the picture; by itself an id may be a word of the language, like `end`."""
    return STARTUP if message_id == STARTUP else f"r_{message_id}"


def _node(name: str, opening: str, closing: str, lines: Sequence[str]) -> str:
    return f"{name}{opening}{label(lines)}{closing}"

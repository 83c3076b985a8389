"""Say who reads whose replies in a plan, as far as that can be known before the first call."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from overlord_run.plan.language.templates import MAPPING_METHODS
from overlord_run.plan.model import Plan, PlannedOutput
from overlord_run.plan.reads import paths
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedMessage, PlannedPause, PlannedRedirect
from overlord_run.playbook.texts import Text

ReaderKind = Literal["message", "check", "pause", "block", "output"]
Part = Literal["when", "message", "only", "check", "pause", "until", "value", "text"]
_Parts = Iterable[tuple[Part, Text | None]]
_EXPRESSIONS = frozenset({"when", "only", "check", "until", "value"})


class Edge(Struct, frozen=True):
    """One part of a redirect, or of an output, that reads the replies to one message.

    Attributes:
        reader: The redirect's id, or the output's name.
        part: The key of the playbook that reads; only `message` puts what it reads before a servant.
        slots: The servants whom the reader asks; nobody where it asks none.
        message: The id of the message whose replies are read, `startup` among them.
        of: The servants whose replies these are. Where a template works out whose, they are all who were asked; one
            that reads only a servant who is not in the plan has none.
        previous: Whether they are those of the round before.
    """

    reader: str
    kind: ReaderKind
    part: Part
    slots: tuple[str, ...]
    message: str
    of: tuple[str, ...]
    previous: bool


def edges(plan: Plan) -> Iterator[Edge]:
    """Yield who reads whose replies, in the plan's order; of a reader part by part, and by what it reads."""
    order = {message: number for number, message in enumerate(plan.targets)}
    readers: Sequence[PlannedRedirect | PlannedOutput] = (*plan.every_redirect(), *plan.outputs)
    for reader in readers:
        yield from _Reader(plan, order, reader).edges()


class _Reader(Struct, frozen=True):
    plan: Plan
    order: Mapping[str, int]
    reader: PlannedRedirect | PlannedOutput

    def edges(self) -> Iterator[Edge]:
        name = self.reader.name if isinstance(self.reader, PlannedOutput) else self.reader.id
        kind: ReaderKind = "output" if isinstance(self.reader, PlannedOutput) else self.reader.kind
        slots = self.reader.targets if isinstance(self.reader, PlannedMessage) else ()
        for part, text in _parts(self.reader):
            if text is None:
                continue
            for root in ("replies", "previous"):
                for message, of in self._read(text, root, bare=part in _EXPRESSIONS).items():
                    yield Edge(name, kind, part, slots, message, of, previous=root == "previous")

    def _read(self, text: Text, root: str, *, bare: bool) -> dict[str, tuple[str, ...]]:
        """Return the ids of the messages whose replies a template reads, in the plan's order, with whose these are."""
        named: dict[str, set[str]] = {}
        for path in paths(text, root, bare=bare):
            if path[1:2] and path[1] in self.plan.targets:
                named.setdefault(path[1], set()).update(self._slots(path))
            else:
                for message in self._all(root):
                    named.setdefault(message, set()).update(self.plan.targets[message])
        return {
            message: tuple(slot for slot in self.plan.targets[message] if slot in named[message])
            for message in sorted(named, key=self.order.__getitem__)
        }

    def _slots(self, path: tuple[str, ...]) -> Iterable[str]:
        """Return whose replies a path may read: one servant's where it names one, else those of all who were asked."""
        targets, named = self.plan.targets[path[1]], path[2:3]
        is_method = not MAPPING_METHODS.keys().isdisjoint(named) and named[0] not in targets
        return targets if is_method or not named else named

    def _all(self, root: str) -> Iterable[str]:
        """Return what `replies`, or `previous`, holds as a whole."""
        if isinstance(self.reader, PlannedOutput):
            return self.plan.targets
        if root == "replies":
            return self.reader.reads
        block = self.plan.block_of.get(self.reader.id)
        return self.plan.messages_in(self.reader.id if block is None else block.id)


def _parts(reader: PlannedRedirect | PlannedOutput) -> _Parts:
    if isinstance(reader, PlannedOutput):
        return (("value", reader.value), ("text", reader.text))
    match reader:
        case PlannedMessage():
            parts: _Parts = (("only", reader.only), ("message", reader.template))
        case PlannedCheck():
            parts = (("check", reader.check), ("message", reader.message))
        case PlannedPause():
            parts = (("pause", reader.pause),)
        case PlannedBlock():
            parts = (("until", reader.repeat.until),)
        case _:
            raise TypeError(reader)
    return (("when", reader.when), *parts)

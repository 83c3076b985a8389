"""Tell where a reply is put into another servant's message as it stands, so that it could be taken for the message.

Of an answer in JSON it is told where its schema allows any text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import EACH, ELEMENT, OWN, read_as_it_stands
from overlord_run.plan.scope import has_task
from overlord_run.plan.sites import resolved
from overlord_run.plan.targets import Roll
from overlord_run.playbook.model import Assignment, MessageRedirect, Playbook
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Place, Schema
from overlord_run.problem import Problem

_ROOTS = frozenset({"replies", "previous"})
_FACTS = frozenset({"model", "finish_reason", "cut"})
_NARROW = frozenset({"enum", "const", "pattern", "format"})


def check_unfenced(playbook: Playbook) -> Iterator[Problem]:
    """Yield a warning for each line of a message that holds another servant's reply as it stands."""
    answers = _Answers(playbook)
    for redirect in playbook.messages():
        message = resolved(redirect.message)
        if not any(root in message.source for root in _ROOTS):
            continue
        own = answers.of_one(redirect.id)
        for reference in read_as_it_stands(message):
            match reference.path:
                case (root, asked, slot, *rest) if root in _ROOTS and slot not in (own, OWN, ELEMENT):
                    is_own = slot == EACH and own is not None and answers.of_one(asked) == own
                    if not is_own and answers.are_free(asked, slot, rest):
                        yield _tell(asked, message.at(reference.line))


def _tell(asked: str, place: Place) -> Problem:
    which = "" if asked in (EACH, ELEMENT) else f" to {shown(asked)}"
    message = f"a reply{which} goes to another servant as it stands"
    return problem(
        place, "unfenced-reply", message, "write … | as_data: what is fenced is read, and not obeyed", "warning"
    )


class _Answers:
    """Who gives the answers to each message, and what they may hold."""

    def __init__(self, playbook: Playbook) -> None:
        alone = [one for one in playbook.assignments if one.for_each is None]
        self._makes_some = len(alone) < len(playbook.assignments)
        self._roll = Roll((one.slot, one.role) for one in alone)
        self._messages = {each.id: each for each in playbook.messages()}
        self._asked_first = [one for one in playbook.assignments if has_task(playbook, one)]

    def of_one(self, asked: str) -> str | None:
        """Return the slot of the one servant who answers a message; None where it may go to others too."""
        if asked == STARTUP:
            first = self._asked_first[:2]
            return first[0].slot if len(first) == 1 and first[0].for_each is None else None
        to = self._messages[asked].to if asked in self._messages else ()
        slots = to if self._makes_some else self._roll.called(to)
        return slots[0] if len(slots) == 1 and slots == self._roll.called(slots) else None

    def are_free(self, asked: str, slot: str, rest: Sequence[str]) -> bool:
        """Say whether a part of an answer may hold any text."""
        if rest[:1] == ["json"]:
            return any(_is_free(schema, rest[1:]) for schema in self._schemas(asked, slot))
        return _FACTS.isdisjoint(rest[:1])

    def _schemas(self, asked: str, slot: str) -> Iterator[Mapping[str, Any]]:
        askers: list[MessageRedirect | Assignment] = []
        if asked in (STARTUP, EACH):
            askers += [one for one in self._asked_first if slot in (EACH, one.slot) or one.for_each is not None]
        askers += self._messages.values() if asked == EACH else filter(None, [self._messages.get(asked)])
        for asker in askers:
            if asker.expect is not None and isinstance(asker.expect.schema, Schema):
                yield asker.expect.schema.content


def _is_free(schema: Any, path: Sequence[str]) -> bool:
    """Say whether a schema lets any text stand at a path of what fits it."""
    for key in path:
        if not isinstance(schema, Mapping):
            return False
        others = schema.get("items") if key == ELEMENT else schema.get("additionalProperties")
        schema = schema.get("properties", {}).get(key, others)
    if not isinstance(schema, Mapping):
        return False
    types = schema.get("type", [])
    return "string" in ([types] if isinstance(types, str) else types) and _NARROW.isdisjoint(schema)

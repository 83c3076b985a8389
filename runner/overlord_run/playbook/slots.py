"""Tell which slots a playbook has as far as that is known before its inputs: `for_each` makes some of them later."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from overlord_run.playbook.names import is_id, is_reserved

MOST_SHAPES = 20
"""Slots are compared with so many shapes at most; where there are more, any slot may be made."""

_OPENING = ("{{", "{%", "{#")
_CLOSING = ("}}", "%}", "#}")


def holds_template(source: str) -> bool:
    """Return whether a text has anything to render."""
    return any(mark in source for mark in _OPENING)


class Shape(Struct, frozen=True):
    """What is sure of the slots that a template makes: how they begin and how they end.

    Attributes:
        end: None where the template is a text that stands as it is, and `beginning` is all of it.
    """

    beginning: str
    end: str | None

    @classmethod
    def of(cls, source: str) -> "Shape":
        """Return the shape of a slot's template."""
        opened = [place for mark in _OPENING if (place := source.find(mark)) >= 0]
        if not opened:
            return cls(source, None)
        closed = [place + len(mark) for mark in _CLOSING if (place := source.rfind(mark)) >= 0]
        return cls(source[: min(opened)], source[max(closed, default=len(source)) :].removesuffix("\n"))

    def told(self) -> str:
        """Return what a message calls the slots."""
        return self.beginning if self.end is None else f"{self.beginning}…{self.end}"

    def may_be(self, slot: str) -> bool:
        """Return whether the template may make a slot."""
        if self.end is None:
            return slot == self.beginning
        has_room = len(slot) >= len(self.beginning) + len(self.end)
        return has_room and slot.startswith(self.beginning) and slot.endswith(self.end)


_ANY = Shape("", "")


class Slots:
    """The slots of a playbook before its inputs are known.

    Attributes:
        roles: Slot → role, of the slots that are written out.
        made: The shapes of the others; with very many there is one that any slot has.
        made_roles: The roles of the others.
    """

    def __init__(self, assignments: Iterable[tuple[str, str, bool]]) -> None:
        """Gather them from the slot and the role of each assignment, and whether it has a `for_each`."""
        given = list(assignments)
        self.roles = {slot: role for slot, role, is_many in given if not is_many}
        self.made_roles = frozenset(role for _, role, is_many in given if is_many)
        shapes = tuple(dict.fromkeys(Shape.of(slot) for slot, _, is_many in given if is_many))
        self.made = shapes if len(shapes) <= MOST_SHAPES else (_ANY,)

    def __contains__(self, slot: str) -> bool:
        """Return whether a slot is there, or may be made."""
        return slot in self.roles or self.may_make(slot)

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.roles or self.made)

    def may_make(self, slot: str) -> bool:
        """Return whether a slot may be made."""
        return is_id(slot) and not is_reserved(slot) and any(shape.may_be(slot) for shape in self.made)

    def told(self) -> Iterator[str]:
        """Yield what a message names: the slots that are written out, and the shapes of the others."""
        yield from self.roles
        yield from (shape.told() for shape in self.made)

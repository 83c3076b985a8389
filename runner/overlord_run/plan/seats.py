"""Make the seats of a plan: one of each assignment, and of one with `for_each` one for each element of its list."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from overlord_run.plan.draft import Draft
from overlord_run.playbook.model import Assignment, ForEach, Playbook
from overlord_run.playbook.names import is_id, is_reserved, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.texts import Text

MOST_SERVANTS = 10_000

_NAME = re.compile(r"\S([^\n\r\t]{0,98}\S)?")
_MAKE_AN_ID = "make an id of it, such as {{ item.name | slug }}"
_MAKE_IT_ANOTHER = "make it another one for each element, for example with {{ index }}"
_ONE_LINE = "make it one line of 100 characters at most, without blanks around it"
_IS_IT_MEANT = "look at what the list is made of, unless this is meant"


class Seat(Struct, frozen=True):
    """Where a servant will be: a slot, and what it was made of.

    Attributes:
        place: The place of its assignment among the playbook's, from 0.
        element: `item` and `index` where `for_each` made it, else nothing.
    """

    place: int
    slot: str
    name: str
    role: str
    element: Mapping[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """How a problem that this seat alone has begins."""
        return f"index {self.element['index']}: " if self.element else ""


def seats(draft: Draft, playbook: Playbook, scope: Mapping[str, Any]) -> tuple[Seat, ...]:
    """Return the seats in the order of the assignments; what is wrong with them becomes problems of the draft.

    Args:
        draft: Renders the templates, and keeps the problems; a list that is empty is a warning.
        playbook: Its assignments have no problems of their own.
        scope: What `for_each` sees.

    Raises:
        InvalidPlaybookError: There are more problems than anybody reads, more servants than there may be, or none.
    """
    maker = _Maker(draft, playbook, scope)
    for place, assignment in enumerate(playbook.assignments):
        if assignment.for_each is None:
            name = assignment.name or assignment.slot
            maker.made.append(Seat(place, assignment.slot, name, assignment.role))
        else:
            maker.make(place, assignment, assignment.for_each)
    draft.require_no_problems()
    if not maker.made:
        message = "every 'for_each' gives an empty list, so there is nobody to ask"
        draft.add(problem(playbook.places["assignments",], "no-servant", message, "give a list that holds something"))
    draft.require_no_problems()
    return tuple(maker.made)


class _Maker:
    """Makes seats, and remembers which slots are taken."""

    def __init__(self, draft: Draft, playbook: Playbook, scope: Mapping[str, Any]) -> None:
        self.made: list[Seat] = []
        self._draft = draft
        self._scope = scope
        self._places = playbook.places
        self._taken: dict[str, Seat] = {
            one.slot: Seat(place, one.slot, one.name, one.role)
            for place, one in enumerate(playbook.assignments)
            if one.for_each is None
        }

    def make(self, place: int, assignment: Assignment, for_each: ForEach) -> None:
        """Make a seat for each element of a list."""
        where = for_each.elements.place
        elements = self._draft.elements(for_each.elements, self._scope, most=MOST_SERVANTS)
        if not (elements or self._draft.is_broken(for_each.elements)):
            message = "the list is empty, so it makes no servant"
            self._draft.warn(problem(where, "empty-list", message, _IS_IT_MEANT, "warning"))
        if len(self.made) + len(elements) > MOST_SERVANTS:
            message = f"there are more than {MOST_SERVANTS:,} servants with those of this list"
            self._draft.add(problem(where, "too-long", message, "make it shorter"))
            self._draft.require_no_problems()
        for index, item in enumerate(elements):
            self._seat(place, assignment, for_each, {"item": item, "index": index})

    def _seat(self, place: int, assignment: Assignment, for_each: ForEach, element: Mapping[str, Any]) -> None:
        scope = {**self._scope, **element}
        with self._draft.about(f"index {element['index']}: "):
            slot = self._draft.render(for_each.slot, scope).removesuffix("\n")
            name = slot if for_each.name is None else self._draft.render(for_each.name, scope).removesuffix("\n")
            seat = Seat(place, slot, name, assignment.role, element)
            for text, rule, message, hint in self._faults(seat, for_each):
                if not self._draft.is_broken(text):
                    self._draft.add(problem(text.place, rule, message, hint))
        self._taken.setdefault(slot, seat)
        self.made.append(seat)

    def _faults(self, seat: Seat, for_each: ForEach) -> Iterator[tuple[Text, str, str, str]]:
        """Yield the text that is to blame, the rule, what is wrong and what to do."""
        slot, taken = seat.slot, self._taken.get(seat.slot)
        if not is_id(slot):
            yield for_each.slot, "bad-name", f"{shown(slot)} cannot be a slot", _MAKE_AN_ID
        elif is_reserved(slot):
            yield for_each.slot, "reserved-name", f"the name {shown(slot)} is reserved", "put something before it"
        elif taken is not None:
            yield (
                for_each.slot,
                "duplicate-slot",
                f"the slot {shown(slot)} {self._taken_by(taken, seat)}",
                _MAKE_IT_ANOTHER,
            )
        if for_each.name is not None and not _NAME.fullmatch(seat.name):
            yield for_each.name, "bad-value", f"{shown(seat.name)} cannot be the name of a servant", _ONE_LINE

    def _taken_by(self, taken: Seat, seat: Seat) -> str:
        if taken.place == seat.place:
            return f"is that of index {taken.element['index']}"
        return f"is taken, on line {self._places['assignments', taken.place, 'slot'].line}"

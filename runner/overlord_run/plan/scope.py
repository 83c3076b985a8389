"""Say which names a template can read where it stands, as the table of the playbook format has it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import FUNCTIONS, REPLY_ATTRIBUTES, TEXT_METHODS
from overlord_run.plan.targets import EVERYBODY, ROLE, Roll
from overlord_run.playbook.model import Assignment, BlockRedirect, ForEach, PauseRedirect, Playbook
from overlord_run.playbook.slots import Slots
from overlord_run.playbook.texts import Expect

Known: TypeAlias = "Mapping[str, Known] | None"
"""What can be read below a name: the names that are there, or None where only rendering can tell."""

Site = Literal["role", "for_each", "slot", "with", "task", "message", "condition", "output"]
"""Where a template stands; a condition is what belongs to no servant: `check when until`, and what goes with them."""

_HOST: Known = dict.fromkeys(("platform", "shell", "paths"))
_SERVANT = ("slot", "name", "role", "model", "profile")
_REPLY = dict.fromkeys((*REPLY_ATTRIBUTES, *TEXT_METHODS))
_REPLY_WITHOUT_JSON = {name: None for name in _REPLY if name != "json"}
_APPROVAL: Known = dict.fromkeys(("by", "note", "at"))
_FILE: Known = dict.fromkeys(("path", "name", "text"))
_EVERYWHERE: Mapping[str, Known] = dict.fromkeys(FUNCTIONS)


def in_role(inputs: Iterable[str]) -> Mapping[str, Known]:
    """Return what a role's `system` can read, given the names of its inputs."""
    own = dict.fromkeys(inputs)
    return {"inputs": own, "servant": _servant(own), **_EVERYWHERE}


class KnownSlots(Mapping[str, Known]):
    """What can be read below slots of which `for_each` makes some: those are not known before its list is."""

    def __init__(self, written: Mapping[str, Known], made: Known, slots: Slots) -> None:
        """Hold what is below each slot that is written out, and what is below any that may be made."""
        self._written = written
        self._made = made
        self._slots = slots

    def __contains__(self, slot: object) -> bool:
        return slot in self._written or (isinstance(slot, str) and self._slots.may_make(slot))

    def __getitem__(self, slot: str) -> Known:
        return self._written.get(slot, self._made)

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    def told(self) -> tuple[str, ...]:
        """Return what a message names: the slots that are written out, and the shapes of the others."""
        return (*self, *(name for name in self._slots.told() if name not in self._slots.roles))


class Surroundings:
    """What the templates of one playbook can read; worked out once and shared by all of them."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._inputs_of = {name: dict.fromkeys(role.inputs) for name, role in playbook.roles.items()}
        self._slots = Slots((one.slot, one.role, one.for_each is not None) for one in playbook.assignments)
        self._roll = Roll(self._slots.roles.items())
        self._common = {
            "inputs": dict.fromkeys(playbook.inputs),
            "vars": _below(playbook.vars),
            "host": _HOST,
            "playbook": {"name": None},
            **_EVERYWHERE,
        }
        tos = {one.to for one in playbook.messages()}
        self._servants = {to: _servant(self._values(self._roles_called(to))) for to in tos}
        replies: dict[str, Known] = {STARTUP: self._at_startup(), **self._answers(tos)}
        blocks = [each for each in playbook.redirects if isinstance(each, BlockRedirect)]
        self._in_block = {block.id: {"round": None, "previous": _previous(block, replies)} for block in blocks}
        pauses = [each.id for each in playbook.every_redirect() if isinstance(each, PauseRedirect)]
        self._late = {
            "replies": replies,
            "approvals": dict.fromkeys(pauses, _APPROVAL),
            "servants": self._below_slots(
                {slot: self._below_servant({role}) for slot, role in self._slots.roles.items()},
                self._below_servant(self._slots.made_roles),
            ),
        }

    def in_for_each(self) -> Mapping[str, Known]:
        """Return what the expression of a `for_each` can read."""
        return self._common

    def in_slot(self, for_each: ForEach) -> Mapping[str, Known]:
        """Return what the templates of a slot and of its name can read."""
        return {**self._common, **self._element(for_each)}

    def in_with(self, for_each: ForEach | None) -> Mapping[str, Known]:
        """Return what a value of `with` can read; not `servant.with`, which it is about to fill."""
        return {**self._common, "servant": _servant(None), **self._element(for_each)}

    def in_task(self, role: str, for_each: ForEach | None) -> Mapping[str, Known]:
        """Return what the task of servants of a role can read."""
        return {**self._common, "servant": _servant(self._inputs_of[role]), **self._element(for_each)}

    def in_message(self, to: tuple[str, ...], block: str) -> Mapping[str, Known]:
        """Return what a redirect's message can read; of `servant.with` what any target has.

        Args:
            to: Whom it goes to.
            block: The id of the block that the redirect stands in, or empty.
        """
        return {**self.in_condition(block), "servant": self._servants[to]}

    def in_condition(self, block: str) -> Mapping[str, Known]:
        """Return what a redirect can read that goes to nobody; `block` is as for a message."""
        return {**self._common, **self._late, **self._in_block.get(block, {})}

    def in_output(self) -> Mapping[str, Known]:
        """Return what an output can read."""
        return {**self._common, **self._late}

    def _element(self, for_each: ForEach | None) -> Mapping[str, Known]:
        """Return `item` and `index`; of a list that is an input of type `files` what is in each element, too."""
        if for_each is None:
            return {}
        name = for_each.elements.source.strip().removeprefix("inputs.")
        declared = self._playbook.inputs.get(name)
        return {"item": _FILE if declared is not None and declared.type == "files" else None, "index": None}

    def _values(self, roles: Iterable[str]) -> Known:
        return {name: None for role in roles for name in self._inputs_of[role]}

    def _below_servant(self, roles: Iterable[str]) -> Known:
        return {**_servant(self._values(roles)), "state": None}

    def _below_slots(self, written: Mapping[str, Known], made: Known) -> Known:
        return KnownSlots(written, made, self._slots) if self._slots.made else written

    def _roles_called(self, to: tuple[str, ...]) -> Iterable[str]:
        roles = dict.fromkeys(self._slots.roles[slot] for slot in self._roll.called(to))
        is_named = any(map(self._slots.may_make, to))
        return (*roles, *(self._slots.made_roles if is_named else self._made_called(to)))

    def _made_called(self, to: tuple[str, ...]) -> frozenset[str]:
        """Return the roles of the servants that `for_each` makes and a redirect goes to by `all` or their role."""
        if EVERYBODY in to:
            return self._slots.made_roles
        return self._slots.made_roles.intersection(name.removeprefix(ROLE) for name in to if name.startswith(ROLE))

    def _answers(self, tos: Iterable[tuple[str, ...]]) -> Mapping[str, Known]:
        found: dict[tuple[tuple[str, ...], bool], Known] = {}
        for to in tos:
            slots = (*self._roll.called(to), *filter(self._slots.may_make, to))
            for reply in (_REPLY, _REPLY_WITHOUT_JSON):
                written = dict.fromkeys(slots, reply)
                below = self._below_slots(written, reply) if self._made_called(to) else written
                found[to, reply is _REPLY] = below
        return {one.id: found[one.to, one.expect is not None] for one in self._playbook.messages()}

    def _at_startup(self) -> Known:
        asked = [one for one in self._playbook.assignments if has_task(self._playbook, one)]
        written = {one.slot: _reply(one.expect) for one in asked if one.for_each is None}
        made = [one.expect for one in asked if one.for_each is not None]
        return self._below_slots(written, _reply(next(filter(None, made), None))) if made else written


def _servant(values: Known) -> dict[str, Known]:
    servant: dict[str, Known] = dict.fromkeys(_SERVANT)
    return servant if values is None else {**servant, "with": values}


def _below(value: Any) -> Known:
    if not isinstance(value, Mapping):
        return None
    return {name: _below(item) for name, item in value.items()}


def _previous(block: BlockRedirect, replies: Mapping[str, Known]) -> Known:
    return {redirect.id: replies[redirect.id] for redirect in block.redirects if redirect.id in replies}


def _reply(expect: Expect | None) -> Known:
    return _REPLY_WITHOUT_JSON if expect is None else _REPLY


def has_task(playbook: Playbook, assignment: Assignment) -> bool:
    """Return whether the servants of an assignment are asked something at the startup."""
    return assignment.task is not None or playbook.roles[assignment.role].task is not None

"""Say which names a template can read where it stands, as the table of the playbook format has it."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Literal

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import FUNCTIONS, kinds
from overlord_run.plan.targets import EVERYBODY, ROLE, Roll
from overlord_run.playbook.model import Assignment, BlockRedirect, ForEach, Input, PauseRedirect, Playbook
from overlord_run.playbook.slots import Slots
from overlord_run.playbook.texts import Expect

Site = Literal["role", "for_each", "slot", "with", "task", "message", "condition", "output"]
"""Where a template stands; a condition is what belongs to no servant: `check when until`, and what goes with them."""

_HOST: kinds.Known = dict.fromkeys(("platform", "shell", "paths"), kinds.TEXT)
_SERVANT = ("slot", "name", "role", "model", "profile")
_APPROVAL: kinds.Known = dict.fromkeys(("by", "note", "at"), kinds.TEXT)
_FILE: kinds.Known = dict.fromkeys(("path", "name", "text"), kinds.TEXT)
_EVERYWHERE: Mapping[str, kinds.Known] = dict.fromkeys(FUNCTIONS)
_OF_TYPE: Mapping[str, kinds.Known] = {
    "array": kinds.list_of(None),
    "boolean": kinds.BOOLEAN,
    "file": kinds.TEXT,
    "files": kinds.list_of(_FILE),
    "integer": kinds.NUMBER,
    "number": kinds.NUMBER,
    "object": None,
    "string": kinds.TEXT,
}


def in_role(inputs: Mapping[str, Input]) -> Mapping[str, kinds.Known]:
    """Return what a role's `system` can read, given its inputs."""
    own = _kinds(inputs)
    return {"inputs": own, "servant": _servant(own), **_EVERYWHERE}


class KnownSlots(kinds.OfOneKind):
    """What can be read below slots. Those that `for_each` makes are not known before its list is."""

    def __init__(self, written: Mapping[str, kinds.Known], made: kinds.Known, slots: Slots) -> None:
        """Hold what is below each slot that is written out, and what is below any that may be made."""
        self._written = written
        self._made = made
        self._slots = slots

    def __contains__(self, slot: object) -> bool:
        return slot in self._written or (isinstance(slot, str) and self._slots.may_make(slot))

    def __getitem__(self, slot: str) -> kinds.Known:
        if slot not in self:
            raise KeyError(slot)
        return self._written.get(slot, self._made)

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)

    @cached_property
    def value(self) -> kinds.Known:
        """What is below every slot."""
        return kinds.either((*self._written.values(), self._made))

    def told(self) -> tuple[str, ...]:
        """Return what a message names: the slots that are written out, and the shapes of the others."""
        return (*self, *(name for name in self._slots.told() if name not in self._slots.roles))


class Surroundings:
    """What the templates of one playbook can read; worked out once and shared by all of them."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._inputs_of = {name: _kinds(role.inputs) for name, role in playbook.roles.items()}
        self._slots = Slots((one.slot, one.role, one.for_each is not None) for one in playbook.assignments)
        self._roll = Roll(self._slots.roles.items())
        self._common = {
            "inputs": _kinds(playbook.inputs),
            "vars": kinds.kind_of(playbook.vars),
            "host": _HOST,
            "playbook": {"name": kinds.TEXT},
            **_EVERYWHERE,
        }
        self._with_nobody = {**self._common, "servant": _servant(None)}
        self._tasks = {name: {**self._common, "servant": _servant(own)} for name, own in self._inputs_of.items()}
        tos = {one.to for one in playbook.messages()}
        self._servants = {to: _servant(self._values(self._roles_called(to))) for to in tos}
        replies: dict[str, kinds.Known] = {STARTUP: self._at_startup(), **self._answers(tos)}
        blocks = [each for each in playbook.redirects if isinstance(each, BlockRedirect)]
        self._in_block = {block.id: {"round": kinds.NUMBER, "previous": _previous(block, replies)} for block in blocks}
        pauses = [each.id for each in playbook.every_redirect() if isinstance(each, PauseRedirect)]
        self._late = {
            "replies": replies,
            "approvals": dict.fromkeys(pauses, _APPROVAL),
            "servants": self._below_slots(
                {slot: self._below_servant({role}) for slot, role in self._slots.roles.items()},
                self._below_servant(self._slots.made_roles),
            ),
        }

    def in_for_each(self) -> Mapping[str, kinds.Known]:
        """Return what the expression of a `for_each` can read."""
        return self._common

    def in_slot(self, for_each: ForEach) -> Mapping[str, kinds.Known]:
        """Return what the templates of a slot and of its name can read."""
        return {**self._common, **self._element(for_each)}

    def in_with(self, for_each: ForEach | None) -> Mapping[str, kinds.Known]:
        """Return what a value of `with` can read; not `servant.with`, which it is about to fill."""
        return self._with_nobody if for_each is None else {**self._with_nobody, **self._element(for_each)}

    def in_task(self, role: str, for_each: ForEach | None) -> Mapping[str, kinds.Known]:
        """Return what the task of servants of a role can read."""
        known = self._tasks[role]
        return known if for_each is None else {**known, **self._element(for_each)}

    def in_message(self, to: tuple[str, ...], block: str) -> Mapping[str, kinds.Known]:
        """Return what a redirect's message can read; of `servant.with` what any target has.

        Args:
            to: Whom it goes to.
            block: The id of the block that the redirect stands in, or empty.
        """
        return {**self.in_condition(block), "servant": self._servants[to]}

    def in_condition(self, block: str) -> Mapping[str, kinds.Known]:
        """Return what a redirect can read that goes to nobody; `block` is as for a message."""
        return {**self._common, **self._late, **self._in_block.get(block, {})}

    def in_output(self) -> Mapping[str, kinds.Known]:
        """Return what an output can read."""
        return {**self._common, **self._late}

    def _element(self, for_each: ForEach) -> Mapping[str, kinds.Known]:
        """Return `item` and `index`; of a list that is an input of type `files` what is in each element, too."""
        name = for_each.elements.source.strip().removeprefix("inputs.")
        declared = self._playbook.inputs.get(name)
        return {"item": _FILE if declared is not None and declared.type == "files" else None, "index": kinds.NUMBER}

    def _values(self, roles: Iterable[str]) -> kinds.Known:
        values: dict[str, kinds.Known] = {}
        for role in roles:
            for name, known in self._inputs_of[role].items():
                values[name] = kinds.either((values[name], known)) if name in values else known
        return values

    def _below_servant(self, roles: Iterable[str]) -> kinds.Known:
        return {**_servant(self._values(roles)), "state": kinds.TEXT}

    def _below_slots(self, written: Mapping[str, kinds.Known], made: kinds.Known) -> kinds.Known:
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

    def _answers(self, tos: Iterable[tuple[str, ...]]) -> Mapping[str, kinds.Known]:
        found: dict[tuple[tuple[str, ...], bool], kinds.Known] = {}
        for to in tos:
            slots = (*self._roll.called(to), *filter(self._slots.may_make, to))
            for reply in (kinds.REPLY, kinds.REPLY_WITHOUT_JSON):
                written = dict.fromkeys(slots, reply)
                below = self._below_slots(written, reply) if self._made_called(to) else written
                found[to, reply is kinds.REPLY] = below
        return {one.id: found[one.to, one.expect is not None] for one in self._playbook.messages()}

    def _at_startup(self) -> kinds.Known:
        asked = [one for one in self._playbook.assignments if has_task(self._playbook, one)]
        written = {one.slot: _reply(one.expect) for one in asked if one.for_each is None}
        made = [one.expect for one in asked if one.for_each is not None]
        return self._below_slots(written, _reply(next(filter(None, made), None))) if made else written


def _servant(values: kinds.Known) -> dict[str, kinds.Known]:
    servant: dict[str, kinds.Known] = dict.fromkeys(_SERVANT, kinds.TEXT)
    return servant if values is None else {**servant, "with": values}


def _kinds(inputs: Mapping[str, Input]) -> dict[str, kinds.Known]:
    return {name: _OF_TYPE[declared.type] for name, declared in inputs.items()}


def _previous(block: BlockRedirect, replies: Mapping[str, kinds.Known]) -> kinds.Known:
    return {redirect.id: replies[redirect.id] for redirect in block.redirects if redirect.id in replies}


def _reply(expect: Expect | None) -> kinds.Known:
    return kinds.REPLY_WITHOUT_JSON if expect is None else kinds.REPLY


def has_task(playbook: Playbook, assignment: Assignment) -> bool:
    """Return whether the servants of an assignment are asked something at the startup."""
    return assignment.task is not None or playbook.roles[assignment.role].task is not None

"""Say which names a template can read where it stands, as the table of the playbook format has it."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from overlord_run.plan.language.templates import FUNCTIONS, REPLY_ATTRIBUTES, TEXT_METHODS
from overlord_run.plan.model import STARTUP
from overlord_run.plan.targets import targets
from overlord_run.playbook.model import Assignment, BlockRedirect, Expect, PauseRedirect, Playbook

Known: TypeAlias = "Mapping[str, Known] | None"
"""What can be read below a name: the names that are there, or None where only rendering can tell."""

Site = Literal["role", "with", "task", "message", "condition", "output"]
"""Where a template stands; a condition is what belongs to no servant: `check when until`, and what goes with them."""

_HOST: Known = dict.fromkeys(("platform", "shell", "paths"))
_SERVANT = ("slot", "name", "role", "model", "profile")
_REPLY = dict.fromkeys((*REPLY_ATTRIBUTES, *TEXT_METHODS))
_REPLY_WITHOUT_JSON = {name: None for name in _REPLY if name != "json"}
_APPROVAL: Known = dict.fromkeys(("by", "note", "at"))
_EVERYWHERE: Mapping[str, Known] = dict.fromkeys(FUNCTIONS)


def in_role(inputs: Iterable[str]) -> Mapping[str, Known]:
    """Return what a role's `system` can read, given the names of its inputs."""
    own = dict.fromkeys(inputs)
    return {"inputs": own, "servant": _servant(own), **_EVERYWHERE}


class Surroundings:
    """What the templates of one playbook can read; worked out once and shared by all of them."""

    def __init__(self, playbook: Playbook) -> None:
        self._roles = {name: dict.fromkeys(role.inputs) for name, role in playbook.roles.items()}
        self._role_of = {assignment.slot: assignment.role for assignment in playbook.assignments}
        self._common = {
            "inputs": dict.fromkeys(playbook.inputs),
            "vars": _below(playbook.vars),
            "host": _HOST,
            "playbook": {"name": None},
            **_EVERYWHERE,
        }
        self.targets = {to: targets(playbook.assignments, to) for to in {one.to for one in playbook.messages()}}
        replies = _replies(playbook, self.targets)
        self._in_block = {
            block.id: {"round": None, "previous": _previous(block, replies)}
            for block in playbook.redirects
            if isinstance(block, BlockRedirect)
        }
        pauses = [each.id for each in playbook.every_redirect() if isinstance(each, PauseRedirect)]
        self._late = {
            "replies": replies,
            "approvals": dict.fromkeys(pauses, _APPROVAL),
            "servants": {slot: {**_servant(self._roles[role]), "state": None} for slot, role in self._role_of.items()},
        }
        self._servants = {to: self._servant_of(slots) for to, slots in self.targets.items()}

    def in_with(self) -> Mapping[str, Known]:
        """Return what a value of `with` can read; not `servant.with`, which it is about to fill."""
        return {**self._common, "servant": _servant(None)}

    def in_task(self, role: str) -> Mapping[str, Known]:
        """Return what the task of servants of a role can read."""
        return {**self._common, "servant": _servant(self._roles[role])}

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

    def _servant_of(self, slots: Iterable[str]) -> Mapping[str, Known]:
        roles = dict.fromkeys(self._role_of[slot] for slot in slots)
        return _servant({name: None for role in roles for name in self._roles[role]})


def _servant(values: Known) -> dict[str, Known]:
    servant: dict[str, Known] = dict.fromkeys(_SERVANT)
    return servant if values is None else {**servant, "with": values}


def _below(value: Any) -> Known:
    if not isinstance(value, Mapping):
        return None
    return {name: _below(item) for name, item in value.items()}


def _replies(playbook: Playbook, by_target: Mapping[tuple[str, ...], tuple[str, ...]]) -> Mapping[str, Known]:
    answers = {
        (to, reply is _REPLY): dict.fromkeys(slots, reply)
        for to, slots in by_target.items()
        for reply in (_REPLY, _REPLY_WITHOUT_JSON)
    }
    return {
        STARTUP: {each.slot: _reply(each.expect) for each in playbook.assignments if _has_task(playbook, each)},
        **{redirect.id: answers[redirect.to, redirect.expect is not None] for redirect in playbook.messages()},
    }


def _previous(block: BlockRedirect, replies: Mapping[str, Known]) -> Known:
    return {redirect.id: replies[redirect.id] for redirect in block.redirects if redirect.id in replies}


def _reply(expect: Expect | None) -> Known:
    return _REPLY_WITHOUT_JSON if expect is None else _REPLY


def _has_task(playbook: Playbook, assignment: Assignment) -> bool:
    return assignment.task is not None or playbook.roles[assignment.role].task is not None

"""Read a rehearsal's script: who answers what, what breaks, and what a request must contain."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.ids import STARTUP, redirect_id, round_id
from overlord_run.plan.model import Plan
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import problem
from overlord_run.playbook.schema import check
from overlord_run.playbook.source import Document, Path, read_yaml
from overlord_run.problem import Problem

ANY: Final = "*"

ScriptedFault = Literal["timeout", "empty", "malformed", "die"]


class ScriptedAnswer(Struct, frozen=True):
    """What happens to one message of one servant.

    Attributes:
        text: The reply's text; None for one that is made from the question.
        fault: What breaks, or None.
        status: The HTTP status to fail with, or None.
        retry_after_s: What the failure asks to wait.
        slow_s: How long the model thinks.
        times: How many attempts `fault`, `status` and `slow_s` hit; None for all of them.
        contains: The texts that the request must contain.
        lacks: The texts that it may not contain.
        then: What is answered instead after each answer that did not fit; the last of it from then on.
    """

    text: str | None = None
    fault: ScriptedFault | None = None
    status: int | None = None
    retry_after_s: float | None = None
    slow_s: float = 0.0
    times: int | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    then: tuple["ScriptedAnswer", ...] = ()

    def after(self, repairs: int) -> "ScriptedAnswer":
        """Return what is answered once so many answers did not fit."""
        return self.then[min(repairs, len(self.then)) - 1] if repairs and self.then else self

    def is_faulty(self, attempt: int) -> bool:
        """Return whether an attempt, from 1, is one that something happens to."""
        return self.times is None or attempt <= self.times


class Script(Struct, frozen=True):
    """The answers by slot and message id; `*` is every other one."""

    answers: Mapping[tuple[str, str], ScriptedAnswer]

    def find(self, slot: str, message: str) -> ScriptedAnswer | None:
        """Return what the script says of a message to a servant: the nearest entry, alone.

        Of a message in a block an entry for its round is nearer than one for all rounds.
        """
        names = (message, redirect_id(message), ANY)
        places = ((one, name) for one in (slot, ANY) for name in names)
        return next((self.answers[place] for place in places if place in self.answers), None)


def parse_script(data: bytes, file: str, plan: Plan) -> Script:
    """Return a script that fits a plan.

    Args:
        data: The file's bytes, YAML.
        file: Its path, for problems.
        plan: Knows the slots and messages that there are.

    Raises:
        InvalidPlaybookError: It is no script, or speaks of what the plan does not have; all of it is told.
    """
    document = read_yaml(data, file)
    problems = check(document, "rehearsal") or list(_misfits(document, _asked(plan), is_limited=bool(plan.limit)))
    if problems:
        raise InvalidPlaybookError(problems)
    return Script(
        {
            (slot, message): _answer(entry)
            for slot, entries in document.value["answers"].items()
            for message, entry in entries.items()
        }
    )


def check_script(data: bytes, file: str) -> list[Problem]:
    """Return what is wrong with a script whose plan is not known.

    Args:
        data: The file's bytes, YAML.
        file: Its path, for problems.

    Raises:
        InvalidPlaybookError: It is no YAML.
    """
    document = read_yaml(data, file)
    return check(document, "rehearsal") or [
        found
        for slot, entries in document.value["answers"].items()
        for message, entry in entries.items()
        for found in _without_effect_of(document, ("answers", slot, message), entry)
    ]


def _asked(plan: Plan) -> dict[str, frozenset[str]]:
    """Return the slots that each message goes to; one in a block is there for each of its rounds too."""
    asked = {STARTUP: frozenset(servant.slot for servant in plan.servants if servant.task is not None)}
    for message in plan.messages():
        asked[message.id] = frozenset(message.targets)
        if message.id in plan.block_of:
            rounds = range(1, plan.block_of[message.id].repeat.max + 1)
            asked |= {round_id(message.id, number): asked[message.id] for number in rounds}
    return asked


def _misfits(document: Document, asked: Mapping[str, frozenset[str]], *, is_limited: bool) -> Iterator[Problem]:
    """Find what a script says in vain. With a limit, it may speak of servants that are left out."""
    known = frozenset().union(*asked.values())
    for slot, entries in document.value["answers"].items():
        path = ("answers", slot)
        if slot != ANY and slot not in known:
            if is_limited:
                continue
            slots = sorted(known)
            hint = did_you_mean(slot, slots) or f'the slots are {listed(slots)}; "*" is every other one'
            yield problem(document.key(path), "unknown-slot", f"{shown(slot)} is no slot of this playbook", hint)
            continue
        for message, entry in entries.items():
            yield from _misfits_of_entry(document, (*path, message), asked)
            yield from _without_effect_of(document, (*path, message), entry)


def _misfits_of_entry(
    document: Document, path: tuple[str, str, str], asked: Mapping[str, frozenset[str]]
) -> Iterator[Problem]:
    _, slot, message = path
    if message == ANY:
        return
    if message not in asked:
        hint = did_you_mean(message, asked) or f'the messages are {listed(asked)}; "*" is every other one'
        yield problem(document.key(path), "unknown-redirect", f"{shown(message)} is no message of this playbook", hint)
    elif slot != ANY and slot not in asked[message]:
        hint = f"it goes to {listed(sorted(asked[message]))}"
        yield problem(document.key(path), "no-effect", f"{shown(slot)} is never sent {shown(message)}", hint)


def _without_effect_of(document: Document, path: Path, entry: Any) -> Iterator[Problem]:
    if isinstance(entry, list):
        for index, scene in enumerate(entry):
            yield from _without_effect(document, (*path, index), scene)
    else:
        yield from _without_effect(document, path, entry)


def _without_effect(document: Document, path: Path, entry: Any) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        return
    if "retry_after" in entry and "status" not in entry:
        place = document.key((*path, "retry_after"))
        yield problem(place, "no-effect", "'retry_after' says nothing without 'status'", "add status: 429")
    if "times" in entry and not entry.keys() & {"fault", "status", "slow"}:
        place = document.key((*path, "times"))
        yield problem(place, "no-effect", "'times' says nothing without 'fault', 'status' or 'slow'", "remove it")


def _answer(entry: Any) -> ScriptedAnswer:
    if isinstance(entry, str):
        return ScriptedAnswer(text=entry)
    if isinstance(entry, list):
        first, *others = map(_answer, entry)
        return replace(first, then=tuple(others))
    return ScriptedAnswer(
        text=_json(entry["json"]) if "json" in entry else entry.get("text"),
        fault=entry.get("fault"),
        status=entry.get("status"),
        retry_after_s=_seconds(entry["retry_after"]) if "retry_after" in entry else None,
        slow_s=_seconds(entry.get("slow", "0s")),
        times=entry.get("times"),
        contains=_texts(entry.get("contains", [])),
        lacks=_texts(entry.get("lacks", [])),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _seconds(duration: str) -> float:
    return float(duration[:-1]) * (60 if duration.endswith("m") else 1)

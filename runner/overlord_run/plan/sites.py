"""List every template of a playbook, each with what it can read where it stands."""

from collections.abc import Iterator, Mapping, Set
from functools import partial
from typing import Any

from msgspec import Struct, field

from overlord_run.plan.language.templates import Wanted, kinds
from overlord_run.plan.order import ended_before, ended_in
from overlord_run.plan.scope import Site, Surroundings, in_role
from overlord_run.playbook.model import (
    Assignment,
    BlockRedirect,
    CheckRedirect,
    ForEach,
    MessageRedirect,
    PauseRedirect,
    Playbook,
    Redirect,
    Role,
)
from overlord_run.playbook.texts import Source, Text

_WANTED: Mapping[Site, Wanted] = {"for_each": "list", "output": "value"}


class Template(Struct, frozen=True):
    """A template and what it can read.

    Attributes:
        bare: Whether it is an expression, without braces.
        ended: The redirects that have certainly ended when it is rendered; None where all have.
        redirect: The redirect that it belongs to, or empty.
        blocks: The block that each redirect stands in, by its id; those in none are not there.
    """

    text: Text
    site: Site
    known: Mapping[str, kinds.Known]
    bare: bool = False
    ended: Set[str] | None = None
    redirect: str = ""
    blocks: Mapping[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        """What it has to give."""
        return _WANTED.get(self.site, "condition") if self.bare else "text"


def templates(playbook: Playbook) -> Iterator[Template]:
    """Yield the templates of a playbook whose texts have all been read from their files.

    Raises:
        TypeError: A text has not been read.
    """
    surroundings = Surroundings(playbook)
    for name, role in playbook.roles.items():
        yield Template(resolved(role.system), "role", in_role(role.inputs))
        yield from _of_servants(role, name, None, surroundings)
    for assignment in playbook.assignments:
        if assignment.for_each is not None:
            yield from _of_elements(assignment.for_each, surroundings)
        yield from _of_servants(assignment, assignment.role, assignment.for_each, surroundings)
    yield from _of_redirects(playbook, surroundings)
    yield from _of_outputs(playbook, surroundings)


def resolved(source: Source | None) -> Text:
    """Return a text that has been read from its file, where it stood in one.

    Raises:
        TypeError: It has not been read.
    """
    if isinstance(source, Text):
        return source
    message = f"{source} has not been read"
    raise TypeError(message)


def texts_in(value: Any) -> Iterator[Text]:
    """Yield the templates in a value of `with`, at any depth."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def _of_elements(for_each: ForEach, surroundings: Surroundings) -> Iterator[Template]:
    yield Template(for_each.elements, "for_each", surroundings.in_for_each(), bare=True)
    for text in (for_each.slot, for_each.name):
        if text is not None:
            yield Template(text, "slot", surroundings.in_slot(for_each))


def _of_servants(
    declared: Role | Assignment, role: str, for_each: ForEach | None, surroundings: Surroundings
) -> Iterator[Template]:
    if declared.task is not None:
        yield Template(resolved(declared.task), "task", surroundings.in_task(role, for_each))
    for text in texts_in(declared.values):
        yield Template(text, "with", surroundings.in_with(for_each))


def _of_redirects(playbook: Playbook, surroundings: Surroundings) -> Iterator[Template]:
    ended = ended_before(playbook.redirects)
    blocks = {each.id: block.id for block in _blocks(playbook) for each in block.redirects}
    for redirect in playbook.every_redirect():
        inside = blocks.get(redirect.id, "")
        make = partial(Template, ended=ended[redirect.id], redirect=redirect.id, blocks=blocks)
        for text, bare in texts_of(redirect):
            yield make(text, "condition", surroundings.in_condition(inside), bare=bare)
        if isinstance(redirect, MessageRedirect):
            known = surroundings.in_message(redirect.to, inside)
            yield make(resolved(redirect.message), "message", known)
            if redirect.only is not None:
                yield make(redirect.only, "message", known, bare=True)
    for block in _blocks(playbook):
        if block.repeat is not None and block.repeat.until is not None:
            known = surroundings.in_condition(block.id)
            make = partial(Template, ended=ended_in(block, ended), redirect=block.id, blocks=blocks)
            yield make(block.repeat.until, "condition", known, bare=True)


def texts_of(redirect: Redirect) -> Iterator[tuple[Text, bool]]:
    """Yield what a redirect says that belongs to no servant, before it has begun, and whether it is an expression."""
    if redirect.when is not None:
        yield redirect.when, True
    match redirect:
        case CheckRedirect():
            yield redirect.check, True
            if redirect.message is not None:
                yield resolved(redirect.message), False
        case PauseRedirect():
            yield redirect.pause, False


def _blocks(playbook: Playbook) -> Iterator[BlockRedirect]:
    return (each for each in playbook.redirects if isinstance(each, BlockRedirect))


def _of_outputs(playbook: Playbook, surroundings: Surroundings) -> Iterator[Template]:
    for output in playbook.outputs:
        if output.value is not None:
            yield Template(output.value, "output", surroundings.in_output(), bare=True)
        if output.text is not None:
            yield Template(output.text, "output", surroundings.in_output())

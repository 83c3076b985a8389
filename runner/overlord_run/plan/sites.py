"""List every template of a playbook, each with what it can read where it stands."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from overlord_run.plan.order import ended_before
from overlord_run.plan.scope import Known, Site, Surroundings, in_role
from overlord_run.playbook.model import Assignment, ForEach, Playbook, Role, Source, Text


@dataclass(frozen=True, slots=True)
class Template:
    """A template and what it can read.

    Attributes:
        bare: Whether it is an expression, without braces.
        ended: The redirects that have certainly ended when it is rendered; None where all have.
        redirect: The redirect that it is the message of, or empty.
    """

    text: Text
    site: Site
    known: Mapping[str, Known]
    bare: bool = False
    ended: Set[str] | None = None
    redirect: str = ""


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
    yield from _of_messages(playbook, surroundings)
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


def _of_messages(playbook: Playbook, surroundings: Surroundings) -> Iterator[Template]:
    ended = ended_before(playbook.redirects)
    for redirect in playbook.redirects:
        known = surroundings.in_message(redirect.to)
        text = resolved(redirect.message)
        yield Template(text, "message", known, ended=ended[redirect.id], redirect=redirect.id)


def _of_outputs(playbook: Playbook, surroundings: Surroundings) -> Iterator[Template]:
    for output in playbook.outputs:
        if output.value is not None:
            yield Template(output.value, "output", surroundings.in_output(), bare=True)
        if output.text is not None:
            yield Template(output.text, "output", surroundings.in_output())

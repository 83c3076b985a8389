"""Render what waits for the run: messages, conditions and questions as they are reached, outputs at its end."""

from collections.abc import Iterable, Mapping
from typing import Any

from overlord_run.expect.words import with_ending
from overlord_run.plan.language import templates
from overlord_run.plan.language.templates import Approvals, TemplateError, evaluate, render
from overlord_run.plan.model import Plan, PlannedOutput
from overlord_run.plan.redirects import PlannedMessage, PlannedRedirect
from overlord_run.plan.views import Replies, Seen, Servants, answers, servant_view
from overlord_run.playbook.texts import Text

__all__ = ["RenderError", "Replies", "Seen", "evaluate_outputs", "holds", "render_message", "render_text"]


class RenderError(Exception):
    """A template of a redirect has no value; its text is the reason, in one sentence without a full stop."""


def render_message(plan: Plan, message: PlannedMessage, slot: str, seen: Seen) -> str:
    """Return a redirect's message for one of its targets.

    Args:
        plan: The plan that holds the redirect.
        message: The redirect.
        slot: The target.
        seen: What the run knows, at least of the replies that `message.reads` names.

    Raises:
        RenderError: The template reads a reply that does not exist, or cannot be rendered.
    """
    if message.texts is not None:
        return message.texts[slot]
    scope = _scope(plan, message, seen) | {"servant": servant_view(plan.by_slot[slot])}
    try:
        return with_ending(render(message.template, scope), message.ending)
    except TemplateError as error:
        raise RenderError(error.problem.message) from error


def render_text(plan: Plan, redirect: PlannedRedirect, template: Text, seen: Seen) -> str:
    """Return what a template of a redirect prints that belongs to no servant.

    Raises:
        RenderError: It cannot be rendered.
    """
    try:
        return render(template, _scope(plan, redirect, seen))
    except TemplateError as error:
        raise RenderError(error.problem.message) from error


def holds(plan: Plan, redirect: PlannedRedirect, condition: Text, seen: Seen, *, slot: str | None = None) -> bool:
    """Say whether a condition of a redirect is true; with `slot` it sees that servant.

    Raises:
        RenderError: It cannot be evaluated, or is neither true nor false.
    """
    servant = {} if slot is None else {"servant": servant_view(plan.by_slot[slot])}
    try:
        return templates.holds(condition, _scope(plan, redirect, seen) | servant)
    except TemplateError as error:
        raise RenderError(error.problem.message) from error


def evaluate_outputs(plan: Plan, seen: Seen) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the value of each output by its name, as JSON, and for those without one the reason.

    A plan without outputs gives slot → text, the replies to its last message.
    """
    if not plan.outputs:
        return {slot: str(reply) for slot, reply in answers(plan, plan.last, seen.replies).items()}, {}
    scope = _common(plan, seen) | {"replies": _answers(plan, plan.targets, seen.replies)}
    values: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for output in plan.outputs:
        try:
            values[output.name] = _value(output, scope)
        except TemplateError as error:
            failures[output.name] = error.problem.message
    return values, failures


def _scope(plan: Plan, redirect: PlannedRedirect, seen: Seen) -> dict[str, Any]:
    scope = _common(plan, seen) | {"replies": _answers(plan, redirect.reads, seen.replies)}
    if seen.round is None:
        return scope
    block = plan.block_of.get(redirect.id, redirect)
    return scope | {"round": seen.round, "previous": _answers(plan, plan.messages_in(block.id), seen.previous)}


def _answers(plan: Plan, message_ids: Iterable[str], replies: Replies) -> dict[str, Any]:
    return {message_id: answers(plan, message_id, replies) for message_id in message_ids}


def _common(plan: Plan, seen: Seen) -> dict[str, Any]:
    return {
        "inputs": plan.inputs,
        "vars": plan.vars,
        "host": plan.host,
        "playbook": {"name": plan.name},
        "servants": Servants(plan.by_slot, seen.states),
        "approvals": Approvals(seen.approvals),
    }


def _value(output: PlannedOutput, scope: Mapping[str, Any]) -> Any:
    match output:
        case PlannedOutput(value=Text() as expression):
            return evaluate(expression, scope)
        case PlannedOutput(text=Text() as template):
            return render(template, scope)
    message = f"output '{output.name}' has neither a value nor a text"
    raise TypeError(message)

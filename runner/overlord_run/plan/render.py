"""Render what waits for replies: messages as the run reaches them, outputs at its end."""

from collections.abc import Mapping
from typing import Any

from overlord_run.expect.words import with_ending
from overlord_run.plan.language.templates import TemplateError, evaluate, render
from overlord_run.plan.model import Plan, PlannedOutput, PlannedRedirect
from overlord_run.plan.views import Replies, Servants, answers, servant_view
from overlord_run.playbook.model import Text

__all__ = ["RenderError", "Replies", "evaluate_outputs", "render_message"]


class RenderError(Exception):
    """A message cannot be rendered for a servant; its text is the reason, in one sentence without a full stop."""


def render_message(
    plan: Plan, redirect: PlannedRedirect, slot: str, replies: Replies, states: Mapping[str, str]
) -> str:
    """Return a redirect's message for one of its targets.

    Args:
        plan: The plan that holds the redirect.
        redirect: The redirect.
        slot: The target.
        replies: What was answered so far, at least to the messages that `redirect.reads` names.
        states: Slot → the servant's state.

    Raises:
        RenderError: The template reads a reply that does not exist, or cannot be rendered.
    """
    if redirect.texts is not None:
        return redirect.texts[slot]
    scope = {
        **_common(plan, states),
        "servant": servant_view(plan.by_slot[slot]),
        "replies": {message_id: answers(plan, message_id, replies) for message_id in redirect.reads},
    }
    try:
        return with_ending(render(redirect.template, scope), redirect.ending)
    except TemplateError as error:
        raise RenderError(error.problem.message) from error


def evaluate_outputs(plan: Plan, replies: Replies, states: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the value of each output by its name, as JSON, and for those without one the reason.

    A plan without outputs gives slot → text, the replies to its last message.
    """
    if not plan.outputs:
        return {slot: str(reply) for slot, reply in answers(plan, plan.last, replies).items()}, {}
    scope = {
        **_common(plan, states),
        "replies": {message_id: answers(plan, message_id, replies) for message_id in plan.targets},
    }
    values: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for output in plan.outputs:
        try:
            values[output.name] = _value(output, scope)
        except TemplateError as error:
            failures[output.name] = error.problem.message
    return values, failures


def _common(plan: Plan, states: Mapping[str, str]) -> dict[str, Any]:
    return {
        "inputs": plan.inputs,
        "vars": plan.vars,
        "host": plan.host,
        "playbook": {"name": plan.name},
        "servants": Servants(plan.by_slot, states),
    }


def _value(output: PlannedOutput, scope: Mapping[str, Any]) -> Any:
    match output:
        case PlannedOutput(value=Text() as expression):
            return evaluate(expression, scope)
        case PlannedOutput(text=Text() as template):
            return render(template, scope)
    message = f"output '{output.name}' has neither a value nor a text"
    raise TypeError(message)

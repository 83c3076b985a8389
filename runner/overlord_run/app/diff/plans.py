"""Bring a plan into facts: what would be sent to whom, and what that hangs on.

They are taken from the plan's JSON, so a key that is new there is compared by itself. Left out is what is not sent, and
what says again what stands elsewhere: a template whose texts are known, an expected schema, which ends the text, a
model's alias, and the digests of role files, whose texts are in what is sent.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from overlord_run.app.diff.compare import Facts, Subject
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedMessage, PlannedRedirect

_NOT_OF_THE_PLAYBOOK = frozenset(
    {"schemaVersion", "digest", "description", "host", "models", "servants", "redirects", "outputs", "sources"}
)
_NOT_OF_A_SOURCE = {"files"}
_NOT_OF_A_SERVANT = {"slot", "model", "task", "expect"}
_NOT_OF_A_REDIRECT = {"id", "to", "reads", "template", "texts", "expect"}
_NOT_WITHOUT_TARGETS = {"id", "to", "reads", "texts", "expect"}


def facts(plan: Plan) -> Facts:
    """Return the facts of a plan by what they are about, in the plan's order."""
    return dict(_facts(plan))


def requests(plan: Plan) -> Facts:
    """Return, for each message to each servant, the request as far as it is known before the first call."""
    return {
        Subject("request", message_id, slot): {
            "system": plan.by_slot[slot].system,
            "text": _text(plan, message_id, slot),
            "model": plan.models[plan.by_slot[slot].model].id,
            "params": plan.models[plan.by_slot[slot].model].params_for(message_id, plan.expect(message_id, slot)),
        }
        for message_id, slots in plan.targets.items()
        for slot in slots
    }


def _facts(plan: Plan) -> Iterator[tuple[Subject, Mapping[str, Any]]]:
    content = plan.to_json()
    sources = {role: _without(told, _NOT_OF_A_SOURCE) for role, told in content["sources"].items() if told["commit"]}
    yield Subject("playbook"), {**_without(content, _NOT_OF_THE_PLAYBOOK), "sources": sources}
    models = {model["alias"]: _without(model, {"alias"}) for model in content["models"]}
    for servant in content["servants"]:
        model, expect = models[servant["model"]], _expect(servant)
        told = {**_without(servant, _NOT_OF_A_SERVANT), "model": model, **expect}
        yield Subject("servant", slot=servant["slot"]), told
    yield from _texts(plan, STARTUP)
    for redirect in plan.every_redirect():
        yield Subject("message", redirect.id), _of_redirect(plan, redirect)
        yield from _texts(plan, redirect.id)
    for output in content["outputs"]:
        yield Subject("output", output["name"]), _without(output, {"name"})


def _of_redirect(plan: Plan, redirect: PlannedRedirect) -> Mapping[str, Any]:
    """Return the facts of a redirect; those of what stands in a block are its own, with the block that it stands in."""
    content = redirect.to_json()
    block = plan.block_of.get(redirect.id)
    inside = {} if block is None else {"block": block.id}
    if not isinstance(redirect, PlannedMessage):
        return {**_without(content, _NOT_OF_A_REDIRECT | {"redirects"}), **inside}
    left_out = _NOT_OF_A_REDIRECT if redirect.targets else _NOT_WITHOUT_TARGETS
    return {**_without(content, left_out), **_expect(content), **inside}


def _texts(plan: Plan, message_id: str) -> Iterator[tuple[Subject, Mapping[str, Any]]]:
    for slot in plan.targets.get(message_id, ()):
        yield Subject("request", message_id, slot), {"text": _text(plan, message_id, slot)}


def _text(plan: Plan, message_id: str, slot: str) -> str:
    if message_id == STARTUP:
        return plan.by_slot[slot].task or ""
    redirect = plan.by_id[message_id]
    return redirect.known_text(slot) if isinstance(redirect, PlannedMessage) else ""


def _expect(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {} if content["expect"] is None else {"expect": _without(content["expect"], {"schema"})}


def _without(content: Mapping[str, Any], keys: Set[str]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys}

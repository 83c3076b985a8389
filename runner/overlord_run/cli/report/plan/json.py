"""Tell programs a plan, in a form that is made to be compared.

Of one playbook, its inputs and what the operator says by flags and variables there is one form, on every machine: it
holds no path, no time, and nothing of who runs it, not even whether there is a key. A text stands there once, for all
who are sent it, and as its lines, so that a sentence that changes is a line that changes. Of a system message, which
ends with who the servant is, what stands before that end is such a text.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from msgspec.structs import replace

from overlord_run.app.prepare import Prepared, request_bodies
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.plan.sums import starting, sums, text_digest
from overlord_run.cli.report.problems import problems_json
from overlord_run.plan.ceiling import Ceiling, ceiling
from overlord_run.plan.estimate import tokens
from overlord_run.plan.flow import Edge, edges
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan, PlannedModel, PlannedOutput, PlannedServant
from overlord_run.plan.reads import waits_for
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedMessage, PlannedPause, PlannedRedirect
from overlord_run.playbook.money import Price, usd
from overlord_run.playbook.texts import Text
from overlord_run.problem import Problem
from overlord_run.settings.model import Settings

Json = dict[str, Any]
_PARAGRAPH = "\n\n"


def plan_json(prepared: Prepared, *, with_bodies: bool = False) -> Json:
    """Return the plan as JSON values; `with_bodies` adds every request body whole."""
    plan, found = prepared.plan, sums(prepared.plan)
    told: Json = {
        "schemaVersion": VERSION,
        "playbook": plan.name,
        "description": plan.description,
        "planDigest": prepared.plan_digest,
        "engine": prepared.engine,
        "settings": _settings(prepared.settings),
        "warnings": problems_json([_told_from(one, prepared.playbook.file) for one in prepared.warnings]),
        "models": [_model(model, prepared.prices.get(model.alias)) for model in plan.models.values()],
        "modelsToProve": list(prepared.models_to_prove),
        "inputs": dict(plan.inputs),
        "vars": dict(plan.vars),
        "host": None if plan.host is None else dict(plan.host),
        "limit": list(plan.limit),
        "recovery": plan.recovery,
        "systems": _systems(plan.servants),
        "servants": [_servant(servant) for servant in plan.servants],
        "startup": {"require": plan.startup_require, "texts": _startup_texts(plan)},
        "redirects": [_redirect(plan, redirect) for redirect in plan.redirects],
        "outputs": [_output(output) for output in plan.outputs],
        "last": plan.last,
        "reads": [_edge(edge) for edge in edges(plan)],
        "calls": {"most": found.calls, "waiting": found.waiting, "isConditional": found.is_conditional},
        "estimatedTokens": found.known_tokens,
        "ceiling": _ceiling(ceiling(plan, prepared.prices)),
    }
    if with_bodies:
        told["requests"] = [
            {"message": message_id, "slot": slot, "body": body} for message_id, slot, body in request_bodies(plan)
        ]
    return told


def _told_from(problem: Problem, playbook: str) -> Problem:
    """Return a problem with the path that it was given, unless that leads from the machine's root to the playbook."""
    path, folder = PurePath(problem.file), PurePath(playbook).parent
    is_here = path.is_absolute() and path.is_relative_to(folder)
    return replace(problem, file=(path.relative_to(folder) if is_here else path).as_posix())


def _settings(settings: Settings) -> Json:
    """Return what the operator can say of a run, without what only this machine has: a key, a proxy, certificates."""
    return {
        "baseUrl": settings.base_url,
        "provider": settings.provider,
        "timeoutS": settings.timeout_s,
        "concurrency": settings.concurrency,
        "attempts": settings.attempts,
        "rate": {
            "requestsPerMinute": settings.rate.requests_per_minute,
            "tokensPerMinute": settings.rate.tokens_per_minute,
        },
        "preflight": settings.preflight,
        "leaseS": settings.lease_s,
        "budget": settings.limits.to_json() if settings.limits else None,
        "overrides": list(settings.overrides),
    }


def _model(model: PlannedModel, price: Price | None) -> Json:
    return {**model.to_json(), "price": None if price is None else price.to_json()}


def _systems(servants: Iterable[PlannedServant]) -> list[Json]:
    """Return what system messages begin with, each once: the frame and the role, which servants share."""
    found: dict[str, list[str]] = {}
    for servant in servants:
        found.setdefault("".join(servant.system.rpartition(_PARAGRAPH)[:2]), []).append(servant.slot)
    return [{"slots": slots, "lines": shared.split("\n")[:-1]} for shared, slots in found.items()]


def _servant(servant: PlannedServant) -> Json:
    own = servant.system.rpartition(_PARAGRAPH)[2]
    return {
        "slot": servant.slot,
        "name": servant.name,
        "role": servant.role,
        "model": servant.model,
        "profile": servant.profile,
        "with": dict(servant.values),
        "repairs": None if servant.expect is None else servant.expect.repairs,
        "system": {**_known(servant.system), "lines": own.split("\n")},
    }


def _startup_texts(plan: Plan) -> list[Json]:
    texts = {servant.slot: servant.task or "" for servant in starting(plan)}
    return [
        {**_asked(plan, STARTUP, slots), "waitsFor": [], **_known(text)} for text, slots in _alike(plan, texts.items())
    ]


def _redirect(plan: Plan, redirect: PlannedRedirect) -> Json:
    common = {
        "id": redirect.id,
        "kind": redirect.kind,
        "after": list(redirect.after),
        "needs": list(redirect.needs),
        "when": _source(redirect.when),
        "onFailure": redirect.on_failure,
    }
    match redirect:
        case PlannedMessage():
            return {**common, **_message(plan, redirect)}
        case PlannedCheck():
            return {**common, "check": redirect.check.source, "message": _template(redirect.message)}
        case PlannedPause():
            return {**common, "pause": _template(redirect.pause)}
        case PlannedBlock():
            return {
                **common,
                "redirects": [_redirect(plan, each) for each in redirect.redirects],
                "repeat": redirect.to_json()["repeat"],
            }
    raise TypeError(redirect)


def _message(plan: Plan, message: PlannedMessage) -> Json:
    waits = list(waits_for(message.template, plan.by_slot.keys()))
    texts = ((slot, message.known_text(slot)) for slot in message.targets)
    return {
        "to": message.to,
        "only": _source(message.only),
        "require": message.require,
        "timeoutS": message.timeout_s,
        "repairs": None if message.expect is None else message.expect.repairs,
        "texts": [
            {
                **_asked(plan, message.id, slots),
                "waitsFor": waits,
                **(_known(text) if message.texts is not None else _unknown(text)),
            }
            for text, slots in _alike(plan, texts)
        ],
    }


def _alike(plan: Plan, texts: Iterable[tuple[str, str]]) -> Iterable[tuple[str, list[str]]]:
    """Yield each text with the slots of those who are sent it and whose requests are alike besides."""
    found: dict[tuple[str, str], list[str]] = {}
    for slot, text in texts:
        found.setdefault((plan.by_slot[slot].model, text), []).append(slot)
    return ((text, slots) for (_, text), slots in found.items())


def _asked(plan: Plan, message_id: str, slots: Sequence[str]) -> Json:
    """Return who is sent a text, and the request body that it goes in, but for the body's `messages`."""
    model = plan.models[plan.by_slot[slots[0]].model]
    params = model.params_for(message_id, plan.expect(message_id, slots[0]))
    return {"slots": slots, "request": {"model": model.id, **params}}


def _known(text: str) -> Json:
    return {"digest": text_digest(text), "estimatedTokens": tokens(text), "lines": text.split("\n")}


def _unknown(template: str) -> Json:
    return {"digest": None, "estimatedTokens": None, "lines": template.split("\n")}


def _output(output: PlannedOutput) -> Json:
    return {
        "name": output.name,
        "value": _source(output.value),
        "text": _template(output.text),
        "file": output.file,
    }


def _edge(edge: Edge) -> Json:
    return {
        "reader": edge.reader,
        "kind": edge.kind,
        "part": edge.part,
        "slots": list(edge.slots),
        "message": edge.message,
        "of": list(edge.of),
        "previous": edge.previous,
    }


def _ceiling(found: Ceiling) -> Json:
    return {
        "tokens": found.tokens,
        "usd": usd(found.cost.nano_usd) if found.cost.priced and not found.cost.unpriced else None,
        "unbounded": list(found.unbounded),
        "unpriced": list(found.unpriced),
    }


def _source(text: Text | None) -> str | None:
    return None if text is None else text.source


def _template(text: Text | None) -> list[str] | None:
    return None if text is None else text.source.split("\n")

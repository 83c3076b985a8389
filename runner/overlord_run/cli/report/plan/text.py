"""Tell people a plan: who is sent what, how long that is, and what waits for which replies."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from overlord_run.app.prepare import Prepared, request_bodies
from overlord_run.cli.report.plan.sums import starting, sums, text_digest
from overlord_run.cli.report.table import table
from overlord_run.cli.report.words import counted, indented, joined, seconds
from overlord_run.expect.words import with_ending
from overlord_run.plan.ceiling import Ceiling, ceiling
from overlord_run.plan.estimate import tokens
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan, PlannedModel
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedMessage, PlannedPause, PlannedRedirect
from overlord_run.plan.targets import required
from overlord_run.playbook.model import Provenance, Rate
from overlord_run.playbook.money import LimitName, Limits, Price, in_limit, in_usd
from overlord_run.playbook.repository import SHORT

_DIGITS = 12


def plan_text(prepared: Prepared, *, with_bodies: bool = False) -> str:
    """Return the plan for people; `with_bodies` adds the request bodies as they would be sent."""
    plan = prepared.plan
    parts = [_head(prepared), _servants(plan)]
    if starting(plan):
        parts.append(_startup(plan))
    parts += [_redirect(redirect) for redirect in plan.redirects]
    if plan.outputs:
        parts.append(_outputs(plan))
    parts.append(_sum(prepared))
    if with_bodies:
        parts += [_body(*body) for body in request_bodies(plan)]
    return "\n\n".join(parts)


def _head(prepared: Prepared) -> str:
    settings, plan = prepared.settings, prepared.plan
    calls = [
        f"timeout {seconds(settings.timeout_s)}",
        f"concurrency {settings.concurrency}",
        f"attempts {settings.attempts}",
        *_rate(settings.rate),
    ]
    lines = [
        f"Plan of {plan.name} ({prepared.playbook.file}); nothing has been sent",
        f"digest   {prepared.plan_digest}",
        f"engine   {_engine(prepared)}",
        *(f"record   {kept.path}" for kept in [prepared.kept] if kept is not None),
        f"calls    {', '.join(calls)}",
        *(f"pack     {text}" for text in _packs(plan.sources.values())),
        *(f"model    {_model(model, prepared.prices.get(model.alias))}" for model in plan.models.values()),
        *(f"budget   {text}" for text in _limits(settings.limits)),
        f"to prove {joined(prepared.models_to_prove)}",
        *([f"limit    {joined(plan.limit)}: the others are left out"] if plan.limit else []),
        *(f"override {sentence}" for sentence in settings.overrides),
    ]
    return "\n".join(lines)


def _packs(sources: Iterable[Provenance]) -> Iterable[str]:
    """Yield each locked pack once, with the commit that is read, in the order of the roles."""
    locked = {one.pack: one for one in sources if one.commit}
    for name, one in locked.items():
        asked = "" if one.kind == "commit" else f"{one.kind} {one.rev}, "
        yield f"{name} is {asked}commit {one.commit[:SHORT]}"


def _rate(rate: Rate) -> Iterable[str]:
    if rate.requests_per_minute is not None:
        yield f"{counted(rate.requests_per_minute, 'request')} a minute"
    if rate.tokens_per_minute is not None:
        yield f"{counted(rate.tokens_per_minute, 'token')} a minute"


def _engine(prepared: Prepared) -> str:
    if prepared.recording_file is not None:
        return f"the recording {prepared.recording_file['path']}: no key, no network"
    return "the rehearsal: no key, no network" if prepared.engine == "rehearsal" else prepared.settings.base_url


def _limits(limits: Limits) -> Iterable[str]:
    names: tuple[LimitName, ...] = get_args(LimitName)
    yield from (in_limit(name, value) for name in names if (value := limits.of(name)) is not None)


def _price(price: Price) -> str:
    return f"{in_usd(price.rates.input)} in and {in_usd(price.rates.output)} out a million tokens"


def _model(model: PlannedModel, price: Price | None) -> str:
    parts = [f"{model.alias} is {model.id}"]
    if model.params:
        parts.append(f"with {json.dumps(dict(model.params), ensure_ascii=False)}")
    if model.timeout_s is not None:
        parts.append(f"timeout {seconds(model.timeout_s)}")
    if model.json_mode != "none":
        parts.append(f"JSON mode {model.json_mode}")
    parts.append("unpriced" if price is None else _price(price))
    return ", ".join(parts)


def _servants(plan: Plan) -> str:
    header = ("slot", "role", "model", "profile", "system message")
    return table(header, [(one.slot, one.role, one.model, one.profile, _measure(one.system)) for one in plan.servants])


def _startup(plan: Plan) -> str:
    return "\n".join(["startup: side by side", *_texts({one.slot: one.task or "" for one in starting(plan)})])


def _redirect(redirect: PlannedRedirect, begins: str = f"after {STARTUP}") -> str:
    """Return a redirect; `begins` says when one begins that waits for no other."""
    facts = [f"after {joined(redirect.after)}" if redirect.after else begins]
    if redirect.needs:
        facts.append(f"needs {joined(redirect.needs)}")
    if redirect.when is not None:
        facts.append(f"when {redirect.when.source}")
    if isinstance(redirect, PlannedMessage):
        return _message(redirect, facts)
    if redirect.on_failure == "stop":
        facts.append("a failure stops the run")
    match redirect:
        case PlannedCheck():
            facts = [f"check {redirect.check.source}", *facts]
            texts = [] if redirect.message is None else ["  where it is false:", indented(redirect.message.source)]
            return "\n".join([f"{redirect.id}: {'; '.join(facts)}", *texts])
        case PlannedPause():
            head = f"{redirect.id}: pause for a person's word; {'; '.join(facts)}"
            return "\n".join([head, indented(redirect.pause.source)])
        case PlannedBlock():
            inside = [indented(_redirect(each, "as the round begins"), 2) for each in redirect.redirects]
            return "\n".join([f"{redirect.id}: {'; '.join([_rounds(redirect), *facts])}", *inside])
    raise TypeError(redirect)


def _message(redirect: PlannedMessage, common: Iterable[str]) -> str:
    if not redirect.targets:
        return f"{redirect.id}: to {redirect.to}; skipped: nobody in this run is called so"
    targets = len(redirect.targets)
    chosen = "" if redirect.only is None else f" where {redirect.only.source}"
    facts = [f"to {redirect.to}{chosen}", *common]
    if redirect.only is None:
        facts.append(f"{required(redirect.require, targets)} of {targets} must answer")
    else:
        facts.append(f"{redirect.require} of these must answer")
    if redirect.timeout_s is not None:
        facts.append(f"timeout {seconds(redirect.timeout_s)}")
    if redirect.on_failure == "stop":
        facts.append("a failure stops the run")
    if redirect.expect is not None:
        facts.append(f"JSON that fits its schema, {counted(redirect.expect.repairs, 'repair')}")
    head = f"{redirect.id}: {'; '.join(facts)}"
    if redirect.texts is not None:
        return "\n".join([head, *_texts(redirect.texts)])
    wait = f"waits for the replies to {joined(redirect.reads)}" if redirect.reads else "is rendered when it is sent"
    to = f"  to {', '.join(redirect.targets)}: {wait}; its template:"
    return "\n".join([head, to, indented(with_ending(redirect.template.source, redirect.ending))])


def _rounds(block: PlannedBlock) -> str:
    repeat = block.repeat
    if repeat.until is None:
        return f"block of {counted(repeat.max, 'round')}"
    then = "fails" if repeat.at_max == "fail" else "is done"
    return f"block until {repeat.until.source}, at most {counted(repeat.max, 'round')}, then it {then}"


def _texts(texts: Mapping[str, str]) -> Iterable[str]:
    """Yield each text once, with everyone whom it goes to."""
    slots_by_text: dict[str, list[str]] = {}
    for slot, text in texts.items():
        slots_by_text.setdefault(text, []).append(slot)
    for text, slots in slots_by_text.items():
        yield f"  to {', '.join(slots)}: {_measure(text)}"
        yield indented(text)


def _measure(text: str) -> str:
    return f"about {counted(tokens(text), 'token')}, {text_digest(text)[: len('sha256:') + _DIGITS]}"


def _outputs(plan: Plan) -> str:
    rows = []
    for output in plan.outputs:
        source = output.value or output.text
        told = "" if source is None else source.source.strip().partition("\n")[0]
        rows.append((output.name, told, output.file or ""))
    return table(("output", "from", "file"), rows)


def _sum(prepared: Prepared) -> str:
    found = sums(prepared.plan)
    calls = f"{'at most ' if found.is_conditional else ''}{counted(found.calls, 'call')}"
    known, waiting = counted(found.known_tokens, "token"), counted(found.waiting, "call")
    told = f"In all {calls}; about {known} are known now, the texts of {waiting} wait for replies"
    return f"{told}\n{_ceiling(ceiling(prepared.plan, prepared.prices))}"


def _ceiling(found: Ceiling) -> str:
    """Tell what all of it may cost at most, and of which models that is not known."""
    if found.unbounded:
        sets = "sets" if len(found.unbounded) == 1 else "set"
        return f"Cost without a ceiling: {joined(found.unbounded)} {sets} no max_tokens"
    if not found.cost.priced:
        return f"Cost unpriced: {joined(found.unpriced)} {'has' if len(found.unpriced) == 1 else 'have'} no price"
    rest = f" + unpriced ({joined(found.unpriced)})" if found.unpriced else ""
    return f"Cost at most about {in_usd(found.cost.nano_usd)}{rest}, if every answer is as long as it may be"


def _body(message_id: str, slot: str, body: Mapping[str, Any]) -> str:
    return f"{message_id} to {slot}, the request body:\n{json.dumps(body, indent=2, ensure_ascii=False)}"

"""Turn the bytes of a playbook into a Playbook: YAML, then the schema, then the checks, all problems told at once."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from overlord_run.playbook import checks, schema, written
from overlord_run.playbook.declarations import build_inputs
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import (
    Assignment,
    AtMax,
    BlockRedirect,
    CheckRedirect,
    Engine,
    ForEach,
    JsonMode,
    MessageRedirect,
    Model,
    OnFailure,
    Output,
    Pack,
    PauseRedirect,
    Playbook,
    Preflight,
    Profile,
    Rate,
    Recovery,
    Redirect,
    Repeat,
    Role,
)
from overlord_run.playbook.money import Budget, Limits, Price, Rates, nano_usd
from overlord_run.playbook.rules import bounded, is_harmless
from overlord_run.playbook.source import Document, digest_of, scan
from overlord_run.playbook.texts import FileRef, Text
from overlord_run.problem import Problem

PROFILES: Mapping[str | None, Profile] = {name: name for name in get_args(Profile)}
_ON_FAILURE: Mapping[str | None, OnFailure] = {name: name for name in get_args(OnFailure)}
_AT_MAX: Mapping[str | None, AtMax] = {name: name for name in get_args(AtMax)}
_PREFLIGHT: Mapping[str | None, Preflight] = {name: name for name in get_args(Preflight)}
_RECOVERY: Mapping[str | None, Recovery] = {name: name for name in get_args(Recovery)}
_JSON_MODES: Mapping[str | None, JsonMode] = {name: name for name in get_args(JsonMode)}


def read(data: bytes, file: str) -> tuple[Playbook | None, list[Problem]]:
    """Return a playbook and all that is wrong with it, so that its files and templates can be looked at as well.

    It is None where something wrong touches its names and references: what would be found in its files and templates
    might only follow from that. A value that is wrong is absent from it. Warnings are told where nothing is wrong.
    """
    document, problems = checked(data, file, "playbook")
    if document is None:
        return None, problems
    problems += _elsewhere(checks.check(document, problems), problems)
    if not all(map(is_harmless, problems)):
        return None, bounded(problems)
    digest = digest_of(data)
    return _build(document, digest), bounded(problems) or written.check(document)


def checked(data: bytes | str, file: str, name: str) -> tuple[Document | None, list[Problem]]:
    """Return a YAML document, None where there is none, and what is wrong with it as YAML and by the schema `name`."""
    document, problems = scan(data, file)
    if document is None:
        return None, problems
    return document, [*problems, *_elsewhere(schema.check(document, name), problems)]


def _elsewhere(later: Iterable[Problem], told: Iterable[Problem]) -> list[Problem]:
    """Return the problems at places of which nothing was told yet: what is found later may only follow from it."""
    places = {(each.line, each.column) for each in told}
    return [each for each in later if (each.line, each.column) not in places]


def _build(document: Document, digest: str) -> Playbook:
    fields = Fields.of(document)
    return Playbook(
        file=document.file,
        name=fields.string("name") or "",
        digest=digest,
        description=fields.string("description") or "",
        inputs=build_inputs(fields),
        vars=fields.mapping("vars"),
        engine=_engine(fields.inner("engine")),
        models=_models(fields),
        packs={name: _pack(name, each) for name, each in fields.named("packs")},
        roles={name: _role(name, each) for name, each in fields.named("roles")},
        assignments=tuple(_assignment(each) for each in fields.listed("assignments")),
        redirects=tuple(_redirect(each) for each in fields.listed("redirects")),
        outputs=tuple(_output(name, each) for name, each in fields.named("outputs")),
        places={path: mark.key for path, mark in document.marks.items()},
        written={path: mark.written for path, mark in document.marks.items() if mark.written},
    )


def _engine(fields: Fields) -> Engine:
    base_url = fields.string("base_url")
    return Engine(
        base_url=base_url,
        base_url_place=None if base_url is None else fields.place_of("base_url"),
        provider=fields.string("provider"),
        timeout_s=fields.seconds("timeout"),
        concurrency=fields.integer("concurrency"),
        preflight=_PREFLIGHT.get(fields.string("preflight")),
        attempts=fields.inner("retry").integer("attempts"),
        rate=_rate(fields.inner("rate")) if fields.has("rate") else None,
        lease_s=fields.seconds("lease", units="smh"),
        startup_require=_require(fields.inner("startup")),
        recovery=_RECOVERY.get(fields.string("recovery")),
        budget=_budget(fields.inner("budget")),
    )


def _budget(fields: Fields) -> Budget:
    amount, seconds = fields.number("usd"), fields.seconds("time", units="smh")
    return Budget(
        Limits(
            nano_usd=None if amount is None else nano_usd(amount),
            tokens=fields.integer("tokens"),
            requests=fields.integer("requests"),
            time_ms=None if seconds is None else round(seconds * 1000),
        ),
        _price(fields.inner("unpriced")),
    )


def _price(fields: Fields) -> Price | None:
    above, rates, dearer = fields.inner("above"), _rates(fields), _rates(fields.inner("above"))
    tokens = above.integer("tokens")
    if rates is None or tokens is None or dearer is None:
        return None if rates is None else Price(rates)
    return Price(rates, dearer, tokens)


def _rates(fields: Fields) -> Rates | None:
    given, cached, answered = fields.number("input"), fields.number("cached"), fields.number("output")
    if given is None or answered is None:
        return None
    return Rates(nano_usd(given), nano_usd(given if cached is None else cached), nano_usd(answered))


def _rate(fields: Fields) -> Rate:
    return Rate(fields.integer("requests_per_minute"), fields.integer("tokens_per_minute"))


def _require(fields: Fields) -> str | int | None:
    count = fields.integer("require")
    return fields.string("require") if count is None else count


def _models(fields: Fields) -> dict[str, Model]:
    models = {alias: Model(alias, id_) for alias, id_ in checks.DEFAULT_MODELS.items()}
    for alias, declared in fields.named("models"):
        models[alias] = Model(
            alias=alias,
            id=declared.string("id") or fields.inner("models").string(alias) or "",
            params=declared.mapping("params"),
            timeout_s=declared.seconds("timeout"),
            place=declared.key,
            json_mode=_JSON_MODES.get(declared.string("json_mode"), "none"),
            price=_price(declared.inner("price")),
        )
    return models


def _pack(name: str, fields: Fields) -> Pack:
    git, rev = fields.string("git") or "", fields.string("rev") or ""
    return Pack(name, git, rev, fields.string("path") or "", fields.key)


def _role(name: str, fields: Fields) -> Role:
    file = fields.string("from")
    return Role(
        name=name,
        place=fields.key,
        system=fields.source("system"),
        file=None if file is None else FileRef(file, fields.place_of("from")),
        values=fields.values("with"),
        inputs=build_inputs(fields),
        task=fields.source("task"),
        model=fields.string("model"),
        description=fields.string("description") or "",
        profile=PROFILES.get(fields.string("profile")),
    )


def _assignment(fields: Fields) -> Assignment:
    return Assignment(
        slot=fields.string("slot") or "",
        role=fields.string("role") or "",
        place=fields.key,
        name=fields.string("name") or "",
        values=fields.values("with"),
        task=fields.source("task"),
        model=fields.string("model"),
        profile=PROFILES.get(fields.string("profile")),
        expect=fields.expect("expect"),
        for_each=_for_each(fields),
    )


def _for_each(fields: Fields) -> ForEach | None:
    elements, slot = fields.text("for_each"), fields.text("slot")
    return None if elements is None or slot is None else ForEach(elements, slot, fields.text("name"))


def _redirect(fields: Fields) -> Redirect:
    after = tuple(id_ for id_, _ in fields.strings("after"))
    common: dict[str, Any] = {
        "id": fields.string("id") or "",
        "place": fields.key,
        "after": after if fields.has("after") else None,
        "needs": tuple(id_ for id_, _ in fields.strings("needs")),
        "when": fields.expression("when"),
        "on_failure": _ON_FAILURE.get(fields.string("on_failure"), "continue"),
    }
    if fields.has("check"):
        check = fields.expression("check") or Text("", fields.key)
        return CheckRedirect(check=check, message=fields.source("message"), **common)
    if fields.has("pause"):
        return PauseRedirect(pause=fields.text("pause") or Text("", fields.key), **common)
    if fields.has("redirects"):
        inner = tuple(_redirect(each) for each in fields.listed("redirects"))
        return BlockRedirect(redirects=inner, repeat=_repeat(fields.inner("repeat")), **common)
    require = _require(fields)
    return MessageRedirect(
        to=tuple(target for target, _ in fields.strings("to")),
        message=fields.source("message") or Text("", fields.key),
        only=fields.expression("only"),
        timeout_s=fields.seconds("timeout"),
        require="any" if require is None else require,
        expect=fields.expect("expect"),
        **common,
    )


def _repeat(fields: Fields) -> Repeat | None:
    most = fields.integer("max")
    if most is None:
        return None
    return Repeat(most, fields.expression("until"), _AT_MAX.get(fields.string("at_max"), "fail"))


def _output(name: str, fields: Fields) -> Output:
    return Output(
        name=name,
        place=fields.key,
        value=fields.text("value"),
        text=fields.text("text"),
        file=fields.string("file"),
    )

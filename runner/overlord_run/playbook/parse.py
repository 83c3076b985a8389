"""Turn the bytes of a playbook into a Playbook: YAML, then the schema, then the checks, all problems told at once."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import get_args

from overlord_run.errors import Problem
from overlord_run.playbook import checks, schema
from overlord_run.playbook.declarations import build_inputs
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import (
    Assignment,
    Engine,
    FileRef,
    JsonMode,
    Model,
    OnFailure,
    Output,
    Playbook,
    Preflight,
    Profile,
    Rate,
    Recovery,
    Redirect,
    Role,
    Text,
)
from overlord_run.playbook.rules import bounded, is_harmless
from overlord_run.playbook.source import Document, scan

PROFILES: Mapping[str | None, Profile] = {name: name for name in get_args(Profile)}
_ON_FAILURE: Mapping[str | None, OnFailure] = {name: name for name in get_args(OnFailure)}
_PREFLIGHT: Mapping[str | None, Preflight] = {name: name for name in get_args(Preflight)}
_RECOVERY: Mapping[str | None, Recovery] = {name: name for name in get_args(Recovery)}
_JSON_MODES: Mapping[str | None, JsonMode] = {name: name for name in get_args(JsonMode)}


def read(data: bytes, file: str) -> tuple[Playbook | None, list[Problem]]:
    """Return a playbook and all that is wrong with it, so that its files and templates can be looked at as well.

    It is None where something wrong touches its names and references: what would be found in its files and templates
    might only follow from that. A value that is wrong is absent from it.
    """
    document, problems = checked(data, file, "playbook")
    if document is None:
        return None, problems
    problems += _elsewhere(checks.check(document, problems), problems)
    if not all(map(is_harmless, problems)):
        return None, bounded(problems)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return _build(document, digest), bounded(problems)


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
        roles={name: _role(name, each) for name, each in fields.named("roles")},
        assignments=tuple(_assignment(each) for each in fields.listed("assignments")),
        redirects=tuple(_redirect(each) for each in fields.listed("redirects")),
        outputs=tuple(_output(name, each) for name, each in fields.named("outputs")),
        places={path: mark.key for path, mark in document.marks.items()},
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
    )


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
        )
    return models


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
    )


def _redirect(fields: Fields) -> Redirect:
    require = _require(fields)
    after = tuple(id_ for id_, _ in fields.strings("after"))
    return Redirect(
        id=fields.string("id") or "",
        place=fields.key,
        to=tuple(target for target, _ in fields.strings("to")),
        message=fields.source("message") or Text("", fields.key),
        timeout_s=fields.seconds("timeout"),
        require="any" if require is None else require,
        after=after if fields.has("after") else None,
        on_failure=_ON_FAILURE.get(fields.string("on_failure"), "continue"),
        expect=fields.expect("expect"),
    )


def _output(name: str, fields: Fields) -> Output:
    return Output(
        name=name,
        place=fields.key,
        value=fields.text("value"),
        text=fields.text("text"),
        file=fields.string("file"),
    )

"""Settle every setting once: flag, then environment, then playbook, then the user's config file, then default."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from overlord_run.errors import UsageError
from overlord_run.plan.model import Plan
from overlord_run.playbook.address import parse_address
from overlord_run.playbook.model import Engine, Model, Playbook, Rate
from overlord_run.playbook.money import LimitName, Limits, in_limit
from overlord_run.settings.access import Access, address_said, no_access, settle_access
from overlord_run.settings.caps import capped, unused_caps
from overlord_run.settings.environment import CA_FILE, MODEL, ULTRA_MODEL, Said, operator
from overlord_run.settings.model import DEFAULT_LEASE_S, Config, Flags, Settings, StandIn
from overlord_run.settings.timeout import in_words, timeout_asked
from overlord_run.settings.trust import DEFAULT_BASE_URL

DEFAULT_MODELS = {"normal": "fugu", "ultra": "fugu-ultra"}

_DEFAULT_PROVIDER = "sakana"
_DEFAULT_TIMEOUT_S = 90.0
_DEFAULT_ATTEMPTS = 3
_DEFAULT_CONCURRENCY = 8
_DEFAULT_CONCURRENCY_ON_LOOPBACK = 2


def resolve(
    flags: Flags,
    environ: Mapping[str, str],
    engine: Engine,
    config: Config,
    *,
    models: Mapping[str, Model],
    stand_in: StandIn | None,
) -> Settings:
    """Return what a run is set to.

    Args:
        flags: What the command line says.
        environ: The environment.
        engine: What the playbook says of the API.
        config: What the user's config file says.
        models: The playbook's models by alias, to tell which of them the operator's win over.
        stand_in: What answers in the API's place, if nothing will be sent: then no key is read, and address, trust,
            proxy, CA file and rate play no part.

    Raises:
        UsageError: A flag's value is malformed or out of range.
        SettingsError: A variable's value is malformed, or address, trust or key do not allow a run.
    """
    access = no_access(stand_in) if stand_in else settle_access(flags, environ, engine, config)
    timeout = timeout_asked(flags.timeout, environ)
    models_said = model_ids(flags, environ)
    settings = Settings(
        base_url=access.address.url,
        provider=engine.provider or _DEFAULT_PROVIDER,
        key=access.key,
        key_name=access.key_name,
        key_required=access.key_required,
        timeout_s=timeout.seconds if timeout else engine.timeout_s or _DEFAULT_TIMEOUT_S,
        concurrency=_concurrency(flags, engine, access),
        attempts=1 if flags.fail_fast else engine.attempts or _DEFAULT_ATTEMPTS,
        rate=Rate() if stand_in else engine.rate or Rate(),
        preflight=engine.preflight or "models",
        model_ids={alias: said.value for alias, said in models_said.items()},
        proxy=None if stand_in else _proxy(flags, config, access),
        ca_file=None if stand_in else _ca_file(flags, environ, config),
        trusted=access.trusted,
        base_url_from=access.named_by,
        lease_s=engine.lease_s or DEFAULT_LEASE_S,
        limits=capped(engine.budget.limits, flags),
        notes=(
            *(note for note in (access.note, timeout.note if timeout else None) if note),
            *_not_used(flags, access, stand_in),
            *unused_caps(engine.budget.limits, flags),
        ),
    )
    said_by = {
        "base_url": access.named_by,
        "timeout": timeout.by if timeout else None,
        "concurrency": None if flags.concurrency is None else "--concurrency",
        "attempts": "--fail-fast" if flags.fail_fast else None,
        "usd": None if flags.max_usd is None else "--max-usd",
        "tokens": None if flags.max_tokens is None else "--max-tokens",
        **{alias: said.by for alias, said in models_said.items()},
    }
    return replace(settings, overrides=tuple(_overrides(settings, said_by, engine, models)))


def models_to_prove(settings: Settings, playbook: Playbook, plan: Plan) -> tuple[str, ...]:
    """Return the ids that the API must list before anything is sent, sorted.

    They are the models that the plan uses, that the playbook or the operator configures, and at the default base URL
    the normal and the ultra model too.
    """
    configured = {alias: model.id for alias, model in playbook.models.items() if model.place is not None}
    used = {alias: model.id for alias, model in plan.models.items()}
    return tuple(sorted({*(usual_models(settings) | used | configured | dict(settings.model_ids)).values()}))


def usual_models(settings: Settings) -> dict[str, str]:
    """Return alias → id of the models that the API must list whatever the playbook says.

    They are those that the operator configures, and at the default base URL the normal and the ultra model.
    """
    return (DEFAULT_MODELS if settings.base_url == DEFAULT_BASE_URL else {}) | dict(settings.model_ids)


def model_ids(flags: Flags, environ: Mapping[str, str]) -> dict[str, Said]:
    """Return alias → what the operator says its model's id is, where a flag or variable says one.

    Raises:
        UsageError: One is blank.
    """
    said = {
        "normal": operator(flags.model, "--model", environ, MODEL),
        "ultra": operator(flags.ultra_model, "--ultra-model", environ, ULTRA_MODEL),
    }
    blank = next((model for model in said.values() if model is not None and not model.value.strip()), None)
    if blank is not None:
        message = f"{blank.by} is blank"
        raise UsageError(message, next="give a model id, like fugu")
    return {alias: model for alias, model in said.items() if model is not None}


def _concurrency(flags: Flags, engine: Engine, access: Access) -> int:
    if flags.concurrency is None:
        usual = _DEFAULT_CONCURRENCY_ON_LOOPBACK if access.address.is_loopback else _DEFAULT_CONCURRENCY
        return engine.concurrency or usual
    return flags.concurrency


def _proxy(flags: Flags, config: Config, access: Access) -> str | None:
    """Return the proxy's URL; None for loopback: what stays on this machine, the key too, is not handed to a proxy."""
    said = Said(flags.proxy, "--proxy") if flags.proxy is not None else None
    if said is None and config.proxy is not None:
        said = Said(config.proxy, f"{config.path}: proxy")
    proxy = None if said is None else address_said(said)
    return None if proxy is None or access.address.is_loopback else proxy.url


def _not_used(flags: Flags, access: Access, stand_in: StandIn | None) -> Iterator[str]:
    """Yield a sentence for each flag that plays no part."""
    if stand_in:
        sent_with = {
            "--base-url": flags.base_url,
            "--api-key-env": flags.api_key_env,
            "--api-key-file": flags.api_key_file,
            "--trust-host": flags.trust_hosts or None,
            "--proxy": flags.proxy,
            "--ca-file": flags.ca_file,
        }
        yield from (
            f"{name} is not used: a {stand_in} sends nothing" for name, said in sent_with.items() if said is not None
        )
    elif flags.proxy is not None and access.address.is_loopback:
        yield f"--proxy is not used: {access.address.authority} is on this machine"


def _ca_file(flags: Flags, environ: Mapping[str, str], config: Config) -> str | None:
    said = operator(flags.ca_file, "--ca-file", environ, CA_FILE)
    return config.ca_file if said is None else said.value


def _overrides(
    settings: Settings, said_by: Mapping[str, str | None], engine: Engine, models: Mapping[str, Model]
) -> Iterator[str]:
    """Yield a sentence for each setting that a flag or variable said and the playbook says otherwise."""
    rows: list[tuple[str, str, object, object]] = [
        ("base_url", "the base URL", settings.base_url, engine.base_url and parse_address(engine.base_url).url),
        ("timeout", "the timeout", in_words(settings.timeout_s), engine.timeout_s and in_words(engine.timeout_s)),
        ("concurrency", "the concurrency", settings.concurrency, engine.concurrency),
        ("attempts", "the number of attempts", settings.attempts, engine.attempts),
        ("usd", "the budget", *_told("usd", settings.limits, engine)),
        ("tokens", "the budget", *_told("tokens", settings.limits, engine)),
    ]
    for alias, model_id in settings.model_ids.items():
        model = models.get(alias)
        rows.append((alias, f"the model {alias}", model_id, model.id if model and model.place else None))
    for name, what, ours, theirs in rows:
        if said_by.get(name) and theirs not in (None, ours):
            yield f"{what} is {ours}, from {said_by[name]}; the playbook says {theirs}"


def _told(name: LimitName, limits: Limits, engine: Engine) -> tuple[str | None, str | None]:
    """Return a limit as it is and as the playbook has it, as people read them."""
    ours, theirs = limits.of(name), engine.budget.limits.of(name)
    return None if ours is None else in_limit(name, ours), None if theirs is None else in_limit(name, theirs)

"""Work out what a recorded run is set to, when another process takes it up: as it was, with the key of today."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.errors import StoreError
from overlord_run.playbook.model import Engine, Rate
from overlord_run.playbook.money import Price, price_from_json
from overlord_run.settings.environment import BASE_URL, MODEL, TIMEOUT_MS, ULTRA_MODEL
from overlord_run.settings.model import Config, Flags, Settings, StandIn
from overlord_run.settings.precedence import resolve

_FROZEN = frozenset({*BASE_URL, *MODEL, *ULTRA_MODEL, *TIMEOUT_MS})


class Recorded(Struct, frozen=True):
    """What the log says of a run's settings, checked to be of the types that it should have.

    Attributes:
        prices: What each model's tokens cost, by alias, as it was when the run began.
        is_operators: Whether a flag or variable of the operator named the base URL then.
        trusted: The host that the operator trusted then, or None.
    """

    base_url: str
    provider: str
    timeout_s: float
    concurrency: int
    attempts: int
    rate: Rate
    preflight: str
    lease_s: float
    model_ids: Mapping[str, str]
    models_to_prove: tuple[str, ...]
    prices: Mapping[str, Price | None]
    proxy: str | None
    ca_file: str | None
    is_operators: bool
    trusted: str | None


def read_recorded(settings: Mapping[str, Any]) -> Recorded:
    """Return the settings of a run as its first event has them.

    Raises:
        StoreError: They are not what this program writes.
    """
    try:
        return Recorded(
            base_url=_text(settings["baseUrl"]),
            provider=_text(settings["provider"]),
            timeout_s=float(settings["timeoutS"]),
            concurrency=int(settings["concurrency"]),
            attempts=int(settings["attempts"]),
            rate=_rate(settings["rate"]),
            preflight=_text(settings["preflight"]),
            lease_s=float(settings["leaseS"]),
            model_ids={_text(alias): _text(model_id) for alias, model_id in settings["modelIds"].items()},
            models_to_prove=tuple(_text(model_id) for model_id in settings["modelsToProve"]),
            prices={_text(alias): _price(price) for alias, price in settings["prices"].items()},
            proxy=_text_or_none(settings["proxy"]),
            ca_file=_text_or_none(settings["caFile"]),
            is_operators=settings["baseUrlFrom"] is not None,
            trusted=_text_or_none(settings["trusted"]),
        )
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        message = "the run's settings in its log are not such as this program writes"
        raise StoreError(message, next="start a new run", code="settings-damaged") from error


def restore(
    recorded: Recorded,
    flags: Flags,
    environ: Mapping[str, str],
    config: Config,
    *,
    stand_in: StandIn | None,
    is_private: bool,
) -> Settings:
    """Return the settings of a recorded run for the process that takes it up.

    They are what they were, but for what the flags say. The key is looked for anew, and goes where it may go: the trust
    that the operator gave then is kept in the run, and holds where nobody else can have written it there.

    Args:
        recorded: What the log says.
        flags: What the command line says; base URL and models are the run's.
        environ: The environment; what it says of base URL, models and timeout has no part in this.
        config: The user's config file.
        stand_in: What answers in the API's place, if nothing will be sent.
        is_private: Whether the run's folder is its owner's alone.

    Raises:
        UsageError: A flag's value is malformed.
        SettingsError: Address, trust or key do not allow it.
    """
    engine = Engine(
        base_url=None if stand_in else recorded.base_url,
        provider=recorded.provider,
        timeout_s=recorded.timeout_s,
        concurrency=recorded.concurrency,
        attempts=recorded.attempts,
        rate=recorded.rate,
        preflight="probe" if recorded.preflight == "probe" else "models",
        lease_s=recorded.lease_s,
    )
    trusted = (recorded.trusted,) if recorded.trusted is not None and is_private else ()
    kept = replace(
        flags,
        base_url=recorded.base_url if recorded.is_operators and is_private and not stand_in else None,
        trust_hosts=(*flags.trust_hosts, *trusted),
        proxy=None if stand_in else recorded.proxy,
        ca_file=None if stand_in else recorded.ca_file,
    )
    said = {name: value for name, value in environ.items() if name not in _FROZEN}
    settings = resolve(kept, said, engine, config, models={}, stand_in=stand_in)
    return replace(settings, model_ids=recorded.model_ids, overrides=())


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _price(value: Any) -> Price | None:
    return None if value is None else price_from_json(value)


def _rate(value: Mapping[str, Any]) -> Rate:
    return Rate(_limit(value["requestsPerMinute"]), _limit(value["tokensPerMinute"]))


def _limit(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or value < 1:
        raise TypeError(value)
    return value

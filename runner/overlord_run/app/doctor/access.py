"""Look at what decides how the API is reached: the config file, base URL, trust, the key, models, timeout.

Each is settled by the code that settles it for a run, one after the other, so that all that is wrong is told at once.
"""

from collections.abc import Mapping

from msgspec import Struct

from overlord_run.app.doctor.check import Check, refused
from overlord_run.credential import Redactor
from overlord_run.errors import OverlordError, SettingsError, UsageError
from overlord_run.files import is_file
from overlord_run.host import Host
from overlord_run.playbook.model import Engine
from overlord_run.settings.access import Access, address_said, settle_access
from overlord_run.settings.config import config_path, load_config
from overlord_run.settings.environment import API_KEY, API_KEY_FILE, BASE_URL, variable
from overlord_run.settings.key import find_key, known_keys, read_key
from overlord_run.settings.model import Config, Flags, Settings
from overlord_run.settings.precedence import DEFAULT_MODELS, model_ids, resolve
from overlord_run.settings.timeout import in_words, timeout_asked
from overlord_run.settings.trust import DEFAULT_BASE_URL

_NO_FLAGS = Flags()
_ANY_PLAYBOOK = Engine()


class AccessFound(Struct, frozen=True):
    """What was found, and what a run would be set to; None where something is missing or wrong."""

    checks: tuple[Check, ...]
    settings: Settings | None


def examine_access(environ: Mapping[str, str], host: Host) -> AccessFound:
    """Return what was found of each thing that decides how the API is reached."""
    config, of_config = _config()
    checks = [of_config, _base_url(environ), _trust(config), _key(environ, config, host), _models(environ)]
    checks += [_timeout(environ)]
    try:
        settings = resolve(_NO_FLAGS, environ, _ANY_PLAYBOOK, config, models={}, stand_in=None)
    except (SettingsError, UsageError) as error:
        if error.message not in {check.message for check in checks}:
            checks.append(refused("settings", error))
        return AccessFound(tuple(checks), None)
    if settings.ca_file is not None and not is_file(settings.ca_file):
        remedy = "name a PEM file that holds the certificate authority's certificate"
        checks.append(Check("ca-file", "wrong", f"there is no file {settings.ca_file}", remedy))
    return AccessFound(tuple(checks), None if any(check.stops_a_run for check in checks) else settings)


def _config() -> tuple[Config, Check]:
    path = config_path()
    try:
        config = load_config(path)
    except SettingsError as error:
        return Config(path), refused("config", error)
    said = {"trusted hosts": config.trust_hosts, "a proxy": config.proxy, "a CA file": config.ca_file}
    found = ", ".join(name for name, value in said.items() if value)
    if found:
        return config, Check("config", "ok", f"{path} says: {found}")
    return config, Check(
        "config", "ok", f"{path} {'says nothing' if path.exists() else 'is not there, and need not be'}"
    )


def _base_url(environ: Mapping[str, str]) -> Check:
    said = variable(environ, BASE_URL)
    if said is None:
        return Check("base-url", "ok", f"{DEFAULT_BASE_URL}, the default")
    if any(Redactor(key).occurs_in(said.value) for key in known_keys(environ, named=(), files=())):
        return Check("base-url", "wrong", f"{said.by} holds the API key", "take it out there: it is sent in a header")
    try:
        address = address_said(said)
    except SettingsError as error:
        return refused("base-url", error)
    return Check("base-url", "ok", f"{address.url}, from {said.by}")


def _trust(config: Config) -> Check:
    if config.trust_hosts:
        return Check("trust", "ok", f"a playbook may lead to {', '.join(config.trust_hosts)}")
    return Check("trust", "ok", "no host is trusted that a playbook alone names, but this machine itself")


def _key(environ: Mapping[str, str], config: Config, host: Host) -> Check:
    try:
        access = settle_access(_NO_FLAGS, environ, _ANY_PLAYBOOK, config)
    except SettingsError as error:
        return _key_without_url(environ) if error.code == "url-malformed" else refused("key", error)
    if access.key is None:
        return _without_key(access, host)
    source = find_key(_NO_FLAGS, environ)
    others = [name for name in (*API_KEY, *API_KEY_FILE) if environ.get(name) and source and name != source.name]
    unused = f"; {' and '.join(others)} {'is' if len(others) == 1 else 'are'} set too, and not used" if others else ""
    return Check("key", "ok", f"{access.key_name} is set and well-formed, for {access.address.authority}{unused}")


def _key_without_url(environ: Mapping[str, str]) -> Check:
    source = find_key(_NO_FLAGS, environ)
    try:
        key = None if source is None else read_key(source, environ)
    except SettingsError as error:
        return refused("key", error)
    what = "none is set" if key is None else f"{key.name} is set and well-formed"
    return Check("key", "note", f"{what}; whether one is needed and where it may go is up to the base URL")


def _without_key(access: Access, host: Host) -> Check:
    if access.note is not None:
        return Check("key", "note", access.note)
    if access.key_required:
        way = f"set it: {host.set_env(API_KEY[0], 'YOUR_KEY')}"
        return Check("key", "missing", f"no API key is set for {access.address.authority}", way)
    return Check("key", "ok", f"none is set, and {access.address.authority} may be asked without one")


def _models(environ: Mapping[str, str]) -> Check:
    try:
        said = model_ids(_NO_FLAGS, environ)
    except UsageError as error:
        return refused("models", error)
    told = [
        f"{alias} is {said[alias].value}, from {said[alias].by}" if alias in said else f"{alias} is {usual}"
        for alias, usual in DEFAULT_MODELS.items()
    ]
    return Check("models", "ok", "; ".join(told))


def _timeout(environ: Mapping[str, str]) -> Check:
    try:
        timeout = timeout_asked(None, environ)
    except OverlordError as error:
        return refused("timeout", error)
    if timeout is None:
        return Check("timeout", "ok", "that of the playbook, else the default")
    if timeout.note is not None:
        return Check("timeout", "note", timeout.note)
    return Check("timeout", "ok", f"{in_words(timeout.seconds)}, from {timeout.by}")

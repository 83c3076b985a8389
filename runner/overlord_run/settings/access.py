"""Settle which API a run talks to and whether it gets a key, or refuse."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.credential import Credential
from overlord_run.errors import SettingsError, UsageError
from overlord_run.playbook.address import Address, AddressError, parse_address, parse_authority
from overlord_run.playbook.model import Engine
from overlord_run.settings.environment import BASE_URL, Said, operator
from overlord_run.settings.key import KeySource, find_key, read_key
from overlord_run.settings.model import Config, Flags, StandIn
from overlord_run.settings.trust import DEFAULT_ADDRESS, KeyUse, key_use, trusts

# What stands in for the API opens no connection. Should a bug make it try, there is no such host. Source: RFC 6761.
_NOWHERE = "https://{}.invalid/v1"


class Access(Struct, frozen=True):
    """The API's address, and the key for it.

    Attributes:
        named_by: The flag or variable that the address came from; None for the playbook's and for the default.
        trusted: The address's host, where the operator said to trust it, or None.
        note: Why a key that is set is not sent, or None.
    """

    address: Address
    named_by: str | None = None
    trusted: str | None = None
    key: Credential | None = None
    key_name: str | None = None
    key_required: bool = False
    note: str | None = None


def no_access(stand_in: StandIn) -> Access:
    """Return the access of what stands in for the API, which needs no address and reads no key."""
    return Access(parse_address(_NOWHERE.format(stand_in)))


def settle_access(flags: Flags, environ: Mapping[str, str], engine: Engine, config: Config) -> Access:
    """Return the API's address, and the key where one is set and may be sent there.

    Raises:
        UsageError: A flag has a form that it cannot have.
        SettingsError: The address is no plain URL, its host is not trusted, or the key cannot be read or may not go
            there.
    """
    said = operator(flags.base_url, "--base-url", environ, BASE_URL)
    named_by = said.by if said else None
    address = address_said(said) if said else _playbooks_address(engine)
    is_trusted = trusts(_trusted_hosts(flags, config), address)
    use = key_use(address, is_operators=said is not None, is_trusted=is_trusted)
    if use == "refused":
        raise _not_trusted(address, engine, config)
    access = Access(address, named_by, address.authority if is_trusted else None, key_required=use == "required")
    source = find_key(flags, environ)
    return access if source is None else _with_key(access, use, source, environ)


def address_said(said: Said) -> Address:
    """Return the address that the operator gives as a URL.

    Raises:
        SettingsError: It is no plain URL.
    """
    try:
        return parse_address(said.value)
    except AddressError as error:
        message = f"the URL in {said.by} {error}"
        remedy = "write it as https://HOST/PATH or https://HOST:PORT/PATH"
        raise SettingsError(message, next=remedy, code="url-malformed") from None


def _with_key(access: Access, use: KeyUse, source: KeySource, environ: Mapping[str, str]) -> Access:
    if use == "none-may-be-set":
        raise _over_http(access.address, source)
    if use == "withheld":
        return replace(access, note=_withheld(access, source))
    return replace(access, key=read_key(source, environ), key_name=source.name)


def _playbooks_address(engine: Engine) -> Address:
    return DEFAULT_ADDRESS if engine.base_url is None else parse_address(engine.base_url)


def _trusted_hosts(flags: Flags, config: Config) -> tuple[str, ...]:
    if any(parse_authority(host) is None for host in flags.trust_hosts):
        message = "--trust-host takes a host or a host and its port"
        raise UsageError(
            message, next="write it without https:// and path, like llm.example.com or llm.example.com:8443"
        )
    return flags.trust_hosts + config.trust_hosts


def _withheld(access: Access, source: KeySource) -> str:
    reason = (
        "the playbook alone names it; --base-url would send it"
        if access.address.is_loopback
        else "it is reached over plain http"
    )
    return f"the key in {source.name} is not sent to {access.address.authority}: {reason}"


def _not_trusted(address: Address, engine: Engine, config: Config) -> SettingsError:
    return SettingsError(
        f"{_where(engine)}the playbook's base_url leads to {address.authority}, a host that you do not trust yet",
        next=f"to trust it: --trust-host {address.authority}, or list it under trust_hosts in {config.path}",
        code="untrusted-host",
    )


def _over_http(address: Address, source: KeySource) -> SettingsError:
    return SettingsError(
        f"the key in {source.name} would go to {address.authority} over plain http, for anyone on the way to read",
        next=f"use https://, or --trust-host {address.authority} to go on without the key",
        code="key-over-http",
    )


def _where(engine: Engine) -> str:
    place = engine.base_url_place
    return f"{place.file}:{place.line}:{place.column}: " if place else ""

"""Decide where a key may go, by origin: scheme, host and port.

| the address is | loopback | elsewhere, https | elsewhere, http |
| --- | --- | --- | --- |
| the default's, or the operator's | sent if set | required; if set, where the host is trusted | none may be set |
| the playbook's alone, host trusted | withheld | sent if set | withheld |
| the playbook's alone | withheld | refused | refused |

An operator who trusts a host that is reached by `http://` gets it without the key, too.
"""

from collections.abc import Iterable
from typing import Literal

from overlord_run.playbook.address import Address, parse_address, parse_authority

DEFAULT_BASE_URL = "https://api.sakana.ai/v1"
DEFAULT_ADDRESS = parse_address(DEFAULT_BASE_URL)

KeyUse = Literal["required", "if-set", "withheld", "none-may-be-set", "refused"]


def key_use(address: Address, *, is_operators: bool, is_trusted: bool) -> KeyUse:
    """Return what is done with a key at an address.

    Args:
        address: Where the requests would go.
        is_operators: Whether a flag or a variable named it, and not a playbook alone.
        is_trusted: Whether the operator trusts its host.
    """
    if is_operators or address.has_origin_of(DEFAULT_ADDRESS):
        return _use_at_own(address, is_trusted=is_trusted)
    if address.is_loopback:
        return "withheld"
    if not is_trusted:
        return "refused"
    return "if-set" if address.scheme == "https" else "withheld"


def _use_at_own(address: Address, *, is_trusted: bool) -> KeyUse:
    if address.is_loopback:
        return "if-set"
    if address.scheme == "https":
        return "if-set" if is_trusted else "required"
    return "withheld" if is_trusted else "none-may-be-set"


def trusts(hosts: Iterable[str], address: Address) -> bool:
    """Return whether one of these trusted `HOST` or `HOST:PORT` is the address's.

    Without a port a host is trusted at the port of the address's scheme alone: another port may be another person's.
    """
    implied = None if address.authority == address.host else address.port
    return any(parse_authority(host) in ((address.host, address.port), (address.host, implied)) for host in hosts)

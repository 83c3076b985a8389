"""Take a base URL apart strictly.

What two programs could read differently is refused, so that a key goes where the URL seems to lead.
"""

import ipaddress
import re
from typing import Literal

from msgspec import Struct

Scheme = Literal["http", "https"]

_PORTS = {"http": 80, "https": 443}
_LARGEST_PORT = 65_535
_LOOPBACK_V4 = ipaddress.IPv4Network("127.0.0.0/8")
_LOOPBACK_V6 = ipaddress.IPv6Address("::1")
_WRONG = (
    (re.compile(r"[^!-~]"), "holds a blank, a control character or one that is not ASCII"),
    (re.compile(r"\\"), "holds a backslash"),
    (re.compile(r"\A(?!https?://)", re.IGNORECASE), "does not begin with https:// or http://"),
    (re.compile(r"\A[^:]*://[^/?#]*@"), "holds a user or a password"),
    (re.compile(r"\?"), "holds a query (?)"),
    (re.compile(r"#"), "holds a fragment (#)"),
)
_NOT_PLAIN = "has a host or a port that is not written plainly"
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
# Some programs read `127.1`, `0x7f.1` and `2130706433` as IPv4 addresses. Source: the URL standard, "ends in a number".
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


class AddressError(Exception):
    """A text is no base URL. The message ends a sentence on it and repeats nothing of it: it may hold a password."""


class Address(Struct, frozen=True):
    """A base URL in parts. Two addresses have the same origin when `scheme`, `host` and `port` are the same.

    Attributes:
        host: In lower case; an IPv6 address in its shortest form, in brackets.
        path: Empty, or from its slash on, without a slash at its end.
    """

    scheme: Scheme
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host, and the port where it is not the scheme's own: what `--trust-host` takes."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a URL, written in the one way that `parse_address` knows."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_loopback(self) -> bool:
        """Whether it certainly stays on this machine: 127.0.0.0/8, ::1 or `localhost`, nothing like them."""
        if self.host == "localhost":
            return True
        try:
            ip = ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return False
        return ip in _LOOPBACK_V4 if isinstance(ip, ipaddress.IPv4Address) else ip == _LOOPBACK_V6

    def has_origin_of(self, other: "Address") -> bool:
        """Return whether scheme, host and port are the other's."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)


def parse_address(text: str) -> Address:
    """Return a base URL in parts.

    Raises:
        AddressError: It is not a plain `http(s)://HOST[:PORT][/PATH]`.
    """
    wrong = next((reason for pattern, reason in _WRONG if pattern.search(text)), None)
    if wrong:
        raise AddressError(wrong)
    scheme: Scheme = "https" if text.lower().startswith("https:") else "http"
    place, slash, path = text.partition("://")[2].partition("/")
    parts = parse_authority(place)
    if parts is None:
        raise AddressError(_NOT_PLAIN)
    host, port = parts
    return Address(scheme, host, port or _PORTS[scheme], (slash + path).rstrip("/"))


def parse_authority(text: str) -> tuple[str, int | None] | None:
    """Return a `HOST` or `HOST:PORT` in parts, the host as in an `Address`; None where it is not written plainly."""
    match = _AUTHORITY.fullmatch(text.lower())
    host = _host(match["host"]) if match else None
    if match is None or host is None:
        return None
    if match["port"] is None:
        return host, None
    port = int(match["port"])
    return (host, port) if 0 < port <= _LARGEST_PORT else None


def _host(text: str) -> str | None:
    try:
        if text.startswith("["):
            ip = ipaddress.IPv6Address(text.strip("[]"))
            return None if ip.ipv4_mapped else f"[{ip.compressed}]"
        if _NUMBER.fullmatch(text):
            return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None
    return text if _NAME.fullmatch(text) else None

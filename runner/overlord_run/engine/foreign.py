"""Translate what httpx raises into values: the only place that knows its exceptions."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import httpx
from msgspec import Struct, field

from overlord_run.engine.base import FailureKind

Cause = Literal["dns", "refused", "certificate", "tls", "proxy", "url", "unreachable"]

REASONS: Final[Mapping[Cause, str]] = {
    "dns": "the API's host name was not found",
    "refused": "the API's host refused the connection",
    "certificate": "the API's TLS certificate is not trusted",
    "tls": "the TLS handshake with the API failed",
    "proxy": "the proxy did not connect to the API",
    "url": "the API's URL cannot be used",
    "unreachable": "the API's host was not reached",
}
BROKEN: Final = "the connection broke before the whole answer was there"
NOT_HTTP: Final = "the answer broke off or is not HTTP"
NOT_WHOLE: Final = "the HTTP library refused the exchange"

FOREIGN: Final[Mapping[type[Exception], tuple[FailureKind, str]]] = {
    httpx.ConnectTimeout: ("timeout", ""),
    httpx.PoolTimeout: ("timeout", ""),
    httpx.ReadTimeout: ("timeout", ""),
    httpx.WriteTimeout: ("timeout", ""),
    httpx.TimeoutException: ("timeout", ""),
    httpx.ConnectError: ("connect", ""),
    httpx.ProxyError: ("connect", ""),
    httpx.UnsupportedProtocol: ("connect", ""),
    httpx.InvalidURL: ("connect", ""),
    httpx.ReadError: ("transport", BROKEN),
    httpx.WriteError: ("transport", BROKEN),
    httpx.CloseError: ("transport", BROKEN),
    httpx.NetworkError: ("transport", BROKEN),
    httpx.RemoteProtocolError: ("transport", NOT_HTTP),
    httpx.LocalProtocolError: ("transport", NOT_HTTP),
    httpx.ProtocolError: ("transport", NOT_HTTP),
    httpx.DecodingError: ("transport", NOT_HTTP),
    httpx.TransportError: ("transport", NOT_WHOLE),
    httpx.TooManyRedirects: ("transport", NOT_WHOLE),
    httpx.RequestError: ("transport", NOT_WHOLE),
    httpx.HTTPStatusError: ("transport", NOT_WHOLE),
    httpx.HTTPError: ("transport", NOT_WHOLE),
    httpx.CookieConflict: ("transport", NOT_WHOLE),
    httpx.StreamConsumed: ("transport", NOT_WHOLE),
    httpx.StreamClosed: ("transport", NOT_WHOLE),
    httpx.ResponseNotRead: ("transport", NOT_WHOLE),
    httpx.RequestNotRead: ("transport", NOT_WHOLE),
    httpx.StreamError: ("transport", NOT_WHOLE),
}
"""Every exception that httpx can raise; a reason that is empty depends on the case."""

RAISED: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError, OSError, UnicodeError)
NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

_CAUSES: Final[Mapping[type[BaseException], Cause]] = {
    socket.gaierror: "dns",
    ConnectionRefusedError: "refused",
    ssl.SSLCertVerificationError: "certificate",
    ssl.SSLError: "tls",
    httpx.ProxyError: "proxy",
    httpx.UnsupportedProtocol: "url",
    httpx.InvalidURL: "url",
    UnicodeError: "url",
}


class Fault(Struct, frozen=True):
    """Why there is no answer.

    Attributes:
        unbilled: Whether certainly no byte of the request was sent.
        cause: What stood in the way of a connection, where that is known.
        status: Of the answer that began, if one did.
        headers: Of the answer that began.
    """

    kind: FailureKind
    reason: str
    unbilled: bool = False
    cause: Cause | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def timed_out(timeout_s: float, *, is_connecting: bool) -> Fault:
    """Return the fault of an attempt whose time is up; before the connection is there nothing was sent."""
    what = "no connection to the API" if is_connecting else "no whole answer"
    return Fault("timeout", f"{what} within {timeout_s:g} s", unbilled=is_connecting)


def translate(error: Exception, timeout_s: float, *, is_connecting: bool) -> Fault:
    """Return the fault that an exception of httpx, or of what lies under it, stands for.

    Args:
        error: One of `RAISED`. Nothing of its text is kept.
        timeout_s: What the attempt was given.
        is_connecting: Whether it came while the connection was being made.
    """
    never_sent = is_connecting or isinstance(error, NEVER_SENT)
    kind, reason = FOREIGN.get(type(error), ("transport", BROKEN))
    if kind == "timeout":
        return timed_out(timeout_s, is_connecting=never_sent)
    if kind == "connect" or never_sent:
        cause = cause_of(error)
        return Fault("connect", REASONS[cause], unbilled=never_sent, cause=cause)
    return Fault(kind, reason)


def cause_of(error: Exception) -> Cause:
    """Return what stood in the way of a connection."""
    for link in _links(error):
        for kind, cause in _CAUSES.items():
            if isinstance(link, kind):
                return cause
    return "unreachable"


def _links(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it; httpcore cuts `__cause__`, but not `__context__`."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__

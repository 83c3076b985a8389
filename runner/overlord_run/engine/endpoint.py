"""Say where the API is and how it is reached: its URLs, the request's headers, TLS and proxy."""

import functools
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from overlord_run import __version__
from overlord_run.credential import Credential
from overlord_run.engine.lanes import KEPT_S
from overlord_run.errors import SettingsError

HEADERS: Final[Mapping[str, str]] = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": f"overlord-run/{__version__}",
}
HIGHEST_PORT: Final = 65_535
LIMITS: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_S)


class Endpoint(Struct, frozen=True, dict=True):
    """An OpenAI-compatible API.

    Attributes:
        base_url: Like `https://api.sakana.ai/v1`; `http` or `https`.
        credential: The key to send, or None: then no `Authorization` header goes out.
        proxy: A proxy's URL, `http` or `https`. It holds no password. What the environment says of
            proxies is not heeded.
        ca_file: The certificates to trust instead of the usual ones, a PEM file.
    """

    base_url: str
    credential: Credential | None = None
    proxy: str | None = None
    ca_file: str | None = None

    @functools.cached_property
    def _headers(self) -> httpx.Headers:
        """What all requests have in common."""
        headers = httpx.Headers({"host": self.url("").netloc.decode("ascii"), **HEADERS})
        if self.credential is not None:
            headers["authorization"] = f"Bearer {self.credential.reveal()}"
        return headers

    def url(self, path: str) -> httpx.URL:
        """Return the URL of a path that begins with a slash.

        Raises:
            SettingsError: The base URL is none.
        """
        url = _parsed(self.base_url.rstrip("/") + path)
        if url is None:
            raise SettingsError(
                message="the base URL is not a URL that begins with http:// or https://",
                next="check --base-url, the environment and the playbook's engine.base_url",
                code="base-url",
            )
        return url

    def request(self, path: str, body: bytes | None = None, *, extensions: Mapping[str, Any]) -> httpx.Request:
        """Return a POST of a body that is JSON, or a GET where there is none. `extensions` stay off the wire.

        The body can be read once; `request.read()` keeps it.

        Its headers are complete, and httpx takes them for that where the body is a stream; else it would put them
        together anew for each request.
        """
        if body is None:
            return httpx.Request("GET", self.url(path), headers=self._headers, extensions=dict(extensions))
        headers = self._headers.copy()
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(body))
        facts = dict(extensions)
        return httpx.Request("POST", self.url(path), headers=headers, stream=_Once(body), extensions=facts)

    def connector(self) -> Callable[[], httpx.AsyncBaseTransport]:
        """Return what makes transports of one connection each; all share one TLS context, and look-ups of the host.

        Raises:
            SettingsError: The base URL, the proxy or the file of certificates cannot be used.
        """
        from overlord_run.engine.addresses import Addresses  # noqa: PLC0415 - a rehearsal has no network
        from overlord_run.engine.direct import DirectTransport  # noqa: PLC0415 - a rehearsal has no network
        from overlord_run.engine.proxied import ProxiedTransport  # noqa: PLC0415

        base, proxy = self.url(""), self._proxy_url()
        tls = self._tls_context(is_needed="https" in (base.scheme, proxy.scheme if proxy else ""))
        tls.set_alpn_protocols(["http/1.1"])
        addresses = Addresses()

        def connect() -> httpx.AsyncBaseTransport:
            if proxy is None:
                return DirectTransport(tls, addresses, kept_s=KEPT_S)
            via = httpx.Proxy(proxy, ssl_context=tls if proxy.scheme == "https" else None)
            return ProxiedTransport(verify=tls, trust_env=False, limits=LIMITS, retries=0, proxy=via)

        return connect

    def _proxy_url(self) -> httpx.URL | None:
        if self.proxy is None:
            return None
        url = _parsed(self.proxy)
        if url is None:
            raise SettingsError(
                message="the proxy is not a URL that begins with http:// or https://",
                next="check --proxy",
                code="proxy",
            )
        return url

    def _tls_context(self, *, is_needed: bool) -> ssl.SSLContext:
        if not is_needed:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and costs nothing to make
        if self.ca_file is None:
            return httpx.create_ssl_context(trust_env=False)
        try:
            if not Path(self.ca_file).is_file():
                raise FileNotFoundError(self.ca_file)  # a pipe would be waited for without end
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ValueError) as error:
            raise SettingsError(
                message=f"the certificates in {self.ca_file} cannot be read",
                next="name a PEM file that holds the certificate authority's certificate",
                code="ca-file",
            ) from error


class _Once(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body that is let go as soon as it is read: a model may take minutes to answer, and a thousand wait at once."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._taken()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._taken()

    def _taken(self) -> bytes:
        content, self._content = self._content, None
        if content is None:
            raise httpx.StreamConsumed
        return content


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> httpx.URL | None:
    """Return a URL of HTTP, or None. It is parsed once: all calls of a run go to the same one."""
    try:
        url = httpx.URL(text)
        is_fit = url.scheme in ("http", "https") and bool(url.host) and (url.port or 0) <= HIGHEST_PORT
    except (httpx.InvalidURL, UnicodeError):  # the second is for names in other alphabets
        return None
    return url if is_fit else None

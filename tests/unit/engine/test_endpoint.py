import asyncio
import json
import os
import socket
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import cast

import httpx
import pytest

from canary import CANARY as KEY
from faults.network import GOOD_ANSWER, head, raw
from faults.server import CERTIFICATE, FaultServer, Visit
from overlord_run import __version__
from overlord_run.credential import Credential
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.foreign import Fault
from overlord_run.engine.lanes import Connection
from overlord_run.engine.wire import Answer, exchange
from overlord_run.errors import SettingsError

CREDENTIAL = Credential(KEY, name="SAKANA_API_KEY")


def test_a_question_is_a_post_that_says_no_more_than_it_must() -> None:
    endpoint = Endpoint("https://api.sakana.ai/v1/", CREDENTIAL)
    request = endpoint.request("/chat/completions", b'{"model":"fugu","text":"a"}', extensions={"overlord": 1})
    assert (request.method, str(request.url)) == ("POST", "https://api.sakana.ai/v1/chat/completions")
    assert dict(request.headers) == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"overlord-run/{__version__}",
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "host": "api.sakana.ai",
        "content-length": "27",
    }
    assert request.read() == b'{"model":"fugu","text":"a"}'
    assert request.extensions == {"overlord": 1}


def test_without_a_key_no_header_goes_out_for_one() -> None:
    request = Endpoint("http://127.0.0.1:8000/v1").request("/models", extensions={})
    assert request.method == "GET"
    assert "authorization" not in request.headers
    assert "content-type" not in request.headers


@pytest.mark.parametrize(
    "base_url", ["", "api.sakana.ai/v1", "ftp://x/v1", "http://", "http://[::1", "https://xn--/v1", "http://x:65536/v1"]
)
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Endpoint(base_url).connector()
    assert caught.value.message == "the base URL is not a URL that begins with http:// or https://"
    assert caught.value.next == "check --base-url, the environment and the playbook's engine.base_url"
    assert caught.value.code == "base-url"


@pytest.mark.parametrize(
    "proxy", ["", "socks5://127.0.0.1:1080", "proxy:3128", "http://[::1", "http://xn--", "http://x:65536"]
)
def test_a_proxy_that_cannot_be_used_is_refused(proxy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Endpoint("http://127.0.0.1/v1", proxy=proxy).connector()
    assert (caught.value.message, caught.value.next, caught.value.code) == (
        "the proxy is not a URL that begins with http:// or https://",
        "check --proxy",
        "proxy",
    )


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\xfe"])
def test_certificates_that_cannot_be_read_are_refused(tmp_path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        Endpoint("https://127.0.0.1/v1", ca_file=str(path)).connector()
    assert caught.value.message == f"the certificates in {path} cannot be read"
    assert caught.value.next == "name a PEM file that holds the certificate authority's certificate"
    assert caught.value.code == "ca-file"


def test_a_pipe_in_the_place_of_certificates_is_refused_without_waiting(tmp_path) -> None:
    path = tmp_path / "ca.pem"
    os.mkfifo(path)
    with pytest.raises(SettingsError) as caught:
        Endpoint("https://127.0.0.1/v1", ca_file=str(path)).connector()
    assert caught.value.message == f"the certificates in {path} cannot be read"


async def ask(endpoint: Endpoint, timeout_s: float = 5.0) -> Answer | Fault:
    transport = endpoint.connector()()
    request = endpoint.request("/chat/completions", b'{"model":"fugu"}', extensions={})
    try:
        return await exchange(Connection(transport), request, timeout_s=timeout_s)
    finally:
        await transport.aclose()


def test_the_usual_certificates_are_trusted_where_none_are_named() -> None:
    async def go() -> Answer | Fault:
        async with FaultServer(raw(GOOD_ANSWER), is_tls=True) as server:
            return await ask(Endpoint(server.base_url))

    assert asyncio.run(go()) == Fault(
        "connect", "the API's TLS certificate is not trusted", unbilled=True, cause="certificate"
    )


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_question_is_let_go_once_it_is_sent(*, is_tls: bool) -> None:
    async def go() -> tuple[int, Answer | Fault]:
        is_here, may_answer = asyncio.Event(), asyncio.Event()

        async def serve(visit: Visit) -> None:
            assert len(await visit.read_request()) == 4_000_000
            is_here.set()
            await may_answer.wait()
            await visit.send(GOOD_ANSWER)

        async with FaultServer(serve, is_tls=is_tls) as server:
            endpoint = Endpoint(server.base_url, ca_file=str(CERTIFICATE))
            transport = endpoint.connector()()
            before = tracemalloc.get_traced_memory()[0]
            request = endpoint.request("/chat/completions", b"x" * 4_000_000, extensions={})
            asking = asyncio.create_task(exchange(Connection(transport), request, timeout_s=5.0))
            await is_here.wait()
            held = tracemalloc.get_traced_memory()[0] - before
            may_answer.set()
            outcome = await asking
            await transport.aclose()
            return held, outcome

    tracemalloc.start()
    try:
        held, outcome = asyncio.run(go())
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Answer)
    assert held < 1_000_000


def test_a_question_cannot_be_sent_twice() -> None:
    request = Endpoint("http://127.0.0.1/v1").request("/chat/completions", b"{}", extensions={})
    assert b"".join(cast("httpx.SyncByteStream", request.stream)) == b"{}"
    with pytest.raises(httpx.StreamConsumed):
        request.read()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_what_the_environment_says_of_proxies_is_not_heeded(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    async def go() -> Answer | Fault:
        async with FaultServer(raw(GOOD_ANSWER)) as server:
            return await ask(Endpoint(server.base_url))

    assert isinstance(asyncio.run(go()), Answer)


def test_a_key_in_netrc_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hidden", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    async def go() -> list[bytes]:
        async with FaultServer(raw(GOOD_ANSWER)) as server:
            await ask(Endpoint(server.base_url))
            return server.requests

    (request,) = asyncio.run(go())
    assert b"authorization" not in request.lower()


async def through(serve: Callable[[Visit], Awaitable[None]], base_url: str, **settings: object) -> Answer | Fault:
    async with FaultServer(serve) as proxy:
        return await ask(Endpoint(base_url, proxy=f"http://127.0.0.1:{proxy.port}", **settings), timeout_s=0.5)


def test_plain_http_goes_through_a_proxy_as_it_is() -> None:
    seen: list[bytes] = []

    async def serve(visit: Visit) -> None:
        await raw(GOOD_ANSWER)(visit)
        seen.extend(visit.server.requests)

    assert isinstance(asyncio.run(through(serve, "http://api.invalid/v1")), Answer)
    assert seen[0].startswith(b"POST http://api.invalid/v1/chat/completions HTTP/1.1\r\n")


async def relay(visit: Visit) -> None:
    """Open the tunnel that a CONNECT asks for, then pass bytes on both ways."""
    await visit.read_request()
    target = visit.server.requests[-1].split()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(target.rpartition(b":")[2]))
    await visit.send(b"HTTP/1.1 200 Connected\r\n\r\n")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    try:
        await asyncio.gather(pump(visit.reader, writer), pump(reader, visit.writer))
    finally:
        writer.close()


def test_https_goes_through_a_tunnel() -> None:
    async def go() -> Answer | Fault:
        async with FaultServer(raw(GOOD_ANSWER), is_tls=True) as server:
            return await through(relay, server.base_url, ca_file=str(CERTIFICATE))

    answer = asyncio.run(go())
    assert isinstance(answer, Answer)
    assert json.loads(answer.body)["model"] == "fugu"


def test_a_hang_behind_the_tunnel_may_have_been_billed() -> None:
    async def hang(visit: Visit) -> None:
        await visit.read_request()
        await visit.hang()

    async def go() -> Answer | Fault:
        async with FaultServer(hang, is_tls=True) as server:
            return await through(relay, server.base_url, ca_file=str(CERTIFICATE))

    assert asyncio.run(go()) == Fault("timeout", "no whole answer within 0.5 s")


async def refuse(visit: Visit) -> None:
    await raw(head(403, length=0))(visit)


async def hang_before_the_tunnel(visit: Visit) -> None:
    await visit.read_request()
    await visit.hang()


async def hang_in_the_handshake(visit: Visit) -> None:
    await visit.read_request()
    await visit.send(b"HTTP/1.1 200 Connected\r\n\r\n")
    await visit.hang()


async def close_before_the_tunnel(visit: Visit) -> None:
    await visit.read_request()


@pytest.mark.parametrize(
    ("serve", "fault"),
    [
        (refuse, Fault("connect", "the proxy did not connect to the API", unbilled=True, cause="proxy")),
        (hang_before_the_tunnel, Fault("timeout", "no connection to the API within 0.5 s", unbilled=True)),
        (hang_in_the_handshake, Fault("timeout", "no connection to the API within 0.5 s", unbilled=True)),
        (
            close_before_the_tunnel,
            Fault("connect", "the API's host was not reached", unbilled=True, cause="unreachable"),
        ),
    ],
)
def test_what_goes_wrong_before_the_tunnel_is_open_was_never_sent(serve, fault: Fault) -> None:
    assert asyncio.run(through(serve, "https://api.invalid/v1")) == fault


@pytest.mark.parametrize("base_url", ["http://api.invalid/v1", "https://api.invalid/v1"])
def test_a_proxy_that_refuses_the_connection_is_no_api_that_does(base_url: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))  # and does not listen
        proxy = f"http://127.0.0.1:{other.getsockname()[1]}"
        fault = asyncio.run(ask(Endpoint(base_url, proxy=proxy)))
    assert fault == Fault("connect", "the proxy did not connect to the API", unbilled=True, cause="proxy")


def test_a_certificate_behind_the_tunnel_is_the_apis() -> None:
    async def go() -> Answer | Fault:
        async with FaultServer(raw(GOOD_ANSWER), is_tls=True) as server:
            return await through(relay, server.base_url)

    reason = "the API's TLS certificate is not trusted"
    assert asyncio.run(go()) == Fault("connect", reason, unbilled=True, cause="certificate")

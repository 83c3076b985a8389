import asyncio
import json
from typing import Any

import pytest

from canary import CANARY as KEY
from fake_api import Answer, FakeApi
from faults.network import FAULTS, Fault, endless, error, head, raw, then_hang
from faults.server import FaultServer, Serve
from overlord_run.credential import Credential, Redactor
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.errors import Exit, PreflightError
from overlord_run.host.shell import Host

BASH = Host("linux", "bash", "posix")
CREDENTIAL = Credential(KEY, name="SAKANA_API_KEY")
MODELS = ("fugu", "fugu-ultra")
PROBE = (
    "for an endpoint without /models, `preflight: probe` under `engine:` in the playbook asks each model one word "
    "instead, which proves less and may be billed"
)
OTHER_URL = "set another base URL: export OVERLORD_BASE_URL=https://HOST/v1"
SET_AGAIN = "set it again: export SAKANA_API_KEY=YOUR_KEY"


def models_of(*ids: str) -> Answer:
    return Answer(body={"object": "list", "data": [{"id": id_, "object": "model"} for id_ in ids]})


async def prove(base_url: str, probes: list[str] | None = None, **settings: Any) -> tuple[str, ...]:
    async def before_probe(model: str) -> None:
        (probes if probes is not None else []).append(model)

    known: dict[str, Any] = {"models": MODELS, "host": BASH, "timeout_s": 0.5, **settings}
    endpoint = Endpoint(base_url, known.pop("credential", CREDENTIAL))
    tested = ChatEngine(endpoint, **known)
    try:
        return await tested.preflight(before_probe)
    finally:
        await tested.aclose()


def refused(base_url: str, **settings: Any) -> tuple[str, str, str]:
    """Return code, message and remedy, the server's address taken out."""
    with pytest.raises(PreflightError) as caught:
        asyncio.run(prove(base_url, **settings))
    found = caught.value
    assert found.exit is Exit.NOT_PROVED
    assert not Redactor(CREDENTIAL).occurs_in(f"{found!r} {found.message} {found.next}")
    where = base_url.removesuffix("/v1")
    return found.code, found.message.replace(where, "API"), found.next


def test_an_api_that_lists_every_model_is_proved_without_a_chat_call() -> None:
    with FakeApi((*MODELS, "another"), key=KEY) as api:
        assert asyncio.run(prove(api.base_url)) == MODELS
    assert [(asked.method, asked.path) for asked in api.requests] == [("GET", "/v1/models")]
    assert api.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_an_api_that_needs_no_key_is_proved_without_one() -> None:
    with FakeApi() as api:
        assert asyncio.run(prove(api.base_url, credential=None, is_key_required=False)) == MODELS
    assert "authorization" not in api.requests[0].headers


@pytest.mark.parametrize(
    ("host", "remedy"),
    [
        (BASH, "set it: export SAKANA_API_KEY=YOUR_KEY"),
        (Host("windows", "pwsh", "windows"), 'set it: $env:SAKANA_API_KEY = "YOUR_KEY"'),
        (Host("windows", "cmd", "windows"), "set it: set SAKANA_API_KEY=YOUR_KEY"),
        (Host("macos", "fish", "posix"), "set it: set -gx SAKANA_API_KEY YOUR_KEY"),
    ],
)
def test_without_a_key_nothing_is_sent_and_the_shell_is_spoken_to(host: Host, remedy: str) -> None:
    with FakeApi() as api:
        outcome = refused(api.base_url, credential=None, host=host)
    assert outcome == ("key-missing", "no API key is set for API", remedy)
    assert api.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_told_by_the_name_of_its_variable(status: int) -> None:
    with FakeApi(listing=Answer(status=status, body=error(f"bad key {KEY}"))) as api:
        assert refused(api.base_url) == (
            "key-refused",
            f"API refused the key in SAKANA_API_KEY ({status})",
            f"check that the key is whole and belongs to this API; {SET_AGAIN}",
        )


def test_a_key_of_a_file_is_mended_in_the_file() -> None:
    credential = Credential(KEY, name="the file of --api-key-file")
    with FakeApi(key="another") as api:
        assert refused(api.base_url, credential=credential) == (
            "key-refused",
            "API refused the key in the file of --api-key-file (401)",
            "check that the key is whole and belongs to this API; put the right one into the file of --api-key-file",
        )


def test_an_api_that_wants_a_key_that_is_not_set_says_so() -> None:
    with FakeApi(key="another") as api:
        assert refused(api.base_url, credential=None, is_key_required=False) == (
            "key-missing",
            "API wants an API key (401), and none is set",
            "set it: export SAKANA_API_KEY=YOUR_KEY",
        )


LISTINGS = {
    "no such endpoint": (
        Answer(status=404),
        "no-models-endpoint",
        "there is no /models at API (404)",
        f"check that the base URL is what stands before /models, like https://api.sakana.ai/v1; {PROBE}",
    ),
    "HTML": (
        Answer(body="<html>Sign in</html>"),
        "models-not-json",
        "what API answers to /models is HTML, not JSON",
        f"check that the base URL is the API's and not a web page's; {OTHER_URL}",
    ),
    "no JSON": (
        Answer(body="OK"),
        "models-not-json",
        "what API answers to /models is not JSON",
        f"check that the base URL is the API's and not a web page's; {OTHER_URL}",
    ),
    "an empty body": (
        Answer(body=b""),
        "models-not-json",
        "what API answers to /models is empty",
        f"check that the base URL is the API's and not a web page's; {OTHER_URL}",
    ),
    "an empty list": (
        models_of(),
        "models-empty",
        "API lists no models",
        "check that the key's account has access to models, or that the server has loaded one",
    ),
    "a redirect": (
        Answer(status=308, headers={"location": "https://elsewhere.example/v1/models"}),
        "redirected",
        "API answers with a redirect (308), which is not followed",
        f"set the base URL that it leads to, if you trust that; {OTHER_URL}",
    ),
    "429": (
        Answer(status=429),
        "rate-limited",
        "API asks for fewer requests (429)",
        "wait a little and try again",
    ),
    "quota": (
        Answer(status=429, body=error("pay", code="insufficient_quota")),
        "quota",
        "the account's quota or credit at API is used up (429)",
        "check the account's billing",
    ),
    "500": (
        Answer(status=500, body=error(f"oops\x1b[2J {KEY}")),
        "api-failed",
        'API: the API failed (500) ("oops [2J [redacted]")',
        "try again later",
    ),
    "503": (Answer(status=503, body=""), "api-failed", "API: the API is overloaded (503)", "try again later"),
    "418": (
        Answer(status=418, body="I am a teapot"),
        "api-failed",
        'API: the API answered with a status that means nothing here (418) ("I am a teapot")',
        f"check the base URL; {OTHER_URL}",
    ),
    "one model missing": (
        models_of("fugu", "fugu-ultra-v2", "b", "c", "d", "e", "\x1b[31m" + KEY),
        "model-missing",
        "API does not list the model 'fugu-ultra'",
        (
            "did you mean 'fugu-ultra-v2'? it lists 'fugu', 'fugu-ultra-v2', 'b', 'c', 'd', …; "
            "change the id under `models:`, or use --model or --ultra-model"
        ),
    ),
    "all models missing": (
        models_of("gpt-9", f"x{KEY}", "\x1b[31mred"),
        "model-missing",
        "API does not list the models 'fugu', 'fugu-ultra'",
        "it lists 'gpt-9', 'x[redacted]', '[31mred'; change the id under `models:`, or use --model or --ultra-model",
    ),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_that_proves_nothing_is_told_with_its_remedy(name: str) -> None:
    listing, code, message, remedy = LISTINGS[name]
    with FakeApi(listing=listing) as api:
        assert refused(api.base_url) == (code, message, remedy)
    assert api.chats == 0


@pytest.mark.parametrize(
    "body",
    [
        [{"id": "fugu"}, {"id": "fugu-ultra"}],
        {"models": ["fugu", "fugu-ultra"]},
        {"data": None},
        {"data": {"fugu": {}}},
        {"data": ["fugu", "fugu-ultra"]},
        {"data": [{"id": "fugu"}, {"id": 7}]},
        {"data": [{"name": "fugu"}]},
        "fugu",
        7,
    ],
)
def test_a_shape_that_is_not_known_fails_closed(body: Any) -> None:
    with FakeApi(listing=Answer(body=json.dumps(body))) as api:
        assert refused(api.base_url) == (
            "models-unexpected",
            'what API answers to /models is no list of models ({"data": [{"id": …}]})',
            f"check the base URL; {PROBE}",
        )


CONNECTIONS = {
    "nobody listens": (
        "connection-refused",
        "API refused the connection",
        f"check that the server runs, and its port; {OTHER_URL}",
    ),
    "plain server behind https": (
        "tls",
        "API does not speak TLS as expected",
        f"check the port, and whether the base URL should begin with http://; {OTHER_URL}",
    ),
    "certificate not trusted": (
        "certificate",
        "the TLS certificate of API is not trusted",
        "check the host's name; --ca-file FILE names a certificate authority of your own",
    ),
    "TLS handshake hangs": (
        "timeout",
        "API: no connection to the API within 0.5 s",
        "check the network, try again, or give it longer with --timeout",
    ),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_what_stands_in_the_way_of_a_connection_is_told_apart(name: str) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)
    assert _refused_by(fault) == CONNECTIONS[name]


NOT_HTTP = ("api-failed", "API: the answer broke off or is not HTTP", f"check the base URL; {OTHER_URL}")


@pytest.mark.parametrize(
    ("serve", "outcome"),
    [
        (
            then_hang(),
            (
                "timeout",
                "API: no whole answer within 0.5 s",
                "check the network, try again, or give it longer with --timeout",
            ),
        ),
        (
            endless(head(200), b" " * 65536),
            ("models-unexpected", "API: the answer is larger than 8192 KiB", f"check the base URL; {OTHER_URL}"),
        ),
        (raw(), NOT_HTTP),
        (raw(b"HTTP/1.1 200 OK\r\nx"), NOT_HTTP),
    ],
    ids=["hangs", "endless", "closed", "cut short"],
)
def test_a_listing_that_does_not_arrive_is_told(serve: Serve, outcome: tuple[str, str, str]) -> None:
    assert _refused_by(Fault("", serve, None)) == outcome


def _refused_by(fault: Fault) -> tuple[str, str, str]:
    """Return code, message and remedy of a preflight against a fault."""

    async def go() -> tuple[str, str, str]:
        async with FaultServer(fault.serve, is_tls=fault.server_speaks_tls) as server:
            scheme = "https" if fault.door in ("https", "untrusted") else "http"
            port = 1 if fault.door == "closed" else server.port
            where = f"{scheme}://127.0.0.1:{port}"
            with pytest.raises(PreflightError) as caught:
                await prove(f"{where}/v1")
        found = caught.value
        return found.code, found.message.replace(where, "API"), found.next

    return asyncio.run(go())


def test_a_password_in_the_base_url_is_not_told() -> None:
    code, message, _ = refused("http://user:hunter2@127.0.0.1:1/v1")
    assert (code, message) == ("connection-refused", "http://127.0.0.1:1 refused the connection")


def test_a_probe_asks_each_model_one_word_and_reads_no_list() -> None:
    with FakeApi(listing=Answer(status=404)) as api:
        api.answer("fugu", Answer("Ready"))
        api.answer("fugu-ultra", Answer(None))
        probes: list[str] = []
        assert asyncio.run(prove(api.base_url, probes, is_probe=True)) == MODELS
    assert probes == list(MODELS)
    assert [asked.body for asked in api.requests] == [
        {"model": model, "messages": [{"role": "user", "content": "Reply with the one word: ready"}]}
        for model in MODELS
    ]


@pytest.mark.parametrize(
    ("settings", "code", "message", "chats"),
    [
        ({"models": ("fugu", "gpt-9")}, "model-missing", "API has no model 'gpt-9', or no /chat/completions (404)", 2),
        ({"credential": Credential("wrong-key", name="K")}, "key-refused", "API refused the key in K (401)", 1),
        ({"models": (KEY,)}, "key-in-prompt", "the prompt holds the API key, so nothing was sent", 0),
    ],
)
def test_a_probe_that_fails_is_told(settings: dict[str, Any], code: str, message: str, chats: int) -> None:
    with FakeApi(key=KEY) as api:
        assert refused(api.base_url, is_probe=True, **settings)[:2] == (code, message)
    assert api.chats == chats


@pytest.mark.parametrize(
    ("status", "retryable"), [(401, False), (404, False), (429, True), (500, True), (503, True), (302, False)]
)
def test_whether_the_same_command_can_succeed_later_is_told(status: int, *, retryable: bool) -> None:
    with FakeApi(listing=Answer(status=status)) as api, pytest.raises(PreflightError) as caught:
        asyncio.run(prove(api.base_url))
    assert caught.value.retryable is retryable

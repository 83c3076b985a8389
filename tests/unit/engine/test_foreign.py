import inspect
import itertools
import socket
import ssl

import httpx
import pytest

from overlord_run.engine.foreign import FOREIGN, NEVER_SENT, RAISED, REASONS, Fault, translate

HTTPX_ERRORS = {
    name: value for name, value in vars(httpx).items() if inspect.isclass(value) and issubclass(value, Exception)
}


def made(kind: type[Exception]) -> Exception:
    request = httpx.Request("POST", "http://127.0.0.1/")
    arguments = {
        httpx.HTTPStatusError: {"message": "secret", "request": request, "response": httpx.Response(500)},
        httpx.StreamConsumed: {},
        httpx.StreamClosed: {},
        httpx.ResponseNotRead: {},
        httpx.RequestNotRead: {},
    }
    return kind(**arguments.get(kind, {"message": "secret"}))


@pytest.mark.parametrize("name", HTTPX_ERRORS)
def test_every_exception_of_httpx_is_mapped(name: str) -> None:
    assert HTTPX_ERRORS[name] in FOREIGN


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_becomes_a_fault_without_its_text(kind: type[Exception]) -> None:
    assert issubclass(kind, RAISED)
    fault = translate(made(kind), 5, is_connecting=False)
    assert fault.kind == FOREIGN[kind][0]
    assert fault.unbilled == issubclass(kind, NEVER_SENT)
    assert fault.reason
    assert "secret" not in fault.reason


def led_to(*errors: Exception) -> Exception:
    """Return the last error, the others in its context, as httpcore leaves them: without `__cause__`."""
    for before, after in itertools.pairwise(errors):
        after.__context__ = before
    return errors[-1]


@pytest.mark.parametrize(
    ("errors", "cause"),
    [
        ([socket.gaierror(-2, "unknown"), httpx.ConnectError("")], "dns"),
        ([ConnectionRefusedError(), OSError("all failed"), httpx.ConnectError("")], "refused"),
        ([ExceptionGroup("", [OSError(), ConnectionRefusedError()]), httpx.ConnectError("")], "refused"),
        ([ssl.SSLCertVerificationError(), httpx.ConnectError("")], "certificate"),
        ([ssl.SSLError(), httpx.ConnectError("")], "tls"),
        ([OSError(101, "unreachable"), httpx.ConnectError("")], "unreachable"),
        ([httpx.ProxyError("")], "proxy"),
        ([httpx.UnsupportedProtocol("")], "url"),
        ([httpx.InvalidURL("")], "url"),
    ],
)
def test_what_stood_in_the_way_of_a_connection_is_found(errors: list[Exception], cause: str) -> None:
    fault = translate(led_to(*errors), 5, is_connecting=False)
    assert (fault.kind, fault.cause, fault.reason) == ("connect", cause, REASONS[cause])


@pytest.mark.parametrize("error", [ConnectionResetError(), ssl.SSLError(), OSError(), UnicodeError("x")])
def test_what_leaks_through_httpx_may_have_been_billed(error: Exception) -> None:
    fault = Fault("transport", "the connection broke before the whole answer was there")
    assert translate(error, 5, is_connecting=False) == fault


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (
            httpx.RemoteProtocolError(""),
            Fault("connect", "the API's host was not reached", unbilled=True, cause="unreachable"),
        ),
        (UnicodeError("label too long"), Fault("connect", "the API's URL cannot be used", unbilled=True, cause="url")),
        (httpx.ReadTimeout(""), Fault("timeout", "no connection to the API within 5 s", unbilled=True)),
    ],
)
def test_whatever_happens_before_the_connection_is_there_was_never_sent(error: Exception, fault: Fault) -> None:
    assert translate(error, 5, is_connecting=True) == fault

"""Prove the API before any model is asked: the host, the key, and that every model is there."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from msgspec import Struct

from overlord_run.credential import Redactor
from overlord_run.engine.base import ChatMessage, Failure, FailureKind, Lane, Request
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.foreign import Cause, Fault
from overlord_run.engine.payload import MalformedError, as_mapping, parse_json
from overlord_run.engine.quote import token
from overlord_run.engine.status import failure_of
from overlord_run.engine.wire import Answer
from overlord_run.errors import PreflightError
from overlord_run.host.shell import Host
from overlord_run.playbook.names import did_you_mean, listed

OK: Final = 200
MOST_NAMED: Final = 5
PROBE: Final = "Reply with the one word: ready"
ANSWERED: Final[frozenset[FailureKind]] = frozenset({"no-text", "tool-calls", "refusal"})
"""The failures of a call that a model did answer: enough for a probe."""

USE_PROBE: Final = (
    "for an endpoint without /models, `preflight: probe` under `engine:` in the playbook asks each model one word "
    "instead, which proves less and may be billed"
)


class Terms(Struct, frozen=True):
    """What has to be proved, and the words for the person who may have to set it right.

    Attributes:
        models: The ids that must be there.
        key_name: The variable to set a key with.
        is_key_required: Whether to go on without a key.
        host: Knows the syntax of the person's shell.
    """

    endpoint: Endpoint
    models: tuple[str, ...]
    key_name: str
    is_key_required: bool
    host: Host
    timeout_s: float

    @property
    def where(self) -> str:
        """The API's origin, without what a URL may hide before its host."""
        url = self.endpoint.url("")
        return f"{url.scheme}://{url.netloc.decode('ascii')}"

    @property
    def set_key(self) -> str:
        """How to set a key."""
        return f"set it: {self.host.set_env(self.key_name, 'YOUR_KEY')}"

    @property
    def set_base_url(self) -> str:
        """How to set the base URL."""
        return f"set another base URL: {self.host.set_env('OVERLORD_BASE_URL', 'https://HOST/v1')}"


def require_key(terms: Terms) -> None:
    """Refuse to go on without a key where one is needed.

    Raises:
        PreflightError: There is none.
    """
    if terms.is_key_required and terms.endpoint.credential is None:
        raise PreflightError(message=f"no API key is set for {terms.where}", next=terms.set_key, code="key-missing")


def prove_listed(outcome: Answer | Fault, terms: Terms, redactor: Redactor) -> tuple[str, ...]:
    """Return the models once the answer to `GET /models` lists every one of them.

    Raises:
        PreflightError: It does not; the error says why and what to do.
    """
    if isinstance(outcome, Fault):
        raise _of_failure(Failure(outcome.kind, outcome.reason), terms, outcome.cause)
    if outcome.status != OK:
        raise _of_failure(failure_of(outcome, redactor, now_s=0.0), terms)
    ids = _listed(outcome.body, terms)
    missing = [model for model in terms.models if model not in ids]
    if missing:
        raise _missing(missing, ids, terms, redactor)
    return terms.models


async def prove_asked(
    lend: Callable[[Request], AbstractAsyncContextManager[Lane]],
    terms: Terms,
    before: Callable[[str], Awaitable[None]],
) -> tuple[str, ...]:
    """Return the models once each has answered one tiny chat call: weaker than a list, and perhaps billed.

    `lend` gives the lane of a call; `before` is awaited with the model's id before each call.

    Raises:
        PreflightError: One did not; the error says why and what to do.
    """
    for model in terms.models:
        request = Request("", "preflight", 1, model, (ChatMessage("user", PROBE),), {}, terms.timeout_s)
        async with lend(request) as lane:
            await before(model)
            outcome = await lane.ask(request)
        if isinstance(outcome, Failure) and outcome.kind not in ANSWERED:
            raise _of_probe(model, outcome, terms)
    return terms.models


def _listed(body: bytes, terms: Terms) -> tuple[str, ...]:
    try:
        data = as_mapping(parse_json(body)).get("data")
    except MalformedError as error:
        raise PreflightError(
            message=f"what {terms.where} answers to /models {error.what}",
            next=f"check that the base URL is the API's and not a web page's; {terms.set_base_url}",
            code="models-not-json",
        ) from error
    ids = [as_mapping(entry).get("id") for entry in data] if isinstance(data, list) else [None]
    if not all(isinstance(id_, str) for id_ in ids):
        raise PreflightError(
            message=f'what {terms.where} answers to /models is no list of models ({{"data": [{{"id": …}}]}})',
            next=f"check the base URL; {USE_PROBE}",
            code="models-unexpected",
        )
    if not ids:
        raise PreflightError(
            message=f"{terms.where} lists no models",
            next="check that the key's account has access to models, or that the server has loaded one",
            code="models-empty",
        )
    return tuple(str(id_) for id_ in ids)


def _missing(missing: Sequence[str], ids: Sequence[str], terms: Terms, redactor: Redactor) -> PreflightError:
    there = [name for id_ in dict.fromkeys(ids) if (name := token(id_, redactor))]
    guesses = [guess for model in missing[:MOST_NAMED] if (guess := did_you_mean(model, there))]
    known = f"it lists {listed(there, most=MOST_NAMED)}"
    return PreflightError(
        message=f"{terms.where} does not list the model{'s' if len(missing) > 1 else ''} {listed(missing)}",
        next=f"{' '.join([*guesses, known])}; change the id under `models:`, or use --model or --ultra-model",
        code="model-missing",
    )


def _of_probe(model: str, failure: Failure, terms: Terms) -> PreflightError:
    if failure.kind == "not-found":
        return PreflightError(
            message=f"{terms.where} has no model '{model}', or no /chat/completions ({failure.status})",
            next=f"change the id under `models:`; {terms.set_base_url}",
            code="model-missing",
        )
    return _of_failure(failure, terms)


_CONNECTION: Final[Mapping[Cause | None, tuple[str, str, str]]] = {
    "dns": (
        "host-not-found",
        "the host of {where} was not found (DNS)",
        "check the network and the host's name; {base}",
    ),
    "refused": (
        "connection-refused",
        "{where} refused the connection",
        "check that the server runs, and its port; {base}",
    ),
    "certificate": (
        "certificate",
        "the TLS certificate of {where} is not trusted",
        "check the host's name; --ca-file FILE names a certificate authority of your own",
    ),
    "tls": (
        "tls",
        "{where} does not speak TLS as expected",
        "check the port, and whether the base URL should begin with http://; {base}",
    ),
    "proxy": ("proxy", "the proxy did not connect to {where}", "check --proxy"),
    "url": ("base-url", "the base URL cannot be used", "{base}"),
    "unreachable": ("host-not-reached", "{where} was not reached", "check the network; {base}"),
}

_STATUSES: Final[Mapping[FailureKind, tuple[str, str, str]]] = {
    "timeout": ("timeout", "{where}: {reason}", "check the network, try again, or give it longer with --timeout"),
    "not-found": (
        "no-models-endpoint",
        "there is no /models at {where} ({status})",
        "check that the base URL is what stands before /models, like https://api.sakana.ai/v1; {probe}",
    ),
    "redirected": (
        "redirected",
        "{where} answers with a redirect ({status}), which is not followed",
        "set the base URL that it leads to, if you trust that; {base}",
    ),
    "rate-limited": ("rate-limited", "{where} asks for fewer requests ({status})", "wait a little and try again"),
    "quota": ("quota", "the account's quota or credit at {where} is used up ({status})", "check the account's billing"),
    "overloaded": ("api-failed", "{where}: {reason}{detail}", "try again later"),
    "server-error": ("api-failed", "{where}: {reason}{detail}", "try again later"),
    "too-large": ("models-unexpected", "{where}: {reason}", "check the base URL; {base}"),
    "key-in-prompt": ("key-in-prompt", "{reason}", "take the key out of the models' names"),
    "not-recorded": ("not-recorded", "{reason}", "record the run anew with --record"),
}

_MAY_PASS: Final[frozenset[FailureKind]] = frozenset({"timeout", "rate-limited", "overloaded", "server-error"})
_CONNECTION_MAY_PASS: Final[frozenset[Cause | None]] = frozenset({"dns", "refused", "unreachable", None})
_OTHERWISE: Final = ("api-failed", "{where}: {reason}{detail}", "check the base URL; {base}")


def _of_failure(failure: Failure, terms: Terms, cause: Cause | None = None) -> PreflightError:
    if failure.kind == "refused-key":
        return _of_refused_key(failure.status, terms)
    if failure.kind == "connect":
        code, message, remedy = _CONNECTION[cause or "unreachable"]
        retryable = cause in _CONNECTION_MAY_PASS
    else:
        code, message, remedy = _STATUSES.get(failure.kind, _OTHERWISE)
        retryable = failure.kind in _MAY_PASS
    facts: dict[str, Any] = {
        "where": terms.where,
        "reason": failure.reason,
        "status": failure.status,
        "detail": f' ("{failure.detail}")' if failure.detail else "",
        "base": terms.set_base_url,
        "probe": USE_PROBE,
    }
    return PreflightError(message=message.format(**facts), next=remedy.format(**facts), code=code, retryable=retryable)


def _of_refused_key(status: int | None, terms: Terms) -> PreflightError:
    """The provider's own words are left out: some of them repeat parts of the key."""
    credential = terms.endpoint.credential
    if credential is None:
        return PreflightError(
            message=f"{terms.where} wants an API key ({status}), and none is set",
            next=terms.set_key,
            code="key-missing",
        )
    return PreflightError(
        message=f"{terms.where} refused the key in {credential.name} ({status})",
        next=f"check that the key is whole and belongs to this API; {_reset_key(credential.name, terms)}",
        code="key-refused",
    )


def _reset_key(name: str, terms: Terms) -> str:
    if name.isidentifier():
        return f"set it again: {terms.host.set_env(name, 'YOUR_KEY')}"
    return f"put the right one into {name}"

"""Tell what a status other than 200 means: what kind of failure, and whether anything can have been billed."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from overlord_run.credential import Redactor
from overlord_run.engine.base import Failure, FailureKind
from overlord_run.engine.payload import MalformedError, as_mapping, parse_json
from overlord_run.engine.quote import sentence, token
from overlord_run.engine.retry import retry_after_s
from overlord_run.engine.wire import Answer

MEANINGS: Final[Mapping[int, tuple[FailureKind, str]]] = {
    400: ("bad-request", "the API rejected the request"),
    401: ("refused-key", "the API refused the key"),
    402: ("quota", "the account has no credit"),
    403: ("refused-key", "the API refused the key, or the key may not use this model"),
    404: ("not-found", "the API does not have this model or endpoint"),
    405: ("not-found", "the API does not have this endpoint"),
    413: ("bad-request", "the request is too large for the API"),
    415: ("bad-request", "the API rejected the request"),
    422: ("bad-request", "the API rejected the request"),
    429: ("rate-limited", "the API asks for fewer requests"),
    503: ("overloaded", "the API is overloaded"),
    529: ("overloaded", "the API is overloaded"),
}
UNBILLED: Final = frozenset({429, 503, 529})
QUOTA: Final = re.compile(
    r"insufficient_quota|quota_exceeded|exceeded_quota|billing|credit|balance|payment", re.IGNORECASE
)


class ErrorBody(Struct, frozen=True):
    """What an error's body says; each is empty where it says nothing."""

    code: str
    type: str
    message: str


def failure_of(answer: Answer, redactor: Redactor, *, now_s: float) -> Failure:
    """Return the failure that an answer with a status other than 200 is.

    Another attempt is free only after 429 (unless it is the account's quota or credit that is used up), 503 and 529.
    """
    said = read_error(answer.body)
    kind, reason = _meaning(answer.status)
    is_unbilled = answer.status in UNBILLED
    if kind == "rate-limited" and is_quota(said):
        kind, reason, is_unbilled = "quota", "the account's quota or credit is used up", False
    return Failure(
        kind=kind,
        reason=f"{reason} ({answer.status})",
        status=answer.status,
        request_id=request_id(answer, {}, redactor),
        unbilled=is_unbilled,
        retry_after_s=retry_after_s(answer.headers, now_s=now_s),
        detail=sentence(said.message, redactor),
    )


def _meaning(status: int) -> tuple[FailureKind, str]:
    if status in MEANINGS:
        return MEANINGS[status]
    match status // 100:
        case 3:
            return "redirected", "the API answered with a redirect, which is not followed"
        case 5:
            return "server-error", "the API failed"
        case _:
            return "status", "the API answered with a status that means nothing here"


def request_id(answer: Answer, body: Mapping[str, Any], redactor: Redactor) -> str | None:
    """Return the `x-request-id` header, else the body's `id`, else None; printable and short."""
    return token(answer.headers.get("x-request-id"), redactor) or token(body.get("id"), redactor)


def is_quota(said: ErrorBody) -> bool:
    """Return whether an error speaks of the account's money and not of its pace.

    A provider's code and type decide where there are any: messages about pace often mention billing, too.
    """
    named = f"{said.code} {said.type}".strip()
    return QUOTA.search(named or said.message) is not None


def read_error(body: bytes) -> ErrorBody:
    """Return what an error's body says, in any of the shapes that are about.

    `{"error": {"code", "type", "message"}}` is OpenAI's; others put the text directly under `error`, `message` or
    `detail`, wrap it all in a list, or send no JSON.
    """
    try:
        value = parse_json(body)
    except MalformedError:
        return ErrorBody("", "", body.decode("utf-8", errors="replace"))
    outer = as_mapping(value[0] if isinstance(value, list) and value else value)
    inner = outer.get("error")
    fields = inner if isinstance(inner, dict) else outer
    message = fields.get("message") or (inner if isinstance(inner, str) else None) or fields.get("detail")
    return ErrorBody(_word(fields.get("code")), _word(fields.get("type")), message if isinstance(message, str) else "")


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""

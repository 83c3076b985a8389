"""Read a chat completion: the assistant's text, what it cost, and why there is no text where there is none."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from overlord_run.credential import Redactor
from overlord_run.engine.base import Failure, FailureKind, Reply, Request, Usage
from overlord_run.engine.payload import MalformedError, as_mapping, parse_json
from overlord_run.engine.quote import sentence, token, whole
from overlord_run.engine.status import read_error, request_id
from overlord_run.engine.wire import Answer

MOST_TOKENS: Final = 1_000_000_000
LEAST_DOUBTED: Final = 500
"""Prompts that are estimated below this many tokens are too short to tell a cut one from a rough estimate."""

TEXT_PARTS: Final = ("text", "output_text", None)


def holds_text(answer: Answer) -> bool:
    """Return whether an answer with status 200 holds a reply."""
    try:
        message = _first_choice(as_mapping(parse_json(answer.body))).get("message")
    except MalformedError:
        return False
    return isinstance(message, dict) and not _is_blank(_text(message.get("content")))


def read_completion(answer: Answer, request: Request, redactor: Redactor) -> Reply | Failure:
    """Return the reply that an answer with status 200 holds, or why it holds none.

    Args:
        answer: The API's answer.
        request: What was asked.
        redactor: Takes the key out of what the provider wrote.
    """
    try:
        body = as_mapping(parse_json(answer.body))
    except MalformedError as error:
        shown = answer.body.decode("utf-8", errors="replace")
        return _failure(answer, {}, redactor, "malformed", f"the answer {error.what}", detail=shown)
    choice = _first_choice(body)
    message = choice.get("message")
    if not isinstance(message, dict):
        error_text = read_error(answer.body).message
        reason = "the answer holds an error" if error_text else "the answer is no chat completion"
        return _failure(answer, body, redactor, "malformed", reason, detail=error_text)
    text = _text(message.get("content"))
    if _is_blank(text):
        kind, reason = _why_no_text(message, choice)
        return _failure(answer, body, redactor, kind, reason, detail=_text(message.get("refusal")))
    usage = read_usage(body.get("usage"))
    finish_reason = _word(choice.get("finish_reason"), redactor)
    return Reply(
        text=whole(text, redactor),
        model=_word(body.get("model"), redactor) or request.model,
        request_id=request_id(answer, body, redactor),
        finish_reason=finish_reason,
        usage=usage,
        cut=finish_reason == "length",
        note=_note(request, usage),
    )


def _word(value: Any, redactor: Redactor) -> str | None:
    """Return a word that is the same in most replies: they share one copy of it."""
    found = token(value, redactor)
    return None if found is None else sys.intern(found)


def read_usage(value: Any) -> Usage:
    """Return the counts of a `usage` object; what is no plausible count is None.

    Fugu's `orchestration_*` counts stand at its top level or among its details, depending on the version of the API.
    """
    usage = as_mapping(value)
    places = (usage, *[detail for detail in usage.values() if isinstance(detail, dict)])
    prompt = as_mapping(usage.get("prompt_tokens_details"))
    completion = as_mapping(usage.get("completion_tokens_details"))
    return Usage(
        prompt_tokens=_count("prompt_tokens", usage),
        completion_tokens=_count("completion_tokens", usage),
        cached_tokens=_count("cached_tokens", prompt, usage),
        reasoning_tokens=_count("reasoning_tokens", completion, usage),
        orchestration_input_tokens=_count("orchestration_input_tokens", *places),
        orchestration_input_cached_tokens=_count("orchestration_input_cached_tokens", *places),
        orchestration_output_tokens=_count("orchestration_output_tokens", *places),
    )


def _count(name: str, *places: Mapping[str, Any]) -> int | None:
    """Return the count of this name in the first place that holds a plausible one."""
    for place in places:
        found = place.get(name)
        if type(found) is int and 0 <= found <= MOST_TOKENS:  # `isinstance` takes True for a count
            return found
    return None


def _first_choice(body: Mapping[str, Any]) -> dict[str, Any]:
    choices = body.get("choices")
    return as_mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(_parts(content))


def _parts(content: Any) -> Iterator[str]:
    for part in content if isinstance(content, list) else []:
        fields = as_mapping(part)
        text = fields.get("text")
        if isinstance(text, str) and fields.get("type") in TEXT_PARTS:
            yield text


def _is_blank(text: str) -> bool:
    return all(character.isspace() or not character.isprintable() for character in text)


def _why_no_text(message: Mapping[str, Any], choice: Mapping[str, Any]) -> tuple[FailureKind, str]:
    refused_parts = any(as_mapping(part).get("type") == "refusal" for part in _listed(message.get("content")))
    if message.get("refusal") or refused_parts:
        return "refusal", "the model refused to answer"
    if message.get("tool_calls") or message.get("function_call"):
        return "tool-calls", "the model asked for tools and gave no text"
    match choice.get("finish_reason"):
        case "content_filter":
            return "refusal", "the provider's filter withheld the answer"
        case "length":
            return "no-text", "the token limit was reached before any text; a larger max_tokens may help"
        case _:
            return "no-text", "the answer has no text"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _note(request: Request, usage: Usage) -> str:
    if usage.prompt_tokens is None:
        return ""
    expected = sum([message.tokens for message in request.messages])
    if expected < LEAST_DOUBTED or usage.prompt_tokens * 3 > expected:
        return ""
    return (
        f"the API counted {usage.prompt_tokens} prompt tokens where about {expected} were sent: "
        "it may have cut the prompt in silence"
    )


def _failure(
    answer: Answer, body: Mapping[str, Any], redactor: Redactor, kind: FailureKind, reason: str, *, detail: str
) -> Failure:
    return Failure(
        kind=kind,
        reason=reason,
        status=answer.status,
        request_id=request_id(answer, body, redactor),
        detail=sentence(detail, redactor),
    )

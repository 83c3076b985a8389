import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.credential import Credential, Redactor
from overlord_run.engine.base import ChatMessage, Failure, Reply, Request, Usage
from overlord_run.engine.completion import read_completion, read_usage
from overlord_run.engine.wire import Answer

KEY = "sk-canary-7f3a9c0b12de"
REDACTOR = Redactor(Credential(KEY, name="KEY"))
ASKED = Request("alder", "rank", 1, "fugu", (ChatMessage("user", "Rank them."),), {}, 90.0)


def read(body: Any, headers: dict[str, str] | None = None, asked: Request = ASKED) -> Reply | Failure:
    answer = Answer(200, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())
    return read_completion(answer, asked, REDACTOR)


def completion(message: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "model": "fugu-2", "choices": [{"message": message, "finish_reason": "stop"}], **fields}


def test_a_completion_gives_a_reply() -> None:
    body = completion({"role": "assistant", "content": "First: the plan."}, usage={"prompt_tokens": 9})
    assert read(body) == Reply(
        text="First: the plan.",
        model="fugu-2",
        request_id="chatcmpl-1",
        finish_reason="stop",
        usage=Usage(prompt_tokens=9),
    )


def test_the_header_names_the_request_before_the_body() -> None:
    reply = read(completion({"content": "Yes."}), {"x-request-id": "req-7"})
    assert reply.request_id == "req-7"


def test_a_model_that_is_not_named_is_the_one_asked() -> None:
    reply = read({"choices": [{"message": {"content": "Yes."}}]})
    assert reply == Reply("Yes.", "fugu", None, None, Usage())


def test_an_answer_at_the_token_limit_is_kept_and_marked_cut() -> None:
    body = completion({"content": "First: the"})
    body["choices"][0]["finish_reason"] = "length"
    reply = read(body)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish_reason, reply.cut) == ("First: the", "length", True)


def test_whatever_the_provider_wrote_is_redacted() -> None:
    body = completion({"content": f"It is {KEY}."}, model=f"fugu {KEY}", id=KEY)
    body["choices"][0]["finish_reason"] = KEY
    assert read(body) == Reply("It is [redacted].", "fugu [redacted]", "[redacted]", "[redacted]", Usage())


def test_a_malformed_answer_keeps_what_the_provider_said_as_a_detail() -> None:
    assert read(b"<html>Sign in</html>", {"x-request-id": "req-7"}) == Failure(
        "malformed", "the answer is HTML, not JSON", status=200, request_id="req-7", detail="<html>Sign in</html>"
    )


def test_an_error_with_status_200_is_malformed_and_told() -> None:
    assert read({"error": {"message": "model is gone"}}) == Failure(
        "malformed", "the answer holds an error", status=200, detail="model is gone"
    )


@pytest.mark.parametrize(
    ("message", "finish_reason", "kind", "reason"),
    [
        ({"content": None}, "stop", "no-text", "the answer has no text"),
        ({}, None, "no-text", "the answer has no text"),
        (
            {"content": ""},
            "length",
            "no-text",
            "the token limit was reached before any text; a larger max_tokens may help",
        ),
        ({"content": " ", "refusal": "No."}, "stop", "refusal", "the model refused to answer"),
        ({"content": None}, "content_filter", "refusal", "the provider's filter withheld the answer"),
        ({"tool_calls": [{}]}, "tool_calls", "tool-calls", "the model asked for tools and gave no text"),
        ({"content": None}, ["length"], "no-text", "the answer has no text"),
    ],
)
def test_an_answer_without_text_says_why(message: Any, finish_reason: Any, kind: str, reason: str) -> None:
    body = completion(message)
    body["choices"][0]["finish_reason"] = finish_reason
    failure = read(body)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.reason, failure.unbilled) == (kind, reason, False)


def test_a_refusal_is_quoted_in_the_detail() -> None:
    failure = read(completion({"content": None, "refusal": f"I cannot use {KEY}."}))
    assert isinstance(failure, Failure)
    assert failure.detail == "I cannot use [redacted]."


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, Usage()),
        ([], Usage()),
        (
            {
                "prompt_tokens": 120,
                "completion_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 10},
            },
            Usage(120, 30, 20, 10),
        ),
        (
            {
                "prompt_tokens": 1,
                "prompt_tokens_details": {"orchestration_input_tokens": 40, "orchestration_input_cached_tokens": 4},
                "completion_tokens_details": {"orchestration_output_tokens": 12},
            },
            Usage(1, None, None, None, 40, 4, 12),
        ),
        (
            {
                "orchestration_input_tokens": 40,
                "orchestration_input_cached_tokens": 4,
                "orchestration_output_tokens": 12,
            },
            Usage(None, None, None, None, 40, 4, 12),
        ),
        ({"usage_details": {"orchestration_output_tokens": 12}}, Usage(orchestration_output_tokens=12)),
        ({"prompt_tokens_details": None, "cached_tokens": 5}, Usage(cached_tokens=5)),
        ({"prompt_tokens": 0}, Usage(prompt_tokens=0)),
        ({"prompt_tokens": -1}, Usage()),
        ({"prompt_tokens": True}, Usage()),
        ({"prompt_tokens": 12.0}, Usage()),
        ({"prompt_tokens": "12"}, Usage()),
        ({"prompt_tokens": 10**12}, Usage()),
        (
            {"orchestration_input_tokens": None, "d": {"orchestration_input_tokens": 3}},
            Usage(orchestration_input_tokens=3),
        ),
    ],
)
def test_usage_keeps_plausible_counts_wherever_they_stand(usage: Any, counts: Usage) -> None:
    assert read_usage(usage) == counts


@pytest.mark.parametrize(
    ("characters", "prompt_tokens", "note"),
    [
        (
            40_000,
            2048,
            "the API counted 2048 prompt tokens where about 10000 were sent: it may have cut the prompt in silence",
        ),
        (40_000, 5000, ""),
        (40_000, None, ""),
        (1000, 3, ""),
    ],
)
def test_a_prompt_that_was_cut_in_silence_is_noted(characters: int, prompt_tokens: int | None, note: str) -> None:
    asked = Request("alder", "rank", 1, "fugu", (ChatMessage("user", "x" * characters),), {}, 90.0)
    reply = read(completion({"content": "Yes."}, usage={"prompt_tokens": prompt_tokens}), asked=asked)
    assert isinstance(reply, Reply)
    assert reply.note == note


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "model",
                    "choices",
                    "message",
                    "content",
                    "text",
                    "type",
                    "refusal",
                    "tool_calls",
                    "finish_reason",
                    "usage",
                    "prompt_tokens",
                    "prompt_tokens_details",
                    "error",
                    "code",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(odd=ODD, message=ODD, choice=ODD)
def test_any_json_gives_a_reply_with_text_or_a_failure(odd: Any, message: Any, choice: Any) -> None:
    for body in (odd, {"choices": [choice]}, {"choices": [{"message": message}], "usage": odd}):
        outcome = read(body)
        assert isinstance(outcome, Failure) or outcome.text.strip()

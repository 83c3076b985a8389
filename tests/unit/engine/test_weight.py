from typing import Any

import pytest

from overlord_run.engine.base import ChatMessage, Failure, Reply, Request, Usage
from overlord_run.engine.weight import expected_tokens, used_tokens


def question(**params: Any) -> Request:
    messages = (ChatMessage("system", "x" * 40), ChatMessage("user", "y" * 8))
    return Request("alder", "startup", 1, "fugu", messages, params, 5.0)


def reply(usage: Usage) -> Reply:
    return Reply("Ready.", "fugu", None, "stop", usage)


@pytest.mark.parametrize(
    ("params", "tokens"),
    [
        ({}, 12),
        ({"max_tokens": 100}, 112),
        ({"max_completion_tokens": 50}, 62),
        ({"max_completion_tokens": 50, "max_tokens": 100}, 62),
        ({"max_completion_tokens": None, "max_tokens": 100}, 112),
        ({"max_tokens": True}, 12),
        ({"max_tokens": -5}, 12),
        ({"max_tokens": "100"}, 12),
        ({"max_tokens": 1.5}, 12),
    ],
)
def test_a_request_is_its_prompt_and_the_longest_answer_that_its_parameters_allow(
    params: dict[str, Any], tokens: int
) -> None:
    assert expected_tokens(question(**params)) == tokens


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (Usage(120, 30), 150),
        (Usage(120, 30, 20, 10, 40, 4, 12), 202),
        (Usage(prompt_tokens=120), 120),
        (Usage(0, 0), 0),
        (Usage(cached_tokens=20, reasoning_tokens=10), None),
        (Usage(), None),
    ],
)
def test_an_answer_is_what_the_api_counted_if_it_did(usage: Usage, tokens: int | None) -> None:
    assert used_tokens(reply(usage)) == tokens


def test_a_failure_is_nothing_where_nothing_was_billed_and_else_unknown() -> None:
    assert used_tokens(Failure("rate-limited", "the API asks for fewer requests (429)", unbilled=True)) == 0
    assert used_tokens(Failure("timeout", "no answer within 90 s")) is None

"""Tell how many tokens a request counts as, before it leaves and once it is answered."""

from typing import Final

from overlord_run.engine.base import Failure, Reply, Request

LARGEST_ANSWER_PARAMS: Final = ("max_completion_tokens", "max_tokens")
"""The parameters that bound an answer. Source: OpenAI's API reference; the first takes the second's place there."""


def expected_tokens(request: Request) -> int:
    """Return about how many tokens a request takes: its prompt, and the longest answer where a parameter bounds it."""
    return sum([message.tokens for message in request.messages]) + _longest_answer(request)


def used_tokens(result: Reply | Failure) -> int | None:
    """Return how many tokens a request took: as the API counts them, or none where nothing was billed; else None.

    Orchestration comes on top of prompt and completion, of which cached and reasoning tokens are parts.
    """
    if isinstance(result, Failure):
        return 0 if result.unbilled else None
    usage = result.usage
    counts = (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.orchestration_input_tokens,
        usage.orchestration_output_tokens,
    )
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _longest_answer(request: Request) -> int:
    bounds = (request.params.get(name) for name in LARGEST_ANSWER_PARAMS)
    return next((bound for bound in bounds if isinstance(bound, int) and not isinstance(bound, bool) and bound > 0), 0)

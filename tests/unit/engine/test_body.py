import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from overlord_run.engine.base import ChatMessage, Request
from overlord_run.engine.body import Digests, body_bytes
from overlord_run.plan.digest import digest

TEXTS = st.text(st.characters(), max_size=20)
MESSAGES = st.lists(st.builds(ChatMessage, st.sampled_from(["system", "user", "assistant"]), TEXTS), min_size=1)
PARAMS = st.dictionaries(
    st.sampled_from(["max_tokens", "response_format", "messages_", "mess", "temperature", "a", "ü\ud800"]),
    st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.dictionaries(TEXTS, inner)),
)
REQUESTS = st.builds(
    lambda messages, params: Request("alder", "rank", 1, "fugu-ü", tuple(messages), params, 5.0), MESSAGES, PARAMS
)


@given(REQUESTS)
def test_a_body_goes_out_as_the_json_of_its_values(request: Request) -> None:
    assert body_bytes(request) == json.dumps(request.body(), separators=(",", ":"), allow_nan=False).encode("ascii")


@given(st.lists(REQUESTS, min_size=1))
def test_a_digest_is_that_of_the_values_whatever_was_asked_before(requests: list[Request]) -> None:
    digests = Digests()
    for request in requests:
        assert digests.of(request) == digest(request.body())


def test_a_conversation_that_grows_is_hashed_on_from_where_it_ended() -> None:
    """Read from what the bytes of the conversation so far are asked for: nothing, once they are hashed."""
    digests = Digests()
    first = Request("alder", "m1", 1, "fugu", (ChatMessage("system", "You."), ChatMessage("user", "One.")), {}, 5.0)
    history = (*first.messages, ChatMessage("assistant", "Yes."))
    second = replace(first, message="m2", messages=(*history, ChatMessage("user", "Two.")))
    third = replace(first, message="m3", messages=(*second.messages, ChatMessage("assistant", "No.")))
    for request in (first, second, second, third):
        assert digests.of(request) == digest(request.body())
    for message in history:
        object.__setattr__(message, "encoded", b"never read again")
    assert digests.of(third) == digest(third.body())


@pytest.mark.parametrize(
    "change",
    [{"model": "other"}, {"params": {"max_tokens": 1}}, {"messages": (ChatMessage("user", "New."),)}],
    ids=["model", "params", "another servant in the slot"],
)
def test_a_body_that_begins_in_another_way_is_hashed_anew(change: dict[str, object]) -> None:
    digests = Digests()
    request = Request("alder", "m1", 1, "fugu", (ChatMessage("system", "You."), ChatMessage("user", "One.")), {}, 5.0)
    digests.of(request)
    other = replace(request, **change)  # type: ignore[arg-type]
    assert digests.of(other) == digest(other.body())
    assert digests.of(request) == digest(request.body())


def test_a_number_that_json_does_not_know_is_refused() -> None:
    request = Request("alder", "m1", 1, "fugu", (ChatMessage("user", "One."),), {"temperature": float("nan")}, 5.0)
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        body_bytes(request)
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        Digests().of(request)

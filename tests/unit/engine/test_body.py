import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from overlord_run.engine.base import ChatMessage, Part, Request
from overlord_run.engine.body import Digests, body_bytes
from overlord_run.engine.history import History
from overlord_run.plan.conversation import turns
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


class Noted(list[str]):
    """A conversation that notes which of its texts are looked at."""

    def __init__(self, *texts: str) -> None:
        super().__init__(texts)
        self.read: list[int] = []

    def __getitem__(self, place: Any) -> Any:
        self.read.append(place)
        return super().__getitem__(place)


ASKED = ("You.", "One.", "Yes.")


def asked(*messages: Part, **facts: Any) -> Request:
    return replace(Request("alder", "m1", 1, "fugu", (*messages, ChatMessage("user", "Two.")), {}, 5.0), **facts)


def test_a_conversation_that_grows_is_hashed_on_from_where_it_ended() -> None:
    digests, conversation = Digests(), Noted(*ASKED)
    history = History(conversation).grown()
    digests.of(asked(history))
    conversation += ["Two.", "No."]
    history = history.grown()
    conversation.read.clear()
    second = digests.of(asked(history))
    assert conversation.read == [3, 4]
    assert digests.of(asked(history)) == second == digest(asked(history).body())


def test_a_history_stands_for_all_its_messages() -> None:
    history = History([*ASKED]).grown()
    one_by_one = asked(*[ChatMessage(turn.role, turn.content) for turn in turns(ASKED)])
    assert body_bytes(asked(history)) == body_bytes(one_by_one)
    assert Digests().of(asked(history)) == Digests().of(one_by_one)
    assert history.tokens == sum(part.tokens for part in one_by_one.messages[:3])


def test_a_history_does_not_change_while_its_conversation_grows() -> None:
    conversation = [*ASKED]
    before = History(conversation).grown()
    conversation += ["Two.", "No."]
    assert list(before.contents) == [*ASKED]
    assert before.turns == turns(ASKED)
    assert before.grown().turns == turns(conversation)
    assert (
        before.grown().encoded
        == before.encoded + b',{"role":"user","content":"Two."},{"role":"assistant","content":"No."}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"params": {"max_tokens": 1}},
        {"messages": (History(["One.", "No."]).grown(), ChatMessage("user", "Two."))},
    ],
    ids=["model", "params", "another servant in the slot"],
)
def test_a_body_that_begins_in_another_way_is_hashed_anew(change: dict[str, object]) -> None:
    digests = Digests()
    request = asked(History([*ASKED]).grown())
    digests.of(request)
    other = asked(**change) if "messages" in change else replace(request, **change)
    assert digests.of(other) == digest(other.body())
    assert digests.of(request) == digest(request.body())


def test_a_number_that_json_does_not_know_is_refused() -> None:
    request = Request("alder", "m1", 1, "fugu", (ChatMessage("user", "One."),), {"temperature": float("nan")}, 5.0)
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        body_bytes(request)
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        Digests().of(request)

import pytest

from overlord_run.plan.conversation import turns


@pytest.mark.parametrize(
    ("texts", "roles"),
    [
        ([], []),
        (["One.", "Yes."], ["user", "assistant"]),
        (["You.", "One.", "Yes."], ["system", "user", "assistant"]),
        (["You.", "One.", "Yes.", "Two.", "No."], ["system", "user", "assistant", "user", "assistant"]),
    ],
)
def test_who_said_what_follows_from_the_order(texts: list[str], roles: list[str]) -> None:
    assert [turn.role for turn in turns(texts)] == roles
    assert [turn.content for turn in turns(texts)] == texts


def test_a_conversation_can_be_read_in_part_and_as_it_was() -> None:
    conversation = ["You.", "One.", "Yes.", "Two.", "No."]
    assert turns(conversation, 3) == turns(conversation)[3:]
    assert turns(conversation, 1, 3) == turns(conversation[:3])[1:]

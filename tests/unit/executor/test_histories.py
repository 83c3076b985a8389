from overlord_run.engine.base import ChatMessage
from overlord_run.executor.histories import Histories

ASKED = {"role": "user", "content": "One."}
ANSWERED = {"role": "assistant", "content": "Yes."}


def test_a_conversation_that_grows_keeps_the_messages_that_it_had() -> None:
    histories, conversation = Histories(), [ASKED]
    before = list(histories.of("alder", conversation))
    conversation.append(ANSWERED)
    after = histories.of("alder", conversation)
    assert list(after) == [ChatMessage(**ASKED), ChatMessage(**ANSWERED)]
    assert after[0] is before[0]


def test_another_servant_in_the_slot_has_a_history_of_its_own() -> None:
    histories = Histories()
    assert list(histories.of("alder", [ASKED, ANSWERED])) == [ChatMessage(**ASKED), ChatMessage(**ANSWERED)]
    assert list(histories.of("birch", [ANSWERED])) == [ChatMessage(**ANSWERED)]
    assert list(histories.of("alder", [])) == []
    assert list(histories.of("alder", [ASKED])) == [ChatMessage(**ASKED)]

from overlord_run.engine.history import History
from overlord_run.executor.histories import Histories


def texts(histories: Histories, slot: str, conversation: list[str]) -> list[str]:
    return [text for history in histories.of(slot, conversation) for text in history.contents]


def test_a_conversation_that_has_not_grown_has_the_history_that_it_had() -> None:
    histories, conversation = Histories(), ["One.", "Yes."]
    (before,) = histories.of("alder", conversation)
    (again,) = histories.of("alder", conversation)
    assert again is before
    conversation += ["Two.", "No."]
    assert histories.of("alder", conversation) == (History(conversation).grown(),)


def test_another_servant_in_the_slot_has_a_history_of_its_own() -> None:
    histories = Histories()
    assert texts(histories, "alder", ["One.", "Yes."]) == ["One.", "Yes."]
    assert texts(histories, "birch", ["Two.", "No."]) == ["Two.", "No."]
    assert histories.of("alder", []) == ()
    assert texts(histories, "alder", ["One.", "Yes."]) == ["One.", "Yes."]

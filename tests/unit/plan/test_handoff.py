from hypothesis import given
from hypothesis import strategies as st

from overlord_run.plan.handoff import MAX_CHARS, handoff

TASK = "List what can go wrong."
SYSTEM = "You criticise in secret."


def test_a_handoff_says_why_and_quotes_the_task_once_and_the_exchanges_in_order():
    text = handoff("no answer", TASK, [SYSTEM, TASK, "Much.", "Such as?", "Fire."])
    assert text.startswith("You take over from another servant in this slot, which could not go on: no answer.")
    assert text.count(TASK) == 1
    assert [text.index(each) for each in ("Much.", "Such as?", "Fire.")] == sorted(
        text.index(each) for each in ("Much.", "Such as?", "Fire.")
    )
    assert SYSTEM not in text


def test_a_servant_without_a_task_and_without_a_word_hands_over_only_why():
    text = handoff("no answer", None, [])
    assert "Its first task" not in text
    assert "Quoted" not in text


def test_a_first_question_that_is_not_the_task_is_quoted():
    assert "Another." in handoff("no answer", TASK, [SYSTEM, "Another.", "Yes."])


def test_the_newest_exchanges_are_kept_where_there_is_no_room_for_all():
    text = handoff("no answer", None, ["old " * 2_000, "new " * 1_900])
    assert text.count("new ") == 1_900
    assert text.count("old ") < 200
    assert "characters are left out" in text


def test_what_there_is_no_room_for_at_all_is_left_out():
    text = handoff("no answer", None, ["old", "n" * MAX_CHARS])
    assert "old" not in text


@given(st.text(max_size=20_000), st.lists(st.text(min_size=1, max_size=9_000), max_size=4))
def test_a_handoff_stays_short_whatever_was_said(task, texts):
    assert len(handoff("no answer", task, texts)) < 3 * MAX_CHARS


def test_what_was_said_is_quoted_and_never_a_template():
    assert "{{ inputs.key }}" in handoff("no answer", "{{ inputs.key }}", [])

from hypothesis import given, settings
from hypothesis import strategies as st

from overlord_run.app.diff.texts import MOST_PAIRS, unified

TEXTS = st.text(alphabet="ab\n", max_size=30)


@settings(max_examples=50)
@given(TEXTS, TEXTS)
def test_texts_that_differ_show_it_and_equal_ones_show_nothing(before: str, after: str) -> None:
    lines = unified(before, after)
    assert (lines == []) == (before == after)
    assert all(line.startswith(("@@ ", "-", "+", " ")) for line in lines)


@settings(max_examples=50)
@given(st.text(alphabet="ab", max_size=5), st.text(alphabet="ab", max_size=5))
def test_both_texts_can_be_read_back_from_what_is_shown(before: str, after: str) -> None:
    head, tail = "x\n" * 3, "\ny" * 3
    lines = unified(head + before + tail, head + after + tail)
    if before != after:
        assert "\n".join(line[1:] for line in lines if line[0] in " -") == head + before + tail
        assert "\n".join(line[1:] for line in lines if line[0] in " +") == head + after + tail


def test_a_line_feed_at_the_end_is_seen() -> None:
    assert unified("Ship it.", "Ship it.\n") == ["@@ -1 +1,2 @@", " Ship it.", "+"]
    assert unified("", "Ship it.") == ["@@ -0,0 +1 @@", "+Ship it."]


def test_of_texts_with_too_many_lines_the_middle_is_replaced() -> None:
    many = [str(number) for number in range(3000)]
    assert len(many) ** 2 > MOST_PAIRS
    other = [*many[:1000], "new", *many[1001:2000], "newer", "newest", *many[2001:]]
    lines = unified("\n".join(many), "\n".join(other))
    assert lines[:5] == ["@@ -998,1007 +998,1008 @@", " 997", " 998", " 999", "-1000"]
    assert lines[-4:] == ["+newest", " 2001", " 2002", " 2003"]
    assert len(lines) == 1 + 3 + 1001 + 1002 + 3


def test_a_text_whose_beginning_is_another_one_has_no_end_in_common_with_it_twice() -> None:
    many = ["same"] * 2500
    lines = unified("\n".join(many), "\n".join([*many, "same"]))
    assert lines == ["@@ -2498,3 +2498,4 @@", " same", " same", " same", "+same"]

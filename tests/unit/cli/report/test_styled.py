from overlord_run.cli.report.styled import Line, Styled, line, plain, quoted


def test_lines_without_colour_are_their_words_and_their_indentation() -> None:
    assert plain([Line((Styled("one", "bad"), Styled(" two"))), Line(), line("three", "strong", indent=2)]) == (
        "one two\n\n  three"
    )


def test_nothing_in_a_line_acts_on_a_terminal_or_begins_another_line() -> None:
    assert plain([line("one\x1b[2J\ntwo\u202e\r\nthree")]) == "one\\u001b[2J two\\u202e three"


def test_a_quoted_text_is_moved_right_and_each_of_its_lines_keeps_its_own_indentation() -> None:
    lines = quoted("one\r\n\n  - two\n\ttab\n", indent=4)
    assert plain(lines) == "    one\n\n      - two\n    \ttab"
    assert [one.indent for one in lines] == [4, 0, 6, 4]


def test_the_indentation_of_somebody_elses_line_is_kept_within_reason() -> None:
    (one,) = quoted(" " * 100 + "far", indent=4)
    assert (one.indent, plain([one])) == (28, " " * 104 + "far")

import pytest

from overlord_run.cli.paint import paint
from overlord_run.cli.report.styled import Line, Styled, line, quoted


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_piece_stands_out_and_the_rest_is_as_it_was() -> None:
    assert paint([Line((Styled("one "), Styled("two", "bad"))), Line()]) == "one \x1b[31mtwo\x1b[0m\n\n"


def test_no_color_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint([line("one", "bad"), line("two", "strong")]) == "one\n\x1b[1mtwo\x1b[0m\n"


def test_nothing_in_a_text_is_markup_an_emoji_or_an_escape_sequence() -> None:
    text = "[bold red]1[/] [link=https://example.com]x[/link] :smile: 12.5 'q' https://example.com"
    assert paint([line(text)]) == f"{text}\n"
    assert paint([line("a\x1b[31mb\u202ec\nd")]) == "a\\u001b[31mb\\u202ec d\n"


def test_an_indented_line_is_wrapped_on_a_terminal_and_keeps_its_indentation() -> None:
    lines = quoted("one two three four five\n  - six seven eight nine", indent=4)
    assert paint(lines, columns=16) == (
        "    one two\n    three four\n    five\n      - six\n      seven\n      eight nine\n"
    )
    assert paint(lines) == "    one two three four five\n      - six seven eight nine\n"


def test_a_line_that_may_be_copied_is_left_to_the_terminal() -> None:
    text = "Next: overlord-run show --run " + "x" * 200
    assert paint([line(text)], columns=40) == f"{text}\n"


def test_a_wide_character_takes_two_columns() -> None:
    assert paint([line("字" * 20, indent=4)], columns=24) == ("    " + "字" * 10 + "\n") * 2


def test_a_text_keeps_a_few_columns_on_the_narrowest_terminal_and_is_not_too_wide_on_the_widest() -> None:
    assert paint([line("x" * 20, indent=28)], columns=20) == (" " * 28 + "x" * 10 + "\n") * 2
    assert paint([line("x" * 150, indent=4)], columns=400) == f"    {'x' * 96}\n    {'x' * 54}\n"

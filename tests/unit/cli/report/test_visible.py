import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.cli.report.visible import visible


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a line\n\tand a tab", "a line\n\tand a tab"),
        ("Grüße, 世界 🎏 é", "Grüße, 世界 🎏 é"),
        ("\x1b[31mred\x07\x00", "\\u001b[31mred\\u0007\\u0000"),
        ("back\rover", "back\\u000dover"),
        ("a line of Windows\r\n", "a line of Windows\n"),
        ("\x7f\x85\x9b2J", "\\u007f\\u0085\\u009b2J"),
        ("ev\u202eil\u2066\u200f", "ev\\u202eil\\u2066\\u200f"),
        ("z\u200be\u200cr\u200do\u2060\ufeff", "z\\u200be\\u200cr\\u200do\\u2060\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\u3164\U000e0101", "\\u3164\\udb40\\udd01"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_act_on_or_hide_is_shown_as_its_escape(text: str, told: str) -> None:
    assert visible(text) == told


@given(st.text())
def test_no_control_format_or_separator_character_is_left(text: str) -> None:
    left = {unicodedata.category(character) for character in visible(text) if character not in "\n\t"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text())
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text())
def test_json_text_still_means_the_same(text: str) -> None:
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text

import pytest

from overlord_run.credential import Credential, Redactor
from overlord_run.engine.quote import sentence, token, whole

KEY = "sk-canary-7f3a9c0b12de"
REDACTOR = Redactor(Credential(KEY, name="KEY"))


def test_a_text_is_kept_but_for_the_key_and_lone_surrogates() -> None:
    text = f"One.\n\tTwo \u202e{KEY} \ud800\U0001f600"
    assert whole(text, REDACTOR) == "One.\n\tTwo \u202e[redacted] \ufffd\U0001f600"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("req-1", "req-1"),
        (" req-1 ", "req-1"),
        ("req\r\nx-injected: 1", "reqx-injected: 1"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("é\u202e", None),
        ("", None),
        (None, None),
        (7, None),
        ("a" * 500, "a" * 128),
        (f"id-{KEY}", "id-[redacted]"),
        (f"id-{KEY[:5]}\u200b{KEY[5:]}", "id-[redacted]"),
        ("a" * 120 + KEY, "a" * 120 + "[redacte"),
    ],
)
def test_a_name_is_printable_short_and_without_the_key(value: object, shown: str | None) -> None:
    assert token(value, REDACTOR) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("  It  broke.\r\n", "It broke."),
        ("a\x1b[2J\u202eb\u200bc\x00d", "a [2J b c d"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("x" * 400, "x" * 299 + "…"),
        ("x" * 290 + KEY, "x" * 290 + "[redacted]"),
        ("x" * 295 + KEY, "x" * 295 + "[red…"),
        (None, ""),
        (["x"], ""),
    ],
)
def test_a_sentence_is_one_line_short_and_without_the_key(value: object, shown: str) -> None:
    assert sentence(value, REDACTOR) == shown

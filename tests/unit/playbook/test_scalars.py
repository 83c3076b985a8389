import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.playbook.scalars import NumberError, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("0", 0),
        ("012", 12),
        ("-5", -5),
        ("+7", 7),
        ("0o14", 12),
        ("0x1F", 31),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1E-3", -0.001),
        ("6.02e23", 6.02e23),
        ("1e-999", 0.0),
    ],
)
def test_core_scalars_are_read_as_yaml_1_2_says(text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


WORDS = "yes no on off y n Yes nULL tRUE 1:30 190:20:30 2001-12-14 2001-99-99 1_000 0b11 0o8 0xG -0x1 +.e3 . - +"


@pytest.mark.parametrize("text", [*WORDS.split(), ".infinite", "1e", "1e+", "--1", "1.2.3", "<<"])
def test_what_looks_like_a_value_in_yaml_1_1_only_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", [".inf", "+.Inf", "-.INF", ".nan", ".NaN", ".NAN"])
def test_a_number_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(NumberError, match=r"^is not a number that JSON can hold$"):
        resolve(text)


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616",
        "-9223372036854775809",
        "9" * 5000,
        "-" + "9" * 5000,
        "0x" + "f" * 5000,
        "0o" + "7" * 5000,
        "1e999",
        "-1e999",
        "1e" + "9" * 5000,
        "1." + "0" * 5000,
    ],
    ids=lambda text: text[:24],
)
def test_a_number_that_does_not_fit_in_64_bits_is_refused(text: str) -> None:
    with pytest.raises(NumberError, match=r"^is too large: a number must fit in 64 bits$"):
        resolve(text)


@given(st.text())
def test_any_text_is_a_value_or_a_refusal(text: str) -> None:
    try:
        value = resolve(text)
    except NumberError:
        return
    assert value is None or isinstance(value, str | int | float)
    assert not isinstance(value, float) or math.isfinite(value)


@given(st.integers(-(2**63), 2**64 - 1))
def test_every_integer_of_64_bits_is_read_as_itself(number: int) -> None:
    assert resolve(str(number)) == number

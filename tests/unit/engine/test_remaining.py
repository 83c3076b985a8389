import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.engine.remaining import exhausted


def said(kind: str, remaining: str, reset: str) -> dict[str, str]:
    return {f"x-ratelimit-remaining-{kind}": remaining, f"x-ratelimit-reset-{kind}": reset}


@pytest.mark.parametrize(
    ("reset", "wait_s"),
    [
        ("1s", 1.0),
        ("120ms", 0.12),
        ("1m0s", 60.0),
        ("1m12.5s", 72.5),
        ("7.66s", 7.66),
        ("2m59.56s", 120.0),
        ("6m0s", 120.0),
        ("24h0m0s", 120.0),
        ("1h", 120.0),
        ("500us", 0.0005),
        ("500µs", 0.0005),
        ("0s", 0.0),
        ("0", 0.0),
        ("60", 60.0),
        (" 1.5 ", 1.5),
        ("25h", None),
        ("1722556800", None),
        ("-1", None),
        ("-5s", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("1s soon", None),
        ("1s,2s", None),
        ("s", None),
        ("1d", None),
        ("\u0663s", None),
        ("9" * 13, None),
        ("1s" * 31, None),
        ("2026-06-01T12:00:00Z", None),
    ],
)
def test_until_when_nothing_is_left_is_read(reset: str, wait_s: float | None) -> None:
    expected = None if wait_s is None else ("requests", pytest.approx(wait_s))
    assert exhausted(said("requests", "0", reset)) == expected


@pytest.mark.parametrize("remaining", ["1", "59", "-1", "", "0.5", "none", "0x0", "\u0660", "0" * 10])
def test_where_something_is_left_nobody_waits(remaining: str) -> None:
    assert exhausted(said("tokens", remaining, "6s")) is None


def test_an_answer_that_says_nothing_of_limits_holds_nobody_up() -> None:
    assert exhausted({"x-request-id": "req-1"}) is None
    assert exhausted({"x-ratelimit-remaining-requests": "0"}) is None
    assert exhausted({"x-ratelimit-reset-requests": "6s"}) is None


def test_of_two_limits_that_are_used_up_the_later_reset_counts() -> None:
    assert exhausted(said("requests", "0", "2s") | said("tokens", "0", "6s")) == ("tokens", 6.0)
    assert exhausted(said("requests", "0", "8s") | said("tokens", "0", "6s")) == ("requests", 8.0)
    assert exhausted(said("requests", "0", "8s") | said("tokens", "14", "9s")) == ("requests", 8.0)
    assert exhausted(said("requests", "0", "soon") | said("tokens", "0", "6s")) == ("tokens", 6.0)


@given(reset=st.text(max_size=40) | st.from_regex(r"([0-9]{1,20}(\.[0-9]{1,20})?(h|m|s|ms)){1,4}", fullmatch=True))
def test_any_header_gives_nothing_or_a_wait_of_two_minutes_at_most(reset: str) -> None:
    found = exhausted(said("requests", "0", reset))
    assert found is None or 0 <= found[1] <= 120

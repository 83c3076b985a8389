import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.playbook.money import (
    NO_LIMITS,
    Limits,
    Price,
    Rates,
    in_limit,
    in_usd,
    limits_from_json,
    nano_usd,
    price_from_json,
    usd,
)
from playbook_kit import parse

PLAYBOOK = """\
overlord: 1
name: one
engine:
  budget: {usd: 2.50, tokens: 200000, requests: 50, time: 1.5m, unpriced: {input: 0.15, output: 1}}
models:
  normal: {id: fugu, price: {input: 5, cached: 0.5, output: 30, above: {tokens: 272000, input: 10, output: 45}}}
  ultra: fugu-ultra
roles: {a: {system: S, task: T}}
assignments: [{slot: alder, role: a}]
"""


def test_a_playbooks_budget_and_prices_are_read_exactly():
    playbook = parse(PLAYBOOK.encode(), "one.yml")
    assert playbook.engine.budget.limits == Limits(2_500_000_000, 200_000, 50, 90_000)
    assert playbook.engine.budget.unpriced == Price(Rates(150_000_000, 150_000_000, 1_000_000_000))
    dearer = Rates(10 * 10**9, 10 * 10**9, 45 * 10**9)
    assert playbook.models["normal"].price == Price(Rates(5 * 10**9, 5 * 10**8, 30 * 10**9), dearer, 272_000)
    assert playbook.models["ultra"].price is None


def test_a_playbook_without_a_budget_limits_nothing():
    text = PLAYBOOK.replace("budget:", "x-budget:")
    assert parse(text.encode(), "one.yml").engine.budget.limits == NO_LIMITS
    assert not NO_LIMITS


@pytest.mark.parametrize(
    ("written", "nano"),
    [(2.5, 2_500_000_000), ("0.3", 300_000_000), (1e-9, 1), (0, 0), (7, 7 * 10**9)],
)
def test_an_amount_is_what_was_written(written, nano):
    assert nano_usd(written) == nano


@given(st.integers(0, 10**15))
def test_an_amount_reads_back_as_it_is(nano):
    assert nano_usd(usd(nano)) == nano


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0.00 USD"),
        (1, "0.0001 USD"),
        (2_000_000, "0.0020 USD"),
        (123_400_000, "0.1234 USD"),
        (123_400_001, "0.1235 USD"),
        (120_000_000, "0.12 USD"),
        (999_999_999, "1.00 USD"),
        (1_000_000_000, "1.00 USD"),
        (1_234_000_000, "1.24 USD"),
        (1_234_567_000_000_000, "1,234,567.00 USD"),
    ],
)
def test_an_amount_is_told_rounded_up_and_never_as_nothing(nano, text):
    assert in_usd(nano) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("usd", 2_500_000_000, "2.50 USD"),
        ("tokens", 200_000, "200,000 tokens"),
        ("requests", 50, "50 requests"),
        ("time", 1_800_000, "30 min"),
        ("time", 90_000, "1.5 min"),
        ("time", 1_500, "1.5 s"),
    ],
)
def test_a_limit_is_told_with_its_unit(name, value, text):
    assert in_limit(name, value) == text


LIMITS = st.builds(
    Limits,
    nano_usd=st.none() | st.integers(1, 10**15),
    tokens=st.none() | st.integers(1, 10**12),
    requests=st.none() | st.integers(1, 10**9),
    time_ms=st.none() | st.integers(1, 10**9),
)


@given(LIMITS)
def test_limits_read_back_as_they_were_written(limits):
    assert limits_from_json(limits.to_json()) == limits


@pytest.mark.parametrize("value", [None, 3, [], {}, {"usd": "much", "tokens": True, "requests": -1, "timeS": None}])
def test_what_is_no_limit_limits_nothing(value):
    assert limits_from_json(value) == NO_LIMITS


@pytest.mark.parametrize("above", [None, Rates(10, 1, 45)])
def test_a_price_reads_back_as_it_was_written(above):
    price = Price(Rates(5, 1, 30), above, 0 if above is None else 272_000)
    assert price_from_json(price.to_json()) == price


def test_a_limit_is_read_and_changed_by_its_name():
    limits = Limits(tokens=5)
    assert (limits.of("tokens"), limits.of("usd")) == (5, None)
    assert limits.having("time", 7) == Limits(tokens=5, time_ms=7)
    assert (limits.needs_reservations, Limits(requests=1).needs_reservations) == (True, False)
    assert Limits(nano_usd=1).needs_reservations

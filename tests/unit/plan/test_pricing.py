import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.plan.pricing import (
    NO_COST,
    UNKNOWN,
    Amount,
    Cost,
    Orchestration,
    Share,
    answer_limit,
    cost,
    cost_of,
    listed_price,
    most,
    orchestration_of,
    tokens_of,
)
from overlord_run.playbook.money import Price, Rates, nano_usd

ULTRA = listed_price("fugu-ultra", None)
PLAIN = Price(Rates(nano_usd(5), nano_usd(0.5), nano_usd(30)))
COUNTS = st.none() | st.integers(0, 10**7)


def usage(prompt=None, completion=None, *, cached=None, over=None, over_cached=None, out=None):
    return {
        "promptTokens": prompt,
        "completionTokens": completion,
        "cachedTokens": cached,
        "orchestrationInputTokens": over,
        "orchestrationInputCachedTokens": over_cached,
        "orchestrationOutputTokens": out,
    }


@pytest.mark.parametrize(
    ("told", "usd"),
    [
        (usage(1_000_000, 0), 5),
        (usage(0, 1_000_000), 30),
        (usage(1_000_000, 0, cached=1_000_000), 0.5),
        (usage(1_000_000, 0, cached=400_000), 3.2),
        (usage(0, 0, over=1_000_000), 5),
        (usage(0, 0, over=1_000_000, over_cached=1_000_000), 0.5),
        (usage(0, 0, out=1_000_000), 30),
        (usage(120, 80, over=1000, out=300), 0.017),
        (usage(100, 0, cached=900), 0.00005),  # more of it cached than there is
        (usage(100, 0, over=0, over_cached=900), 0.0005),
    ],
)
def test_an_answer_costs_its_tokens_and_those_of_orchestration(told, usd):
    assert cost(told, PLAIN) == nano_usd(usd)


@pytest.mark.parametrize(("prompt", "usd"), [(272_000, 1.36), (272_001, 2.72001)])
def test_a_prompt_above_the_threshold_makes_the_whole_call_dearer(prompt, usd):
    assert cost(usage(prompt, 0), ULTRA) == nano_usd(usd)


def test_what_costs_less_than_a_billionth_is_rounded_up():
    assert cost(usage(1, 0), Price(Rates(1, 1, 1))) == 1


@pytest.mark.parametrize(
    ("told", "price"),
    [
        (usage(10, 10), None),
        (usage(None, 10), PLAIN),
        (usage(10, None), PLAIN),
        (usage(-1, 10), PLAIN),
        ({"promptTokens": "many", "completionTokens": True}, PLAIN),
        ({}, PLAIN),
    ],
)
def test_a_cost_that_nobody_knows_is_not_zero(told, price):
    assert cost(told, price) is None


@given(
    st.lists(st.builds(usage, COUNTS, COUNTS, cached=COUNTS, over=COUNTS, over_cached=COUNTS, out=COUNTS), max_size=4)
)
def test_costs_add_up_exactly(replies):
    each = [cost(told, ULTRA) for told in replies]
    whole = sum(map(cost_of, each), NO_COST)
    known = [one for one in each if one is not None]
    assert whole == Cost(sum(known), len(known), len(each) - len(known))


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(0, 10**6), st.integers(0, 10**5))
def test_no_answer_within_its_limits_costs_more_than_the_most(prompt, answer, cached, completion):
    reserved = most(prompt, answer, ULTRA, UNKNOWN)
    told = usage(prompt, min(completion, answer), cached=cached, over=prompt, out=answer)
    billed = cost(told, ULTRA)
    assert billed is not None
    assert billed <= reserved.nano_usd
    assert (tokens_of(told) or 0) <= reserved.tokens


def test_orchestration_counts_as_much_again_until_it_was_seen():
    assert most(100, 50, PLAIN, UNKNOWN) == Amount(300, nano_usd(0.004))


def test_the_most_of_a_model_without_a_price_is_in_tokens():
    assert most(100, 50, None, UNKNOWN) == Amount(300, 0)


def test_the_largest_share_of_orchestration_is_kept():
    seen = orchestration_of(usage(100, 10, over=300, out=5), None)
    assert seen == Orchestration(Share(300, 100), Share(5, 10))
    seen = orchestration_of(usage(100, 10, over=100, out=40), seen)
    assert seen == Orchestration(Share(300, 100), Share(40, 10))
    seen = orchestration_of(usage(100, 10, over=310), seen)
    assert seen == Orchestration(Share(310, 100), Share(40, 10))
    assert most(10, 10, None, seen) == Amount(10 + 31 + 10 + 40, 0)


def test_an_answer_that_tells_no_orchestration_had_none():
    assert orchestration_of(usage(100, 10), None) == Orchestration(Share(0, 100), Share(0, 10))
    assert orchestration_of(usage(0, 0, over=7), None) == Orchestration(Share(7, 1), Share(0, 1))


def test_an_answer_that_does_not_tell_its_tokens_teaches_nothing():
    assert orchestration_of(usage(100, None, over=10), None) is None
    assert orchestration_of({}, UNKNOWN) == UNKNOWN


@pytest.mark.parametrize(
    ("params", "limit"),
    [
        ({}, None),
        ({"max_tokens": 400}, 400),
        ({"max_tokens": 400.0}, 400),
        ({"max_completion_tokens": 300}, 300),
        ({"max_tokens": 400, "max_completion_tokens": 300}, 400),
        ({"max_tokens": 400, "max_completion_tokens": 0}, None),
        ({"max_tokens": 0}, None),
        ({"max_tokens": True}, None),
        ({"max_tokens": "400"}, None),
        ({"max_tokens": None}, None),
    ],
)
def test_the_limit_of_an_answer_is_the_larger_of_what_its_parameters_say(params, limit):
    assert answer_limit(params) == limit


@pytest.mark.parametrize(
    ("model", "base_url", "is_listed"),
    [
        ("fugu-ultra", None, True),
        ("fugu-ultra", "https://api.sakana.ai/v1", True),
        ("fugu-ultra-20260615", None, True),
        ("fugu", None, False),
        ("fugu-ultra", "https://openrouter.example/v1", False),
        ("fugu-ultra", "http://127.0.0.1:8000/v1", False),
    ],
)
def test_a_listed_price_is_of_the_default_api_alone(model, base_url, is_listed):
    assert (listed_price(model, base_url) is not None) is is_listed


def test_the_listed_price_of_ultra_is_that_of_its_provider():
    assert ULTRA is not None
    assert ULTRA.to_json() == {
        "input": 5.0,
        "cached": 0.5,
        "output": 30.0,
        "above": {"tokens": 272_000, "input": 10.0, "cached": 1.0, "output": 45.0},
    }

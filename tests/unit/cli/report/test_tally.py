import pytest

from overlord_run.cli.report.tally import Spent, cost_text, spent, tallies, tokens_told
from overlord_run.plan.pricing import NO_COST, Cost, tokens_of
from unit.cli import example_run as example


def test_a_servants_messages_are_counted_by_how_they_ended() -> None:
    counts = [
        (one.servant.slot, one.sent, one.answered, one.failed, one.skipped)
        for one in tallies(example.state(*example.partial()))
    ]
    assert counts == [("alder", 2, 2, 0, 0), ("oak", 1, 0, 1, 1)]


def test_orchestration_is_added_and_cached_and_reasoning_tokens_are_not_counted_twice() -> None:
    told = spent(example.state(*example.completed()))
    assert told.tokens == 2 * (100 + 20 + 1000 + 3)
    assert told.counts["cachedTokens"] == 80
    assert (told.told, told.untold) == (2, 0)


def test_a_reply_that_told_no_tokens_is_not_counted_as_none() -> None:
    told = spent(example.state(*example.partial()))
    assert (told.told, told.untold) == (1, 1)
    assert tokens_told(told) == "at least 1,123"


def test_tokens_that_nobody_told_are_unknown_and_never_zero() -> None:
    assert tokens_told(Spent({}, told=0, untold=2, cost=NO_COST)) == "unknown"
    assert tokens_told(Spent({}, told=0, untold=0, cost=NO_COST)) == "0"
    assert tokens_of(example.UNTOLD) is None
    assert tokens_of({"promptTokens": 0}) == 0


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (NO_COST, "0.00 USD"),
        (Cost(0, priced=2), "0.00 USD"),
        (Cost(12_300_000, priced=1), "0.0123 USD"),
        (Cost(12_300_000, priced=1, unpriced=1), "0.0123 USD + unpriced"),
        (Cost(unpriced=1), "unpriced"),
    ],
)
def test_a_cost_that_nobody_knows_is_unpriced_and_never_zero(cost: Cost, told: str) -> None:
    assert cost_text(cost) == told


def test_the_costs_of_all_replies_are_added() -> None:
    assert spent(example.state(*example.completed())).cost == Cost(12_300_000, priced=1, unpriced=1)

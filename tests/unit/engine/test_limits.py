import math
from collections.abc import Mapping

from overlord_run.engine.limits import NOTHING, Amounts, Kind, Limits
from overlord_run.engine.window import Entry
from overlord_run.playbook.model import Rate


def left(limits: Limits, amounts: Amounts, now_s: float) -> Mapping[Kind, Entry]:
    """Let a call out that leaves at once."""
    entries = limits.let_out(amounts)
    limits.leave(entries, now_s)
    return entries


def test_without_a_rate_nobody_waits_and_nothing_is_counted() -> None:
    limits = Limits(Rate())
    assert not limits.counts_tokens
    assert [left(limits, {"requests": 1, "tokens": 9**9}, 0.0) for _ in range(3)] == [{}] * 3
    assert limits.wait({"requests": 1}, 0.0)[0] == -math.inf


def test_the_limit_that_takes_longest_is_the_one_that_is_told() -> None:
    limits = Limits(Rate(requests_per_minute=2, tokens_per_minute=1000))
    assert limits.counts_tokens
    left(limits, {"requests": 1, "tokens": 900}, 0.0)
    assert limits.wait({"requests": 1, "tokens": 100}, 10.0)[0] <= 0
    assert limits.wait({"requests": 1, "tokens": 101}, 10.0) == (50, "the playbook's rate is 1,000 tokens a minute")
    left(limits, {"requests": 1, "tokens": 100}, 20.0)
    assert limits.wait({"requests": 1, "tokens": 1}, 30.0) == (30, "the playbook's rate is 2 requests a minute")
    assert limits.wait({"requests": 1, "tokens": 901}, 30.0) == (50, "the playbook's rate is 1,000 tokens a minute")
    assert limits.wait(NOTHING, 30.0)[0] <= 0


def test_one_request_a_minute_is_told_as_one() -> None:
    limits = Limits(Rate(requests_per_minute=1))
    left(limits, {"requests": 1}, 0.0)
    assert limits.wait({"requests": 1}, 0.0) == (60, "the playbook's rate is 1 request a minute")


def test_quiet_holds_back_everything_and_the_longer_one_holds_on() -> None:
    limits = Limits(Rate())
    limits.hush(30.0, "first", 0.0)
    limits.hush(5.0, "second", 10.0)
    assert limits.wait(NOTHING, 10.0) == (20, "first")
    limits.hush(60.0, "third", 20.0)
    assert limits.wait({"requests": 1}, 20.0) == (60, "third")
    assert limits.wait({"requests": 1}, 80.0)[0] == 0


def test_only_what_is_named_is_corrected() -> None:
    limits = Limits(Rate(requests_per_minute=1, tokens_per_minute=10))
    entries = left(limits, {"requests": 1, "tokens": 10}, 0.0)
    limits.correct(entries, {"tokens": 4}, 1.0)
    assert limits.wait({"tokens": 6}, 2.0)[0] <= 0
    assert limits.wait({"requests": 1}, 2.0)[0] == 58
    limits.correct(entries, NOTHING, 3.0)
    assert limits.wait({"requests": 1, "tokens": 10}, 4.0)[0] <= 0

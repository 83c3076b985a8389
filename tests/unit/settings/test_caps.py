"""What a run may spend: the playbook's budget, the operator's caps, and how a person raises it."""

from pathlib import Path

import pytest

from overlord_run.errors import UsageError
from overlord_run.playbook.model import Engine
from overlord_run.playbook.money import NO_LIMITS, Budget, Limits
from overlord_run.settings.caps import capped, raised
from overlord_run.settings.model import Config, Flags, Settings
from overlord_run.settings.precedence import resolve

PLAYBOOKS = Limits(nano_usd=2_500_000_000, tokens=1000, requests=5, time_ms=60_000)


def settled(flags: Flags, limits: Limits) -> Settings:
    engine = Engine(budget=Budget(limits))
    return resolve(flags, {}, engine, Config(Path("config.yml")), models={}, stand_in="rehearsal")


@pytest.mark.parametrize(
    ("limits", "flags", "found"),
    [
        (NO_LIMITS, Flags(), NO_LIMITS),
        (NO_LIMITS, Flags(max_usd="0.5", max_tokens=7), Limits(nano_usd=500_000_000, tokens=7)),
        (PLAYBOOKS, Flags(), PLAYBOOKS),
        (PLAYBOOKS, Flags(max_usd="3", max_tokens=2000), PLAYBOOKS),
        (PLAYBOOKS, Flags(max_usd="1"), Limits(10**9, 1000, 5, 60_000)),
        (PLAYBOOKS, Flags(max_tokens=999), Limits(2_500_000_000, 999, 5, 60_000)),
    ],
)
def test_of_the_playbooks_budget_and_the_operators_cap_the_smaller_holds(
    limits: Limits, flags: Flags, found: Limits
) -> None:
    assert capped(limits, flags) == found
    assert settled(flags, limits).to_json()["budget"] == (found.to_json() if found else None)


def test_a_cap_that_wins_and_one_that_is_not_used_are_told() -> None:
    found = settled(Flags(max_usd="1", max_tokens=2000), PLAYBOOKS)
    assert found.overrides == ("the budget is 1.00 USD, from --max-usd; the playbook says 2.50 USD",)
    assert found.notes == ("--max-tokens is not used: the playbook's budget is smaller, 1,000 tokens",)


@pytest.mark.parametrize("text", ["", "much", "0", "-1", "nan", "inf", "1e30", "1,5", "0.0000000001"])
def test_a_cap_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        capped(NO_LIMITS, Flags(max_usd=text))
    assert caught.value.message == f"--max-usd takes an amount of US dollars, not '{text}'"
    assert caught.value.next == "write it like 2.50"


def test_limits_are_raised_each_by_its_name_and_may_stay_as_they_are() -> None:
    asked = ["usd=5", "tokens=1000", "requests=50", "time=1.5h"]
    assert raised(PLAYBOOKS, asked) == Limits(5 * 10**9, 1000, 50, 5_400_000)
    assert raised(PLAYBOOKS, ["usd=3", "usd=4"]) == Limits(4 * 10**9, 1000, 5, 60_000)
    assert raised(PLAYBOOKS, ["time=61s"]).time_ms == 61_000
    assert raised(PLAYBOOKS, []) == PLAYBOOKS


@pytest.mark.parametrize(
    ("word", "message", "remedy"),
    [
        ("usd=2", "the budget is 2.50 USD, and is only raised", "give more than that, like usd=5"),
        ("time=59s", "the budget is 1 min, and is only raised", "give more than that, like time=1h"),
        ("usd=x", "--budget usd= takes an amount of US dollars, not 'x'", "write it like 2.50"),
        ("tokens=1.5", "--budget tokens= takes a whole number, not '1.5'", "write it like tokens=200000"),
        ("tokens=²", "--budget tokens= takes a whole number, not '²'", "write it like tokens=200000"),
        ("requests=0", "--budget requests= takes a whole number, not '0'", "write it like requests=50"),
        ("time=2", "--budget time= takes a duration up to 168h, not '2'", "write it like 45m or 2h"),
        ("time=xh", "--budget time= takes a duration up to 168h, not 'xh'", "write it like 45m or 2h"),
        ("time=200h", "--budget time= takes a duration up to 168h, not '200h'", "write it like 45m or 2h"),
        ("time=infh", "--budget time= takes a duration up to 168h, not 'infh'", "write it like 45m or 2h"),
        (
            "money=5",
            "--budget takes a limit and its new value, not 'money=5'",
            "write it like usd=5 or tokens=200000 or requests=50 or time=1h",
        ),
    ],
)
def test_a_raise_that_is_none_is_refused(word: str, message: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        raised(PLAYBOOKS, [word])
    assert (caught.value.message, caught.value.next) == (message, remedy)


def test_a_limit_that_the_run_does_not_have_cannot_be_raised() -> None:
    with pytest.raises(UsageError) as caught:
        raised(Limits(tokens=5), ["usd=5"])
    assert caught.value.message == "the run has no budget of usd, so there is none to raise"
    assert caught.value.next == "overlord-run status shows the budget that it has"

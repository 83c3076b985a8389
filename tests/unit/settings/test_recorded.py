"""The settings of a recorded run are read back as they were written, and what is no such thing is refused."""

import pytest

from overlord_run.errors import StoreError
from overlord_run.playbook.model import Rate
from overlord_run.playbook.money import Price, Rates, nano_usd
from overlord_run.settings.recorded import read_recorded

WRITTEN = {
    "baseUrl": "https://api.sakana.ai/v1",
    "baseUrlFrom": None,
    "provider": "sakana",
    "timeoutS": 90,
    "concurrency": 8,
    "attempts": 3,
    "rate": {"requestsPerMinute": 60, "tokensPerMinute": None},
    "preflight": "models",
    "leaseS": 1800,
    "modelIds": {"normal": "fugu"},
    "modelsToProve": ["fugu"],
    "prices": {"normal": {"input": 5, "cached": 0.5, "output": 30, "above": None}, "ultra": None},
    "proxy": None,
    "caFile": None,
    "trusted": None,
}


def test_settings_are_read_back_as_they_were_written() -> None:
    found = read_recorded(WRITTEN)
    assert (found.base_url, found.timeout_s, found.lease_s, found.is_operators) == (
        "https://api.sakana.ai/v1",
        90.0,
        1800.0,
        False,
    )
    assert found.prices == {"normal": Price(Rates(nano_usd(5), nano_usd(0.5), nano_usd(30))), "ultra": None}
    assert found.rate == Rate(requests_per_minute=60)
    assert (dict(found.model_ids), found.models_to_prove) == ({"normal": "fugu"}, ("fugu",))


def test_an_address_that_the_operator_named_is_the_operators() -> None:
    assert read_recorded(WRITTEN | {"baseUrlFrom": "--base-url"}).is_operators


@pytest.mark.parametrize("key", WRITTEN)
def test_a_setting_that_is_missing_is_damage(key: str) -> None:
    with pytest.raises(StoreError, match="not such as this program writes"):
        read_recorded({name: value for name, value in WRITTEN.items() if name != key})


@pytest.mark.parametrize(
    "changes",
    [
        {"baseUrl": 1},
        {"timeoutS": "long"},
        {"concurrency": None},
        {"modelIds": ["fugu"]},
        {"modelIds": {"normal": None}},
        {"modelsToProve": 1},
        {"modelsToProve": [1]},
        {"trusted": ["api.sakana.ai"]},
        {"prices": None},
        {"prices": {"normal": 5}},
        {"prices": {"normal": {"input": 5}}},
        {"prices": {"normal": {"input": "dear", "cached": 1, "output": 1, "above": None}}},
        {"prices": {"normal": {"input": 1, "cached": 1, "output": 1, "above": {"tokens": "many"}}}},
        {"concurrency": float("inf")},
        {"rate": None},
        {"rate": {"requestsPerMinute": 60}},
        {"rate": {"requestsPerMinute": 0, "tokensPerMinute": None}},
        {"rate": {"requestsPerMinute": None, "tokensPerMinute": "many"}},
    ],
)
def test_a_setting_of_another_type_is_damage(changes: dict[str, object]) -> None:
    with pytest.raises(StoreError, match="not such as this program writes"):
        read_recorded(WRITTEN | changes)

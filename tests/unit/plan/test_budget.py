"""Which price each model has, and which models a budget cannot hold."""

import pytest

from overlord_run.plan.budget import check, prices, unbounded, unpriced, used_models
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.money import Limits
from playbook_kit import parse

TEXT = """\
overlord: 1
name: one
engine: {ENGINE}
models:
  normal: NORMAL
roles: {a: {system: S, task: T}, j: {system: S, task: T, model: ultra}}
assignments: [{slot: alder, role: a}, {slot: oak, role: j}]
"""
PRICE = "{id: fugu, price: {input: 1, output: 2}}"
BOUNDED = "{id: fugu, params: {max_tokens: 9}, price: {input: 1, output: 2}}"


def playbook(engine: str = "", normal: str = "fugu") -> Playbook:
    return parse(TEXT.replace("ENGINE", engine).replace("NORMAL", normal).encode(), "one.yml")


def inputs(book: Playbook, model_ids: dict[str, str] | None = None, base_url: str | None = None) -> dict[str, object]:
    """Return alias → USD per million tokens of the prompt."""
    found = prices(book, model_ids or {}, base_url)
    return {alias: price and price.to_json()["input"] for alias, price in found.items()}


UNPRICED = "budget: {unpriced: {input: 7, output: 8}}"


@pytest.mark.parametrize(
    ("engine", "normal", "found"),
    [
        ("", "fugu", {"normal": None, "ultra": 5}),
        ("", PRICE, {"normal": 1, "ultra": 5}),
        (UNPRICED, "fugu", {"normal": 7, "ultra": 5}),
        (UNPRICED, PRICE, {"normal": 1, "ultra": 5}),
        ("base_url: http://localhost:1/v1", PRICE, {"normal": 1, "ultra": None}),
        ("base_url: https://api.sakana.ai/v1/", "fugu", {"normal": None, "ultra": 5}),
        (f"base_url: http://localhost:1/v1, {UNPRICED}", "fugu", {"normal": 7, "ultra": 7}),
    ],
)
def test_a_price_is_the_models_own_then_the_listed_one_then_that_of_models_without(
    engine: str, normal: str, found: dict[str, float | None]
) -> None:
    assert inputs(playbook(engine, normal)) == found


def test_an_id_of_the_operators_has_no_part_in_the_playbooks_price() -> None:
    book = playbook(normal=PRICE)
    assert inputs(book, {"normal": "other"}) == {"normal": None, "ultra": 5}
    assert inputs(book, {"normal": "fugu-ultra"}) == {"normal": 5, "ultra": 5}
    assert inputs(book, {"normal": "fugu", "ultra": "other"}) == {"normal": 1, "ultra": None}


def test_an_address_of_the_operators_has_no_part_in_the_listed_price() -> None:
    assert inputs(playbook(normal=PRICE), base_url="http://localhost:1/v1") == {"normal": 1, "ultra": None}


def test_only_models_that_are_used_are_looked_at() -> None:
    assert list(used_models(playbook(normal=PRICE))) == ["normal", "ultra"]
    alone = parse(TEXT.replace(", {slot: oak, role: j}", "").replace("ENGINE", "").encode(), "one.yml")
    assert list(used_models(alone)) == ["normal"]


@pytest.mark.parametrize("limits", [Limits(), Limits(requests=1, time_ms=1)])
def test_a_budget_of_requests_or_time_holds_any_model(limits: Limits) -> None:
    book = playbook()
    assert unbounded(used_models(book), limits) == []
    assert unpriced(prices(book, {}), limits) == []


def test_a_budget_in_usd_or_tokens_needs_limits_and_one_in_usd_prices() -> None:
    models = used_models(playbook(normal=BOUNDED))
    assert unbounded(models, Limits(tokens=1)) == unbounded(models, Limits(nano_usd=1)) == ["ultra"]
    found = prices(playbook(), {})
    assert unpriced(found, Limits(tokens=1)) == []
    assert unpriced(found, Limits(nano_usd=1)) == ["normal"]


def test_what_a_budget_cannot_hold_is_told_where_the_model_or_the_budget_stands() -> None:
    found = check(playbook("budget: {usd: 1}", "{id: fugu, params: {max_tokens: 9}}"))
    assert [str(one) for one in found] == [
        (
            "one.yml:3:10: error: under a budget the answers of the model 'ultra' (fugu-ultra) need a limit, "
            "'max_tokens' (write models: {ultra: {id: fugu-ultra, params: {max_tokens: 4096}}}) [unbounded-model]"
        ),
        (
            "one.yml:5:3: error: a budget in USD cannot hold the model 'normal' (fugu), which has no price "
            "(give it a 'price', or 'engine.budget' the rates of 'unpriced') [unpriced-model]"
        ),
    ]


def test_a_budget_that_holds_is_no_problem() -> None:
    assert check(playbook("budget: {requests: 3, time: 5m}")) == []
    assert check(playbook()) == []

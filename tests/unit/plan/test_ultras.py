import pytest

from overlord_run.plan.ultras import check_limited, check_several
from unit.plan.councils import playbook

BASE = """\
overlord: 1
name: council
engine: {ENGINE}
models: {MODELS}
roles:
  critic: {system: You review., task: Begin.}
assignments:
  - {slot: alder, role: critic, model: ultra}
  - {slot: oak, role: critic, model: OAK}
"""


def told(engine: str = "", models: str = "", oak: str = "normal") -> list[str]:
    book = playbook(BASE.replace("ENGINE", engine).replace("MODELS", models).replace("OAK", oak))
    return [each.rule for check in (check_several, check_limited) for each in check(book)]


@pytest.mark.parametrize(
    ("engine", "models", "oak", "expected"),
    [
        ("", "", "normal", ["no-budget"]),
        ("", "", "ultra", ["several-ultras", "no-budget"]),
        ("budget: {time: 10m}", "deep: fugu-ultra", "deep", ["several-ultras"]),
        ("budget: {requests: 9}", "deep: fugu-deep", "deep", []),
        ("budget: {tokens: 9000}", "", "normal", []),
        ("budget: {usd: 2}", "", "normal", []),
        ("budget: {unpriced: {input: 1, output: 2}}", "", "normal", ["no-budget"]),
        ("", "normal: own, ultra: own", "ultra", []),
        ("base_url: http://127.0.0.1:8080/v1", "", "normal", []),
        ("base_url: https://llm.example.org/v1", "", "normal", ["no-budget"]),
    ],
)
def test_more_than_one_ultra_servant_and_none_without_a_budget_is_told(
    engine: str, models: str, oak: str, expected: list[str]
) -> None:
    assert told(engine, models, oak) == expected


def test_a_council_without_ultra_servants_needs_no_budget() -> None:
    book = playbook(
        BASE.replace("ENGINE", "").replace("MODELS", "").replace("OAK", "normal").replace("ultra", "normal")
    )
    assert [*check_several(book), *check_limited(book)] == []


@pytest.mark.parametrize(("slot", "told"), [("oak_{{ index }}", "oak_…"), ("{{ item }}", "role:critic")])
def test_servants_of_a_list_are_called_by_the_shape_of_their_slots(slot: str, told: str) -> None:
    made = f"{{slot: '{slot}', for_each: '[1]', role: critic, model: ultra}}"
    source = BASE.replace("{slot: alder, role: critic, model: ultra}", made)
    book = playbook(source.replace("ENGINE", "").replace("MODELS", "").replace("OAK", "normal"))
    [found] = check_limited(book)
    assert found.message == f"no budget limits what '{told}' may cost on an ultra model"

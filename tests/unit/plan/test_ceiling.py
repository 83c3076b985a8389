"""What a plan may cost at most, before its first call: every figure below is reckoned by hand."""

import pytest

from overlord_run.plan.budget import prices
from overlord_run.plan.build import build
from overlord_run.plan.ceiling import Ceiling, ceiling
from overlord_run.plan.estimate import prompt_tokens
from overlord_run.plan.pricing import Cost
from playbook_kit import parse

HOST = {"platform": "linux", "shell": "bash", "paths": "posix"}
TEXT = """\
overlord: 1
name: one
models:
  normal: {id: fugu, params: {max_tokens: 100}, price: {input: 1000, output: 2000}}
  ultra: {id: vendor/large, params: ULTRA}
roles: {critic: {system: S, task: Begin.}, judge: {system: S, model: ultra}}
assignments: [{slot: alder, role: critic}, {slot: oak, role: judge}]
redirects:
"""
ASK = '  - {id: ask, to: alder, message: "Four words stand here."}\n'
JUDGE = '  - {id: judge, to: oak, message: "{{ replies.startup.alder }}"}\n'
EXPECT = '  - {id: ask, to: alder, message: "Ask.", expect: {repairs: 2, schema: {type: object}}}\n'


def of(redirects: str, ultra: str = "{max_tokens: 10}") -> Ceiling:
    playbook = parse((TEXT.replace("ULTRA", ultra) + redirects).encode(), "one.yml")
    plan = build(playbook, {}, model_ids={}, host=HOST)
    return ceiling(plan, prices(playbook, {}))


def system(slot: str) -> int:
    playbook = parse((TEXT.replace("ULTRA", "{}") + ASK + JUDGE).encode(), "one.yml")
    return prompt_tokens([build(playbook, {}, model_ids={}, host=HOST).by_slot[slot].system])


def test_each_call_asks_the_whole_conversation_again_and_orchestration_comes_on_top() -> None:
    to_alder = ASK + '  - {id: more, to: oak, message: "One word."}\n'
    first = system("alder") + 2 + 4  # "Begin." and a message's frame
    second = first + 100 + 6 + 4
    oak = system("oak") + 3 + 4
    found = of(to_alder)
    assert found.tokens == 2 * (first + 100 + second + 100 + oak + 10)
    assert found.cost == Cost(2 * (first + second + 2 * 200) * 10**6, priced=2, unpriced=1)
    assert (found.unbounded, found.unpriced) == ((), ("ultra",))


def test_a_text_that_waits_for_replies_counts_each_of_them_as_long_as_it_may_be() -> None:
    template = prompt_tokens(["{{ replies.startup.alder }}"])
    startup = system("alder") + 2 + 4 + 100
    assert of(JUDGE).tokens == 2 * (startup + system("oak") + template + 100 + 10)


def test_every_repair_counts_as_a_call() -> None:
    once, thrice = of(EXPECT.replace("repairs: 2", "repairs: 0") + JUDGE), of(EXPECT + JUDGE)
    assert (once.cost.priced, thrice.cost.priced) == (2, 4)
    assert (thrice.tokens or 0) > (once.tokens or 0)


@pytest.mark.parametrize("params", ["{}", "{max_tokens: 0}"])
def test_where_an_answer_has_no_limit_there_is_no_ceiling(params: str) -> None:
    found = of(JUDGE, params)
    assert (found.tokens, found.unbounded, found.unpriced) == (None, ("ultra",), ("ultra",))
    assert found.cost.unpriced == 1

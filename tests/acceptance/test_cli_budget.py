"""What a budget does, through the command line: a run stops with 5, is raised, and pays for nothing twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import Shell
from fake_api import FakeApi
from overlord_run.store.folder import folder_of

AS_JSON = ("--format", "json")
COUNCIL = """\
overlord: 1
name: council
engine: {budget: {usd: 0.20}}
models:
  normal: {id: fugu, params: {max_tokens: 1000}, price: {input: 5, output: 30}}
  ultra: {id: fugu-ultra, params: {max_tokens: 4000}}
roles:
  critic: {system: You criticise plans., task: What can go wrong?}
  judge: {system: You decide., model: ultra}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
  - {slot: oak, role: judge}
redirects:
  - {id: verdict, to: oak, message: Decide.}
outputs:
  first: {value: replies.startup.alder.text}
  last: {value: replies.verdict.oak.text}
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    made.write("council.yml", COUNCIL)
    return made


def log(shell: Shell) -> list[dict[str, Any]]:
    path = folder_of(shell.folder / ".overlord", "r").log_path
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_run_stops_at_its_limit_is_raised_and_pays_for_nothing_twice(shell: Shell) -> None:
    told = shell.run("council.yml", "--rehearse", "--run-id", "r", *AS_JSON)
    assert told.exit == 5
    done = told.json("done")
    assert (done["state"], done["exit"], done["budget"]["reached"]) == ("stopped", 5, "usd")
    assert done["budget"]["limits"] == {"usd": 0.2, "tokens": None, "requests": None, "timeS": None}
    assert list(done["outputs"]) == ["first"]
    assert done["usage"]["costUsd"] == done["budget"]["spent"]["usd"] > 0
    assert done["next"] == "overlord-run resume --budget 'usd=0.40' --run r"
    before = log(shell)

    for words in (["resume"], ["send", "alder", "And now?"], ["recover", "alder", "--replace"]):
        refused = shell.run(*words, *AS_JSON)
        assert refused.exit == 5
        assert refused.json("error")["error"] == {
            "code": "budget-reached",
            "message": "the budget of 0.20 USD of the run r is reached, and nothing more is sent",
            "exit": 5,
            "retryable": False,
            "next": "to raise it and carry on: overlord-run resume --run r --budget usd=0.40",
        }
    assert log(shell) == before  # nothing was sent, and nothing changed
    assert shell.run("status", "--exit-code").exit == shell.run("wait").exit == 5

    raised = shell.run("resume", "--budget", "usd=0.40", *AS_JSON)
    assert (raised.exit, raised.json("done")["state"]) == (0, "completed")
    sent = [(event["messageId"], event["slot"]) for event in log(shell) if event["type"] == "request_sent"]
    assert sorted(sent) == [("startup", "alder"), ("startup", "birch"), ("verdict", "oak")]
    costs = [json.loads(line)["costUsd"] for line in shell.run("ledger", *AS_JSON).out.splitlines()]
    assert sum(costs) == pytest.approx(raised.json("done")["usage"]["costUsd"])
    assert shell.run("verify").exit == 0


def test_the_budget_of_a_run_that_is_done_is_raised_without_carrying_anything_on(shell: Shell) -> None:
    assert shell.run("council.yml", "--rehearse", "--run-id", "r", "-q", "--max-usd", "0.001").exit == 5
    shell.write("council.yml", COUNCIL.replace("usd: 0.20", "usd: 0.50"))
    assert shell.run("resume", "--budget", "usd=0.50", "-q").exit == 0
    again = shell.run("resume", "--budget", "usd=0.60", *AS_JSON)
    assert (again.exit, again.json("done")["budget"]["limits"]["usd"]) == (0, 0.6)
    assert [event["type"] for event in log(shell)[-2:]] == ["owner_changed", "budget_raised"]


def test_a_second_start_with_another_cap_is_refused(shell: Shell) -> None:
    start = ("council.yml", "--rehearse", "--run-id", "r")
    assert shell.run(*start, "-q", "--max-usd", "0.1").exit == 5
    refused = shell.run(*start, "--max-usd", "0.15", *AS_JSON)
    assert (refused.exit, refused.json("error")["error"]["message"]) == (
        11,
        "the run r was begun with another budget than --max-usd and --max-tokens give it",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--ultra-model", "other"],
            "a budget in USD cannot hold the model ultra (other), which has no price",
        ),
        (["--max-usd", "much"], "--max-usd takes an amount of US dollars, not 'much'"),
    ],
)
def test_a_budget_that_cannot_hold_is_refused_before_there_is_a_run(shell: Shell, words: list[str], said: str) -> None:
    refused = shell.run("council.yml", "--rehearse", *words)
    assert (refused.exit, refused.err.splitlines()[0]) == (2, f"error: {said}")
    assert not (shell.folder / ".overlord").exists()


def test_a_cap_needs_answers_with_a_limit(shell: Shell) -> None:
    unbounded = COUNCIL.replace("engine: {budget: {usd: 0.20}}\n", "").replace(", params: {max_tokens: 4000}", "")
    shell.write("council.yml", unbounded)
    refused = shell.run("council.yml", "--rehearse", "--max-tokens", "9000")
    message, remedy = refused.err.splitlines()
    assert refused.exit == 2
    assert message == "error: under a budget the answers of the model ultra (fugu-ultra) need a limit, and have none"
    assert remedy == "next: In the playbook, under models: ultra: {id: fugu-ultra, params: {max_tokens: 4096}}."


def test_another_apis_model_has_no_listed_price_and_orchestration_is_billed_besides(shell: Shell) -> None:
    with FakeApi() as api:
        environ = {"OVERLORD_BASE_URL": api.base_url}
        refused = shell.run("council.yml", **environ)
        assert refused.exit == 2
        assert "the model ultra (fugu-ultra), which has no price" in refused.err
        shell.write("council.yml", COUNCIL.replace("usd: 0.20", "usd: 0.50, unpriced: {input: 1, output: 1}"))
        done = shell.run("council.yml", *AS_JSON, **environ).json("done")
    costs = {servant["slot"]: servant["usage"]["costUsd"] for servant in done["servants"]}
    # 120 + 40 tokens in, 30 + 12 out; nothing is said of cached ones, so they cost what the others do
    assert costs == {"alder": 0.00206, "birch": 0.00206, "oak": 0.000202}
    assert (done["usage"]["costUsd"], done["budget"]["spent"]["tokens"], api.chats) == (0.004322, 3 * 202, 3)


def test_a_dry_run_tells_the_budget_and_what_it_may_cost_at_most(shell: Shell) -> None:
    told = shell.run("council.yml", "--dry-run", "--max-usd", "0.15", *AS_JSON).json("plan")
    assert told["settings"]["budget"] == {"usd": 0.15, "tokens": None, "requests": None, "timeS": None}
    assert told["ceiling"]["tokens"] > 2 * (1000 + 1000 + 4000)
    assert told["ceiling"]["usd"] > 2 * (2 * 1000 + 4000) * 30 / 1e6
    assert (told["ceiling"]["unbounded"], told["ceiling"]["unpriced"]) == ([], [])

"""How each keyword is told; where problems stand is shown by tests/examples/invalid."""

import pytest

from overlord_run.playbook.schema import check
from overlord_run.playbook.source import read_yaml

PLAYBOOK = """\
overlord: 1
name: example
roles:
  critic: {system: You find faults.}
assignments:
  - {slot: alder, role: critic, task: Begin.}
"""


def told(content: str, name: str = "playbook") -> list[str]:
    return [str(problem) for problem in check(read_yaml(content, "f"), name)]


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("x-note: {anything: goes}\n", []),
        ("engine: {x-note: 1}\n", []),
        (
            "budget: 5\n",
            [
                (
                    "f:7:1: error: unknown key 'budget' (known here: '$schema', 'overlord', 'name', "
                    "'description', 'inputs', "
                    "'vars', 'engine', 'models', 'packs', 'roles', 'assignments', 'redirects', 'outputs') [unknown-key]"
                )
            ],
        ),
        (
            "engine: {timeuot: 90s}\n",
            ["f:7:10: error: unknown key 'timeuot' in 'engine' (did you mean 'timeout'?) [unknown-key]"],
        ),
        (
            "models: {normal: {params: {}}}\n",
            ["f:7:10: error: 'id' is missing in 'normal' (add it, for example id: \"fugu-ultra\") [missing-key]"],
        ),
        (
            "engine: {timeout: 90}\n",
            [
                (
                    "f:7:19: error: 'timeout' must be text, not a number (write a number and s or "
                    "m, such as 90s or 5m) "
                    "[wrong-type]"
                )
            ],
        ),
        (
            "description: true\n",
            ["f:7:14: error: 'description' must be text, not true or false (quote it: \"true\") [wrong-type]"],
        ),
        (
            "engine: {concurrency: 1.5}\n",
            ["f:7:23: error: 'concurrency' must be a whole number, not a number (for example 4) [wrong-type]"],
        ),
        (
            "outputs:\n",
            [
                (
                    "f:7:1: error: 'outputs' is empty; it must be a mapping "
                    '(for example {"verdict": {"value": "replies.verdict.oak.text"}}) [wrong-type]'
                )
            ],
        ),
        (
            "engine: {preflight: guess}\n",
            ["f:7:21: error: 'preflight' cannot be 'guess' (write one of 'models', 'probe') [not-allowed]"],
        ),
        (
            "redirects: [{id: rank, to: [alder, 5], message: Rank.}]\n",
            [
                (
                    "f:7:36: error: item 2 of 'to' must be text, not a number "
                    "(write all, a slot, or role:NAME; several as a list) [wrong-type]"
                )
            ],
        ),
        (
            "vars: {Loud: 1}\n",
            [
                (
                    "f:7:8: error: 'Loud' cannot be an id that templates name "
                    "(write a small letter, then small letters, digits or '_', 64 characters at most) [bad-name]"
                )
            ],
        ),
        (
            f"redirects: [{', '.join(['a'] * 10_001)}]\n",
            ["f:7:12: error: 'redirects' holds 10,001 values; at most 10,000 are allowed (split it) [too-long]"],
        ),
        (
            "engine: {retry: {attempts: 99}}\n",
            ["f:7:28: error: 'attempts' is 99; it must be at most 10 (for example 1) [out-of-range]"],
        ),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_misfit_is_told_in_the_users_words(addition: str, expected: list[str]) -> None:
    assert told(PLAYBOOK + addition) == expected


SCRIPT = "overlord: 1\nanswers:\n  alder:\n    startup: "


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Ready.", []),
        ("{contains: plan}", []),
        ("{contains: [plan, risk]}", []),
        (
            "5",
            [
                (
                    "f:4:14: error: 'startup' must be text or a mapping or a list, not a number "
                    '(quote it: "5") [wrong-type]'
                )
            ],
        ),
        (
            "{fualt: timeout}",
            ["f:4:15: error: unknown key 'fualt' in 'startup' (did you mean 'fault'?) [unknown-key]"],
        ),
        (
            "{contains: [plan, 5]}",
            [
                "f:4:32: error: item 2 of 'contains' must be text, not a number (quote it: \"5\") [wrong-type]",
            ],
        ),
        (
            "{fault: timeout, status: 500}",
            ["f:4:31: error: 'fault', 'status' exclude each other (keep one of them) [one-of]"],
        ),
    ],
)
def test_of_a_choice_the_branch_is_told_whose_type_the_value_has(answer: str, expected: list[str]) -> None:
    assert told(SCRIPT + answer + "\n", "rehearsal") == expected


def test_of_very_many_misfits_the_first_are_told() -> None:
    assert len(told(PLAYBOOK + "".join(f"k{number}: 1\n" for number in range(1000)))) == 201


def test_a_key_with_a_slip_in_it_is_missing_where_other_keys_are_let_be() -> None:
    problems = check(read_yaml("tpye: exchange\n", "f"), "recording")
    assert ("missing-key", "'type' is missing") in [(one.rule, one.message) for one in problems]

"""What orders redirects, as far as no example shows it."""

import pytest

from overlord_run.playbook.checks import check
from overlord_run.playbook.source import read_yaml

HEAD = """\
roles: {critic: {system: You find faults., task: Begin.}}
assignments: [{slot: alder, role: critic}, {slot: birch, role: critic}]
redirects:
"""


def told(redirects: str) -> list[str]:
    return [str(problem) for problem in check(read_yaml(HEAD + redirects, "f"), [])]


@pytest.mark.parametrize(
    "redirects",
    [
        "  - {id: a, to: all, message: Go., needs: [b]}\n  - {id: b, pause: Wait., after: []}\n",
        "  - {id: a, check: true, after: [b]}\n  - {id: b, redirects: [{id: c, check: true}], after: []}\n",
        "  - {id: a, redirects: [{id: b, pause: Wait.}, {id: c, check: true, needs: [b]}], repeat: {max: 1}}\n",
        "  - {id: a, redirects: [{id: b, pause: Wait.}]}\n  - {id: c, redirects: [{id: d, check: true}], needs: [a]}\n",
    ],
)
def test_whatever_waits_for_another_of_its_own_level_is_sound(redirects: str) -> None:
    assert told(redirects) == []


def test_an_id_stands_once_whether_in_a_block_or_out_of_it() -> None:
    redirects = "  - {id: a, check: true}\n  - {id: b, redirects: [{id: a, check: true}, {id: b, check: true}]}\n"
    assert told(redirects) == [
        "f:5:30: error: the id 'a' is taken, on line 4 (give each redirect an id of its own) [duplicate-id]",
        "f:5:52: error: the id 'b' is taken, on line 5 (give each redirect an id of its own) [duplicate-id]",
    ]


def test_an_id_that_is_nearly_right_is_guessed_among_those_of_its_level() -> None:
    redirects = "  - {id: rank, check: true}\n  - {id: b, redirects: [{id: rink, check: true, needs: [runk]}]}\n"
    assert told(redirects) == [
        "f:5:57: error: there is no redirect 'runk' (did you mean 'rink'?) [unknown-redirect]",
    ]


def test_a_circle_is_found_in_each_level_and_through_what_is_needed() -> None:
    redirects = """\
  - {id: a, check: true, needs: [b]}
  - {id: b, check: true}
  - id: c
    after: []
    redirects: [{id: d, check: true, needs: [d]}]
"""
    hint = "without 'after' a redirect waits for the one before it; after: [] starts it at once"
    assert told(redirects) == [
        f"f:4:26: error: redirects wait for each other: a → b → a ({hint}) [cycle]",
        f"f:8:38: error: redirects wait for each other: d → d ({hint}) [cycle]",
    ]


def test_a_redirect_that_goes_to_nobody_asks_nobody() -> None:
    lonely = HEAD.replace(", task: Begin.", "") + "  - {id: a, redirects: [{id: b, to: alder, message: Go.}]}\n"
    problems = check(read_yaml(lonely, "f"), [])
    assert [(one.rule, one.message) for one in problems] == [
        ("never-asked", "nobody asks 'birch' anything: it has no task, and no redirect goes to it")
    ]

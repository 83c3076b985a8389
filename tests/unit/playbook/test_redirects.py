"""The parts of the checks of redirects that no example shows."""

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


def test_a_long_chain_is_no_circle() -> None:
    assert told("".join(f"  - {{id: r{number}, to: all, message: Go.}}\n" for number in range(5000))) == []


def test_a_long_circle_is_cut() -> None:
    chain = "".join(f"  - {{id: r{number}, to: all, message: Go.}}\n" for number in range(2, 5000))
    assert told("  - {id: r1, to: all, message: Go., after: [r4999]}\n" + chain) == [
        (
            "f:4:37: error: redirects wait for each other: "
            "r1 → r4999 → r4998 → r4997 → r4996 → r4995 → r4994 → r4993 → r4992 → r4991 → … "
            "(without 'after' a redirect waits for the one before it; after: [] starts it at once) [cycle]"
        )
    ]


def test_of_many_circles_some_are_told() -> None:
    redirects = "".join(f"  - {{id: r{number}, to: all, message: Go., after: [r{number}]}}\n" for number in range(100))
    assert len(told(redirects)) == 5


def test_a_percentage_or_word_is_never_too_many() -> None:
    assert (
        told(
            "  - {id: a, to: alder, message: Go., require: 100%}\n  - {id: b, to: alder, message: Go., require: all}\n"
        )
        == []
    )


def test_a_slot_counts_once_however_often_it_is_named() -> None:
    assert told("  - {id: a, to: [alder, role:critic], message: Go., require: 3}\n") == [
        "f:4:62: error: 3 answers are required, and it goes to 2 servants (require fewer, or all) [require-too-many]"
    ]
    assert told("  - {id: a, to: [alder, birch], message: Go., require: 2}\n") == []
    assert told("  - {id: a, to: [alder, all], message: Go., require: 2}\n") == []


def test_a_redirect_without_an_id_is_passed_over() -> None:
    assert told("  - {to: all, message: Go., after: [b]}\n  - {id: b, to: all, message: Go.}\n") == []


def council(servants: int, redirects: str) -> str:
    slots = "".join(f"  - {{slot: s{number}, role: critic}}\n" for number in range(servants))
    roles = "{critic: {system: You find faults., task: Begin.}, judge: {system: You judge.}}"
    made = "  - {slot: 'j{{ index }}', for_each: range(9), role: judge}\n  - {slot: oak, role: judge}\n"
    return f"roles: {roles}\nassignments:\n{slots}{made}redirects:\n{redirects}"


TOO_MANY = (
    "up to this redirect the run makes {:,} calls; at most 100,000 are allowed"
    " (send it to fewer servants or in fewer rounds, or make several playbooks of it) [too-many-calls]"
)


@pytest.mark.parametrize(
    ("servants", "redirects", "expected"),
    [
        (999, "  - {id: b, repeat: {max: 99}, redirects: [{id: a, to: role:critic, message: Go.}]}\n", []),
        (
            1000,
            (
                "  - {id: b, repeat: {max: 99}, redirects: [{id: a, to: role:critic, message: Go.}]}\n"
                "  - {id: c, to: oak, message: Go.}\n  - {id: d, to: all, message: Go.}\n"
            ),
            [f"f:1007:13: error: {TOO_MANY.format(100_001)}"],
        ),
        (
            500,
            (
                "  - {id: b, repeat: {max: 100}, redirects: [{id: a, to: [role:critic, all], message: Go.},"
                " {id: c, to: [role:critic, s1], message: Go.}]}\n"
            ),
            [f"f:506:100: error: {TOO_MANY.format(100_600)}"],
        ),
        (1100, "  - {id: b, repeat: {max: 101}, redirects: [{id: a, to: all, message: Go.}]}\n", []),
    ],
    ids=["as many as may be", "one more", "in a block", "rounds without a bound"],
)
def test_the_calls_of_all_rounds_are_counted_before_anything_is_rendered(
    servants: int, redirects: str, expected: list[str]
) -> None:
    """Of `for_each` nobody is counted; rounds that are out of range are told by the schema."""
    found = check(read_yaml(council(servants, redirects), "f"), [])
    assert [str(one) for one in found if one.rule == "too-many-calls"] == expected

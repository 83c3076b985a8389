"""The parts of the checks of redirects that no example shows."""

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

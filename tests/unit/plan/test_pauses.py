import pytest

from overlord_run.plan.pauses import check_pauses
from unit.plan.councils import playbook

BASE = """\
overlord: 1
name: council
roles:
  critic: {system: You review.}
assignments:
  - {slot: alder, role: critic}
redirects:
"""
ASK = "  - {id: ask, to: all, message: Begin.}\n"
BESIDE = "  - {id: stop, pause: Go on?, after: []}\n"
ASIDE = ASK.replace("}", ", after: []}")
PART = "  - id: part\n    redirects:\n"
IN_IT = "    - {id: stop, pause: Go on?, after: []}\n"


def needless(redirects: str, outputs: str = "") -> list[str]:
    found = list(check_pauses(playbook(BASE + redirects + outputs)))
    return [each.message.split("'")[1] for each in found]


@pytest.mark.parametrize(
    "redirects",
    [
        ASK,
        ASK + "  - {id: stop, pause: Done?}\n",
        ASK + "  - {id: stop, pause: Go on?}\n  - {id: more, to: all, message: Go on.}\n",
        ASK + BESIDE + "  - {id: more, to: all, message: Go on., after: [ask], needs: [stop]}\n",
        ASK + "  - {id: one, pause: Yes?, after: [ask]}\n  - {id: two, pause: Sure?, after: [ask]}\n",
        "  - {id: stop, pause: Go on?}\n  - {id: gate, check: true, after: []}\n"
        + ASK.replace("}", ", after: [stop]}"),
        PART + IN_IT + "    repeat: {max: 2}\n" + ASIDE,
        PART + IN_IT + ASK,
        PART + IN_IT + "    - {id: say, to: all, message: So.}\n" + ASIDE,
    ],
)
def test_a_pause_is_needed_that_something_waits_for_and_so_is_the_last_step(redirects: str) -> None:
    assert needless(redirects) == []


@pytest.mark.parametrize(
    "redirects",
    [
        BESIDE + ASIDE,
        ASK + BESIDE,
        PART + IN_IT + ASIDE,
        PART + "    - {id: ask, to: all, message: Begin.}\n" + IN_IT,
    ],
)
def test_a_pause_that_nothing_waits_for_while_messages_go_out_is_needless(redirects: str) -> None:
    assert needless(redirects) == ["stop"]


@pytest.mark.parametrize("read", ["approvals.stop.note", "approvals | length"])
def test_a_pause_whose_answer_is_read_is_needed(read: str) -> None:
    assert needless(ASK + BESIDE, f"outputs:\n  note: {{value: {read}}}\n") == []
    assert needless(ASK + BESIDE, "outputs:\n  note: {value: replies.ask.alder}\n") == ["stop"]

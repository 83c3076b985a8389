"""The parts of the check of `with` that no example shows."""

from overlord_run.playbook.values import check_values
from playbook_kit import parse

PLAYBOOK = b"""\
overlord: 1
name: example
roles:
  critic:
    system: You look at {{ inputs.part }}.
    inputs: {part: {type: string, enum: [parser]}}
    task: Begin.
assignments:
  - slot: alder
    role: critic
"""


def test_a_line_break_at_the_end_of_a_text_does_not_count_as_templates_drop_it() -> None:
    playbook = parse(PLAYBOOK + b"    with:\n      part: |\n        parser\n", "f")
    assert check_values(playbook, ["critic"]) == []


def test_a_role_that_is_not_named_is_left_alone() -> None:
    playbook = parse(PLAYBOOK, "f")
    assert check_values(playbook, []) == []
    assert [problem.rule for problem in check_values(playbook, ["critic"])] == ["missing-input"]

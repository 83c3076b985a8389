from overlord_run.plan.advice import advise
from overlord_run.playbook.rules import MAX_PROBLEMS
from unit.plan.councils import COUNCIL, playbook


def test_all_checks_give_their_advice() -> None:
    text = COUNCIL.replace("{{ reply | as_data }}", "{{ reply }}").replace("List what", "Run the tests and list what")
    text = text.replace(
        "  - id: verdict", "  - {id: stop, pause: Go on?, after: []}\n  - id: verdict\n    after: [rank]"
    )
    text = text.replace("birch, role: critic,", "birch, role: critic, model: ultra,")
    rules = ["unfenced-reply", "beyond-advice", "needless-pause", "several-ultras", "no-budget"]
    assert [each.rule for each in advise(playbook(text)) if each.severity == "warning"] == rules


def test_the_same_is_told_once_and_no_more_than_of_a_file_that_is_no_playbook() -> None:
    redirects = "".join(f"  - {{id: r{number}, to: oak, message: Run the tests.}}\n" for number in range(300))
    assert len(advise(playbook(COUNCIL + redirects))) == MAX_PROBLEMS
    twice = COUNCIL.replace("{{ reply | as_data }}", "{{ reply }} {{ reply.text }}")
    assert [each.rule for each in advise(playbook(twice))] == ["unfenced-reply", "no-budget"]

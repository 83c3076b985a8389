from overlord_run.app.diff.compare import ABSENT, Change, Subject, compare
from overlord_run.app.diff.runs import facts
from overlord_run.store.state import State
from unit.cli import example_run as example


def told(before: State, after: State) -> dict[Subject, tuple[Change, ...]]:
    return {difference.subject: difference.changes for difference in compare(facts(before), facts(after))}


def test_ids_times_and_attempts_are_no_difference() -> None:
    again = example.completed()
    again[0] = example.created(run_id="other", run_token="another", cwd="/elsewhere")
    assert told(example.state(*example.completed()), example.state(*again)) == {}


def test_an_answer_and_its_tokens_are_compared() -> None:
    usage = {**example.USAGE, "completionTokens": 25}
    asked = example.asked("startup", "alder", system="You advise.")
    before = example.state(*example.begun(), *asked, example.answered("startup", "alder"))
    after = example.state(*example.begun(), *asked, example.answered("startup", "alder", "Bad.", usage=usage, cut=True))
    assert told(before, after) == {
        Subject("result", "startup", "alder"): (
            Change("answer", "Fine.", "Bad."),
            Change("cut", ABSENT, True),  # noqa: FBT003 - a value
            Change("usage.completionTokens", 20, 25),
        )
    }


def test_a_rehearsal_a_failure_and_what_only_one_run_has_are_told() -> None:
    before, after = example.state(*example.completed("rehearsal")), example.state(*example.partial())
    found = told(before, after)
    assert Change("engine", "rehearsal", "chat") in found[Subject("run")]
    assert Change("failure", ABSENT, "it did not answer within 90 s") in found[Subject("result", "verdict", "oak")]
    assert Change("answer", "Ship it.", ABSENT) in found[Subject("result", "verdict", "oak")]
    assert Subject("message", "close") in found
    assert Subject("result", "close", "oak") in found


def test_a_run_that_has_not_begun_has_nothing_to_tell_but_its_state() -> None:
    assert facts(State()) == {Subject("run"): {"state": "loading"}}

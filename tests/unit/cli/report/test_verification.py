from overlord_run.cli.report.verification import verification_text
from overlord_run.store.verify import Difference, Verification


def test_a_run_that_is_whole_says_so() -> None:
    assert verification_text("r1", Verification((), ())) == "r1: the log is whole, and every view is what it says"


def test_each_difference_is_told_with_its_file_and_place() -> None:
    found = Verification(
        (Difference("run.json", "$.state", "is 'failed', not 'completed'"),), ("the last line is torn",)
    )
    assert verification_text("r1", found) == (
        "run.json: $.state: is 'failed', not 'completed'\nnote: the last line is torn\nr1: 1 difference"
    )

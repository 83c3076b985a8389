from overlord_run.cli.report.problems import (
    error_json,
    error_text,
    problem_lines,
    validation_json,
    validation_summary,
)
from overlord_run.errors import Exit, InvalidPlaybookError, RunBusyError, UsageError
from overlord_run.problem import Problem

UNKNOWN = Problem("council.yml", 3, 5, "unknown-key", "unknown key 'rols'", "did you mean 'roles'?")
UNUSED = Problem("council.yml", 9, 1, "unused-input", "nothing reads the input 'plan'", severity="warning")


def test_problems_are_told_one_a_line() -> None:
    assert problem_lines([UNKNOWN, UNUSED]) == (
        "council.yml:3:5: error: unknown key 'rols' (did you mean 'roles'?) [unknown-key]\n"
        "council.yml:9:1: warning: nothing reads the input 'plan' [unused-input]"
    )


def test_an_error_is_told_with_what_to_do_next() -> None:
    error = UsageError("no playbook is named", next="overlord-run PLAYBOOK")
    assert error_text(error) == "error: no playbook is named\nnext: overlord-run PLAYBOOK"


def test_an_error_without_a_remedy_is_one_line() -> None:
    assert error_text(RunBusyError("another process owns the run")) == "error: another process owns the run"


def test_the_problems_of_a_playbook_stand_before_their_sum() -> None:
    assert error_text(InvalidPlaybookError([UNUSED, UNKNOWN])) == (
        "council.yml:3:5: error: unknown key 'rols' (did you mean 'roles'?) [unknown-key]\n"
        "council.yml:9:1: warning: nothing reads the input 'plan' [unused-input]\n"
        "\n"
        "error: 1 problem found"
    )


def test_an_error_as_json_says_whether_the_same_command_can_succeed_later() -> None:
    assert error_json(RunBusyError("another process owns the run", next="wait")) == {
        "error": {
            "code": "busy",
            "message": "another process owns the run",
            "exit": 7,
            "retryable": True,
            "next": "wait",
        }
    }


def test_an_invalid_playbook_as_json_carries_its_problems() -> None:
    assert error_json(InvalidPlaybookError([UNKNOWN]))["error"]["problems"] == [
        {
            "file": "council.yml",
            "line": 3,
            "column": 5,
            "severity": "error",
            "rule": "unknown-key",
            "message": "unknown key 'rols'",
            "hint": "did you mean 'roles'?",
        }
    ]


def test_a_validation_says_how_many_files_were_checked_and_what_was_found() -> None:
    assert validation_summary(["a.yml", "b.yml"], [], 0) == "2 files checked: no problems"
    assert validation_summary(["a.yml"], [UNKNOWN, UNUSED], 0) == "1 file checked: 1 error, 1 warning"
    assert validation_summary(["a.yml"], [], 2) == "1 file checked: no problems (2 not told)"
    assert validation_json(["a.yml"], [], 2, Exit.OK) == {
        "schemaVersion": 1,
        "files": ["a.yml"],
        "problems": [],
        "silenced": 2,
        "exit": 0,
    }

import gc
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from overlord_run.app.detach import PROGRAM, Detached, detach
from overlord_run.cli.report.problems import error_json
from overlord_run.errors import Exit, InvalidPlaybookError, OverlordError, RunBusyError, UnfinishedError
from overlord_run.problem import Problem

RUN_ID = "20260131-120000-council-7f3a"
# A process that a test does not end ends by itself.
WAITS = "import signal; signal.alarm(60); signal.pause()"
WAITS_A_LITTLE = "import signal; signal.alarm(3); signal.pause()"


def program(*lines: str, then: str = "") -> tuple[str, ...]:
    """Return a program that says these lines, and then does something."""
    return (sys.executable, "-c", f"import os, sys\nfor line in {lines!r}: print(line, flush=True)\n{then}")


def refusal(folder: Path, command: tuple[str, ...], within_s: float = 60.0) -> OverlordError:
    with pytest.raises(OverlordError) as caught:
        detach(folder, RUN_ID, [], b"", within_s=within_s, program=command)
    return caught.value


def test_the_program_is_this_python_and_its_modules_are_never_those_of_the_current_folder() -> None:
    assert list(PROGRAM) == [sys.executable, "-P", "-m", "overlord_run"]


PROBLEMS = (
    Problem("a.yml", 3, 5, "unknown-key", "there is no key 'rolse'", "did you mean 'roles'?"),
    Problem("a.yml", 9, 1, "unused", "nothing reads it", severity="warning"),
)


@pytest.mark.parametrize(
    "error",
    [
        RunBusyError("another process owns the run", next="Wait."),
        OverlordError("no key is set", next="export X=…", code="no-key"),
        InvalidPlaybookError(PROBLEMS),
    ],
    ids=lambda error: error.code,
)
@pytest.mark.parametrize("noise", ["", "a warning of Python's"])
def test_an_error_that_it_told_is_told_again_as_it_was(tmp_path: Path, error: OverlordError, noise: str) -> None:
    told = error_json(error)
    command = program(noise, json.dumps(told), noise, then="sys.exit(4)")
    assert error_json(refusal(tmp_path, command)) == told


def test_problems_that_it_told_are_problems_again(tmp_path: Path) -> None:
    error = refusal(tmp_path, program(json.dumps(error_json(InvalidPlaybookError(PROBLEMS)))))
    assert isinstance(error, InvalidPlaybookError)
    assert error.problems == PROBLEMS


@pytest.mark.parametrize(
    ("then", "how", "code"),
    [
        ("sys.exit(0)", "ended with exit code 0", Exit.FAILED),
        ("sys.exit(143)", "ended with exit code 143", Exit.TERMINATED),
        ("sys.exit(77)", "ended with exit code 77", Exit.FAILED),
        ("os.kill(os.getpid(), 9)", "was ended by signal 9", Exit.FAILED),
    ],
)
def test_an_end_without_a_word_is_told(tmp_path: Path, then: str, how: str, code: Exit) -> None:
    error = refusal(tmp_path, program(then=then))
    assert (error.message, error.code, error.exit) == (f"the process of its own {how}", "detach", code)
    assert (error.next, error.retryable) == ("run it without --detach and --wait", False)


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        (["hello", "{"], "{"),
        (["[" * 100_000], "[" * 200),
        (["9" * 10_000], "9" * 200),
        (["[1]", '"x"', "null"], "null"),
        (["x" * 500], "x" * 200),
    ],
    ids=["no JSON", "deep", "a number", "no object", "long"],
)
def test_garbage_is_told_as_its_last_words_cut(tmp_path: Path, lines: list[str], last: str) -> None:
    error = refusal(tmp_path, program(*lines))
    assert error.message == f"the process of its own ended with exit code 0; its last words: {last}"


def test_a_python_that_does_not_find_the_program_says_so(tmp_path: Path) -> None:
    error = refusal(tmp_path, (sys.executable, "-P", "-m", "no_such_module"))
    assert error.message.endswith(f"; its last words: {sys.executable}: No module named no_such_module")


def test_a_program_that_cannot_be_started_is_told_with_the_reason(tmp_path: Path) -> None:
    error = refusal(tmp_path, (str(tmp_path / "python"),))
    assert error.message == "no process of its own can be started: No such file or directory"


def test_a_process_that_is_not_heard_of_in_time_is_left_to_itself(tmp_path: Path) -> None:
    error = refusal(tmp_path, program("hello", then=WAITS_A_LITTLE), within_s=0.1)
    assert isinstance(error, UnfinishedError)
    assert error.message == "the run has not begun after 0.1 s"
    assert error.next == "overlord-run list shows whether it has meanwhile"


def test_a_process_that_is_left_goes_on_and_python_does_not_warn() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Detached([], b"", program=program(then=WAITS)) as detached:
            assert not detached.has_ended
        pid = detached._process.pid
        del detached
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
    assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_ctrl_c_before_the_run_has_begun_ends_it(tmp_path: Path) -> None:
    once_its_parent_sleeps = (
        "import os, signal; signal.alarm(60)\n"
        "state = lambda: open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[0]\n"
        "while state() != 'S': pass\n"
        "os.kill(os.getppid(), signal.SIGINT); signal.pause()"
    )
    code = (
        "import os, pathlib, sys; from overlord_run.app.detach import detach\n"
        "program = [sys.executable, '-c', sys.argv[1]]\n"
        f"try: detach(pathlib.Path({str(tmp_path)!r}), {RUN_ID!r}, [], b'', program=program)\n"
        "except KeyboardInterrupt: print(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    words = [sys.executable, "-c", code, once_its_parent_sleeps]
    assert subprocess.run(words, capture_output=True, check=True, encoding="utf-8").stdout == f"{-signal.SIGTERM}\n"

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, Shell

SLOW = 'overlord: 1\nanswers:\n  "*":\n    startup: {slow: 1s}\n'
STUCK = 'overlord: 1\nanswers:\n  "*":\n    startup: {slow: 60s}\n'


@contextmanager
def waiting(shell: Shell, script: str) -> Iterator[subprocess.Popen[str]]:
    """Start a rehearsal and hand it over once its first calls are out."""
    process = shell.start("council.yml", "--rehearse", shell.write("script.yml", script))
    with process:
        assert process.stderr is not None
        next(line for line in process.stderr if "Waiting for API-backed ACKs" in line)
        yield process
        process.kill()


def interrupt_until_it_ends(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C again and again: two that come at once are one to the program."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.2)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    return shell


def test_the_first_ctrl_c_lets_calls_in_flight_finish_and_sends_nothing_new(shell: Shell) -> None:
    with waiting(shell, SLOW) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert "interrupted: nothing new is sent, and calls in flight may finish; Ctrl-C again cancels them\n" in err
    assert "[rehearsal] startup: alder answered, 1.0 s" in err
    assert "of council: stopped (interrupted)\n" in err
    assert "Exit 130: interrupted; what was answered is kept (a rehearsal: no model was asked)\n" in err
    told = shell.run("status", "--format", "json").json("status")
    assert (told["state"], told["openCalls"], [one["id"] for one in told["messages"]]) == ("stopped", [], ["startup"])


def test_the_second_ctrl_c_cancels_the_calls_and_their_outcome_is_unknown(shell: Shell) -> None:
    with waiting(shell, STUCK) as process:
        interrupt_until_it_ends(process)
        _, err = process.communicate(timeout=20)
    # On a busy machine one more comes while Python ends, and kills it: to a shell that is 130 too.
    assert process.returncode in {130, -signal.SIGINT}
    assert "Traceback" not in err
    done = shell.run("status")
    assert (
        "It is not known how these calls ended, and they may have been billed: startup to alder and startup to birch"
        in done.out
    )
    assert shell.run("verify").exit == 0


def test_a_termination_cancels_at_once(shell: Shell) -> None:
    with waiting(shell, STUCK) as process:
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "Exit 143: terminated; what was answered is kept" in err
    assert shell.run("verify").exit == 0


def test_ctrl_c_again_and_again_does_not_tear_the_record(shell: Shell) -> None:
    with waiting(shell, STUCK) as process:
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.002)
        _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    told = shell.run("status", "--format", "json").json("status")
    assert (told["state"], told["notes"]) == ("stopped", [])
    assert shell.run("verify").out.endswith("the log is whole, and every view is what it says\n")

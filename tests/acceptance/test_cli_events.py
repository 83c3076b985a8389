import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, PROGRAM, Shell, fitting


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    return shell


@contextmanager
def live(shell: Shell, slow: str) -> Iterator[subprocess.Popen[str]]:
    """Start a rehearsal whose first answers take so long, and hand it over once they are waited for."""
    script = shell.write("script.yml", f'overlord: 1\nanswers:\n  "*":\n    startup: {{slow: {slow}}}\n')
    with shell.start("council.yml", "--rehearse", script) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "Waiting for API-backed ACKs" in line)
        yield process
        process.kill()


def log_of(shell: Shell) -> Path:
    (log,) = (shell.folder / ".overlord" / "runs").glob("*/events.jsonl")
    return log


def test_events_are_told_one_a_line_and_as_json_as_they_stand_in_the_log(shell: Shell) -> None:
    assert shell.run("council.yml", "--rehearse", "-q").exit == 0
    log = log_of(shell).read_text(encoding="ascii")
    done = shell.run("events")
    assert (done.exit, done.err) == (0, "")
    assert [line.split()[3:5] for line in done.out.splitlines()] == [
        [str(event["seq"]), event["type"]] for event in map(json.loads, log.splitlines())
    ]
    done = shell.run("events", "--format", "json")
    assert (done.exit, done.err, done.out) == (0, "", log)
    assert [fitting(line, "event")["type"] for line in log.splitlines()][-1] == "run_finished"


def test_a_live_run_is_followed_to_its_end(shell: Shell) -> None:
    with live(shell, "1s") as run:
        before = len(shell.run("events").out.splitlines())
        done = shell.run("events", "--follow", "--format", "json")
        assert run.wait(20) == 0
    assert done.exit == 0
    assert done.out == log_of(shell).read_text(encoding="ascii")
    assert before < len(done.out.splitlines())


@pytest.fixture
def heard() -> Iterator[None]:
    """Let Ctrl-C reach what is started meanwhile, also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_who_follows_can_leave_and_the_run_goes_on(shell: Shell, how: signal.Signals) -> None:
    with live(shell, "60s") as run, shell.start("events", "-f") as follower:
        assert follower.stdout is not None
        assert "run_created" in follower.stdout.readline()
        follower.send_signal(how)
        _, err = follower.communicate(timeout=20)
        assert follower.returncode == (130 if how is signal.SIGINT else -signal.SIGTERM)
        assert "Traceback" not in err
        assert run.poll() is None


def test_a_run_that_was_killed_is_followed_to_what_it_left(shell: Shell) -> None:
    with live(shell, "60s"):
        pass
    with log_of(shell).open("ab") as log:
        log.write(b'{"v":1,"seq":')
    done = shell.run("events", "--follow")
    assert done.exit == 0
    assert "request_sent" in done.out.splitlines()[-1]
    assert done.err.endswith(
        " is torn (13 bytes): a crash cut it off, or it is being written now\n"
        "note: the run was interrupted: its process is gone\n"
    )


def test_damage_is_told_after_the_events_before_it(shell: Shell) -> None:
    assert shell.run("council.yml", "--rehearse", "-q").exit == 0
    log = log_of(shell)
    log.write_bytes(log.read_bytes().replace(b'"seq":4', b'"seq":5', 1))
    for words in ("events",), ("events", "--follow"), ("events", "--format", "json"):
        done = shell.run(*words)
        assert done.exit == 74
        assert done.out.splitlines()[2].count("preflight_passed") == 1
    assert done.json("error")["error"]["code"] == "log-damaged"


@pytest.mark.parametrize("words", [["events"], ["events", "--format", "json"], ["events", "-f"], ["ledger"]])
def test_a_reader_that_has_read_enough_ends_it_well(shell: Shell, words: list[str]) -> None:
    assert shell.run("council.yml", "--rehearse", "-q").exit == 0
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=shell.folder, env=shell.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0

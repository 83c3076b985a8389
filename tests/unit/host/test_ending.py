import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from overlord_run.host import linux
from overlord_run.host.ending import Ending, end
from overlord_run.host.handle import Handle
from overlord_run.host.process import fingerprint
from overlord_run.host.system import Lookup, System
from unit.host.children import ENDS, IGNORES, child

LONG_S = 60.0
NO_SUCH_PID = 2**22 + 1
RECORD = {"bootId": "boot", "startTime": "100", "executable": "/bin/python"}

HOLDS = [linux.hold, linux.hold_by_pid]


def linux_with(hold: Callable[[int], Handle]) -> System:
    """Return Linux as it is, with this way to hold a process."""
    return SimpleNamespace(
        family=linux.family, boot_id=linux.boot_id, start_time=linux.start_time, executable=linux.executable, hold=hold
    )


@pytest.mark.parametrize("hold", HOLDS)
def test_a_process_is_asked_to_end_and_does(hold: Callable[[int], Handle]) -> None:
    with child(ENDS) as process:
        assert end(process.pid, fingerprint(process.pid), grace_s=LONG_S, system=linux_with(hold)) is Ending.TERMINATED
        assert process.wait() == 7


@pytest.mark.parametrize("hold", HOLDS)
def test_a_process_that_does_not_end_within_the_grace_is_killed(hold: Callable[[int], Handle]) -> None:
    with child(IGNORES) as process:
        assert end(process.pid, fingerprint(process.pid), grace_s=0, system=linux_with(hold)) is Ending.KILLED
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("hold", HOLDS)
def test_a_process_that_is_stopped_goes_on_so_that_it_can_end(hold: Callable[[int], Handle]) -> None:
    with child(ENDS) as process:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert end(process.pid, fingerprint(process.pid), grace_s=LONG_S, system=linux_with(hold)) is Ending.TERMINATED
        assert process.wait() == 7


@pytest.mark.parametrize("hold", HOLDS)
def test_a_process_that_nobody_waited_for_is_gone_already(hold: Callable[[int], Handle]) -> None:
    with child() as process:
        recorded = fingerprint(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert end(process.pid, recorded, grace_s=LONG_S, system=linux_with(hold)) is Ending.GONE


@pytest.mark.parametrize("hold", HOLDS)
def test_a_process_that_was_waited_for_is_gone_already(hold: Callable[[int], Handle]) -> None:
    with child() as process:
        recorded = fingerprint(process.pid)
    assert end(process.pid, recorded, grace_s=LONG_S, system=linux_with(hold)) is Ending.GONE


@pytest.mark.parametrize("hold", HOLDS)
@pytest.mark.parametrize(
    ("change", "ending"),
    [
        ({"startTime": "1"}, Ending.ANOTHER),
        ({"startTime": " "}, Ending.ANOTHER),
        ({"executable": "/bin/sh"}, Ending.ANOTHER),
        ({"executable": ""}, Ending.ANOTHER),
        ({"executable": 5}, Ending.ANOTHER),
        ({"bootId": "00000000-0000-4000-8000-000000000000"}, Ending.GONE),
        ({"bootId": None}, Ending.UNKNOWN),
        ({"bootId": ""}, Ending.UNKNOWN),
        ({"startTime": None}, Ending.UNKNOWN),
        ({"startTime": ""}, Ending.UNKNOWN),
        ({"startTime": ["1"]}, Ending.UNKNOWN),
    ],
    ids=str,
)
def test_a_process_that_is_not_proved_to_be_the_recorded_one_is_left_alone(
    hold: Callable[[int], Handle], change: dict[str, object], ending: Ending
) -> None:
    with child() as process:
        record = {**fingerprint(process.pid), **change}
        assert end(process.pid, record, grace_s=LONG_S, system=linux_with(hold)) is ending
        assert process.communicate() == (b"", None)
        assert process.returncode == 0


def test_an_empty_record_proves_nothing() -> None:
    assert end(NO_SUCH_PID, {}, grace_s=LONG_S) is Ending.UNKNOWN


def test_a_start_number_that_is_no_text_proves_nothing() -> None:
    with child() as process:
        record = fingerprint(process.pid) | {"startTime": int(linux.start_time(process.pid))}
        assert end(process.pid, record, grace_s=LONG_S) is Ending.UNKNOWN


def test_a_process_is_ended_without_a_recorded_executable_by_boot_and_start() -> None:
    with child(ENDS) as process:
        record = fingerprint(process.pid) | {"executable": None}
        assert end(process.pid, record, grace_s=LONG_S) is Ending.TERMINATED


def test_a_process_that_became_another_program_is_left_alone() -> None:
    execs = "import os, sys; print('ready', flush=True); os.read(0, 1); os.execv('/bin/cat', ['cat'])"
    with child(execs) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        recorded = fingerprint(process.pid)
        process.stdin.write(b"\nmeow\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"meow\n"
        assert fingerprint(process.pid)["startTime"] == recorded["startTime"]
        assert end(process.pid, recorded, grace_s=LONG_S) is Ending.ANOTHER
        assert process.communicate() == (b"", None)


def test_a_process_whose_executable_was_replaced_is_still_the_same(tmp_path: Path) -> None:
    program, update = tmp_path / "cat", tmp_path / "cat.new"
    for path in (program, update):
        path.write_bytes(Path("/bin/cat").read_bytes())
        path.chmod(0o700)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        recorded = fingerprint(process.pid)
        update.replace(program)
        assert recorded["executable"] == str(program)
        assert end(process.pid, recorded, grace_s=LONG_S) is Ending.TERMINATED


def test_the_number_of_a_thread_is_no_process() -> None:
    is_done, numbers = threading.Event(), list[int]()
    is_told = threading.Event()

    def tell() -> None:
        numbers.append(threading.get_native_id())
        is_told.set()
        is_done.wait()

    thread = threading.Thread(target=tell)
    thread.start()
    is_told.wait()
    record = fingerprint(numbers[0])
    ending = end(numbers[0], record, grace_s=LONG_S)
    is_done.set()
    thread.join()
    assert all(record.values())
    assert ending is Ending.GONE


def test_nobody_ends_themselves() -> None:
    assert end(os.getpid(), fingerprint(os.getpid()), grace_s=LONG_S) is Ending.ANOTHER


@pytest.mark.parametrize("pid", [-(2**70), -2, -1, 0, 1, True, 2**31, 2**32 + 700, 2**70])
def test_a_pid_that_no_process_of_ours_can_have_is_not_even_looked_at(pid: int) -> None:
    asked = Asked()
    assert end(pid, RECORD, grace_s=LONG_S, system=asked) is Ending.ANOTHER
    assert asked.calls == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_is_not_permitted() -> None:
    code = (
        "import json, os, sys; from overlord_run.host import fingerprint; from overlord_run.host.ending import end; "
        "fingerprint(os.getpid()); os.setuid(65534); "  # first load what maybe only root may read
        "pid, record = json.loads(sys.argv[1]); print(end(pid, record, grace_s=0))"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with child() as process:
        record = fingerprint(process.pid)
        for known in (record, {**record, "executable": None}):
            words = [sys.executable, "-c", code, json.dumps([process.pid, known])]
            done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, encoding="utf-8")
            assert done.stdout == "not permitted\n"
        assert process.communicate() == (b"", None)


class Asked:
    """A system that is as the test says, and keeps what it was asked."""

    def __init__(self, **answers: object) -> None:
        self.calls: list[str] = []
        self.answers = {"boot_id": "boot", "start_time": "100", "executable": "/bin/python", "ended": [], **answers}

    def answer(self, name: str) -> Any:
        self.calls.append(name)
        answer = self.answers.get(name)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else False
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def family(self) -> Lookup:
        return self.answer("family")

    def boot_id(self) -> str:
        return self.answer("boot_id")

    def start_time(self, pid: int) -> str:
        return self.answer("start_time")

    def executable(self, pid: int) -> str:
        return self.answer("executable")

    def hold(self, pid: int) -> Handle:
        self.answer("hold")
        return self

    def ask(self) -> bool:
        return self.answer("ask")

    def kill(self) -> None:
        self.answer("kill")

    def has_ended(self, within_s: float) -> bool:
        return self.answer("ended")

    def close(self) -> None:
        self.answer("close")


GONE, DENIED, BROKEN = ProcessLookupError(), PermissionError(), OSError()
LOOK = ["boot_id", "hold", "start_time", "executable", "ended"]


@pytest.mark.parametrize(
    ("answers", "ending", "calls"),
    [
        ({"boot_id": BROKEN}, Ending.UNKNOWN, ["boot_id"]),
        ({"boot_id": "other"}, Ending.GONE, ["boot_id"]),
        ({"hold": GONE}, Ending.GONE, ["boot_id", "hold"]),
        ({"hold": DENIED}, Ending.NOT_PERMITTED, ["boot_id", "hold"]),
        ({"hold": BROKEN}, Ending.UNKNOWN, ["boot_id", "hold"]),
        ({"start_time": BROKEN}, Ending.UNKNOWN, ["boot_id", "hold", "start_time", "ended", "close"]),
        ({"start_time": BROKEN, "ended": [True]}, Ending.GONE, ["boot_id", "hold", "start_time", "ended", "close"]),
        ({"executable": BROKEN}, Ending.UNKNOWN, [*LOOK, "close"]),
        ({"executable": DENIED}, Ending.NOT_PERMITTED, [*LOOK[:-1], "close"]),
        ({"ended": [True]}, Ending.GONE, [*LOOK, "close"]),
        ({"ask": GONE}, Ending.BY_ITSELF, [*LOOK, "ask", "close"]),
        ({"ask": DENIED}, Ending.NOT_PERMITTED, [*LOOK, "ask", "close"]),
        ({"ask": True, "ended": [False, True]}, Ending.TERMINATED, [*LOOK, "ask", "ended", "close"]),
        ({"ask": True, "kill": GONE}, Ending.TERMINATED, [*LOOK, "ask", "ended", "kill", "close"]),
        ({"ask": True, "kill": DENIED}, Ending.NOT_PERMITTED, [*LOOK, "ask", "ended", "kill", "close"]),
        (
            {"ask": True, "ended": [False, False, True]},
            Ending.KILLED,
            [*LOOK, "ask", "ended", "kill", "ended", "close"],
        ),
        ({"ask": True}, Ending.SURVIVED, [*LOOK, "ask", "ended", "kill", "ended", "close"]),
        ({"ask": False, "ended": [False, True]}, Ending.KILLED, [*LOOK, "ask", "kill", "ended", "close"]),
        ({"ask": False, "kill": GONE}, Ending.BY_ITSELF, [*LOOK, "ask", "kill", "close"]),
    ],
    ids=str,
)
def test_each_answer_of_the_system_is_told_for_what_it_is_and_the_handle_is_closed(
    answers: dict[str, object], ending: Ending, calls: list[str]
) -> None:
    system = Asked(**answers)
    assert end(700, RECORD, grace_s=5, system=system) is ending
    assert system.calls == calls


def test_the_recorded_process_is_over_where_it_is_known_to_have_ended() -> None:
    over = [ending for ending in Ending if ending.is_over]
    assert over == [Ending.GONE, Ending.BY_ITSELF, Ending.TERMINATED, Ending.KILLED]

"""Let many processes want the same run at once: each message is answered once, one process owns, the others say so."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import PROGRAM, Shell
from canary import CANARY
from fake_api import Answer, FakeApi
from faults.sender import BUGS
from faults.witness import COUNCIL
from overlord_run.errors import Exit
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.verify import verify

Count = Callable[[str, object], None]
SENDER = Path(__file__).with_name("sender.py")
ANYONE = "alder birch all role:critic"
DEADLINE_S = 120
"""A hang ends the test instead of the session."""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    return shell


def run_of(shell: Shell) -> RunFolder:
    return RunFolder.find(shell.folder / ".overlord", None)


def rehearsed(shell: Shell) -> None:
    """Leave a run of the council that has ended."""
    assert shell.run("council.yml", "--rehearse", "-q", "-i", "tag=sends").exit == 0


def told_by(shell: Shell, senders: int, *words: str, **environ: str) -> list[dict[str, Any]]:
    """Let processes send messages to the run side by side, and return what they were told; `words` are those of one."""
    started = [
        subprocess.Popen(
            [sys.executable, str(SENDER), str(run_of(shell).path), f"p{number}", *words],
            cwd=shell.folder,
            env=shell.environ(**environ),
            stdout=subprocess.PIPE,
        )
        for number in range(senders)
    ]
    outputs = [process.communicate(timeout=10 * DEADLINE_S)[0] for process in started]
    return [json.loads(line) for output in outputs for line in output.splitlines()]


def lost(run: RunFolder, told: list[dict[str, Any]]) -> list[str]:
    """Return what of the messages that were sent is not on record once, as those who sent it were told."""
    bodies = [event.body for event in read(run.log_path)]
    taken = Counter(body.request_id for body in bodies if isinstance(body, ev.MessageAccepted))
    answered = Counter((body.message_id, body.slot) for body in bodies if isinstance(body, ev.ReplyReceived))
    found = [f"taken {times} times: {request_id}" for request_id, times in taken.items() if times > 1]
    found += [f"answered {times} times: {call}" for call, times in answered.items() if times > 1]
    found += [f"not taken: {one['id']}" for one in told if one["id"] not in taken]
    found += [f"verify: {difference}" for difference in verify(run).differences]
    state = rehydrate(run).state
    for one in told:
        message = state.messages.get(state.requests.get(one["id"], ""))
        replies = {} if message is None else {slot: result.reply for slot, result in message.results.items()}
        if (one.get("exit"), one.get("replies")) != (Exit.OK, replies):
            found.append(f"told {one}, and on record is {replies}")
    return found


def test_every_message_of_three_processes_is_answered_once(shell: Shell) -> None:
    rehearsed(shell)
    told = told_by(shell, 3, "6", ANYONE, "1", "")
    assert len(told) == 18
    assert lost(run_of(shell), told) == []


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(20))
def test_every_message_of_four_processes_is_answered_once(shell: Shell, record_property: Count, seed: int) -> None:
    rehearsed(shell)
    told = told_by(shell, 4, "25", ANYONE, str(seed), "")
    assert len(told) == 100
    assert lost(run_of(shell), told) == []
    record_property("messages sent side by side", len(told))


@pytest.mark.sweep
def test_every_one_of_2_000_messages_to_a_run_that_lives_is_answered_once(shell: Shell, record_property: Count) -> None:
    shell.write("council.yml", COUNCIL.replace("to: all", "to: alder"))
    with FakeApi(key=CANARY) as api:
        api.answer("fugu", Answer(), Answer(), Answer(delay_s=20 * DEADLINE_S))  # alder's thoughts keep the run alive
        (owner,) = at_once(shell, api, ("council.yml", "-i", "tag=lives"))
        until(lambda: api.chats == 3)
        told = told_by(shell, 4, "500", "birch", "1", "", OVERLORD_BASE_URL=api.base_url, SAKANA_API_KEY=CANARY)
        assert owner.poll() is None
        owner.terminate()
        owner.communicate(timeout=DEADLINE_S)
    assert len(told) == 2_000
    assert lost(run_of(shell), told) == []
    record_property("messages sent side by side", len(told))


@pytest.mark.parametrize("bug", BUGS)
def test_sending_side_by_side_finds_a_seeded_bug(shell: Shell, bug: str) -> None:
    rehearsed(shell)
    told = told_by(shell, 2, "2", ANYONE, "1", bug)
    assert lost(run_of(shell), told)


def at_once(shell: Shell, api: FakeApi, *commands: tuple[str, ...]) -> list[subprocess.Popen[str]]:
    """Start commands side by side."""
    environ = shell.environ(OVERLORD_BASE_URL=api.base_url, SAKANA_API_KEY=CANARY)
    return [
        subprocess.Popen(
            [*PROGRAM, *words],
            cwd=shell.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for words in commands
    ]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def resumed_at_once(shell: Shell, count: int) -> None:
    """Kill a run amid its calls and let processes resume it at once: one does, and meanwhile the others do not."""
    with FakeApi(key=CANARY) as api:
        endless = [Answer(delay_s=10 * DEADLINE_S)] * 4
        api.answer("fugu", Answer(), Answer(), *endless)
        (first,) = at_once(shell, api, ("council.yml", "-i", "tag=once"))
        until(lambda: api.chats == 4)
        first.kill()
        first.communicate(timeout=DEADLINE_S)
        resumes = at_once(shell, api, *[("resume", "--resend-unknown")] * count)
        until(lambda: sum(process.poll() is not None for process in resumes) == count - 1)
        (owner,) = [process for process in resumes if process.poll() is None]
        until(lambda: api.chats == 6)
        owner.terminate()
        owner.communicate(timeout=DEADLINE_S)
        others = [process for process in resumes if process is not owner]
        errors = [process.communicate(timeout=DEADLINE_S)[1] for process in others]
    assert owner.returncode == Exit.TERMINATED
    assert Counter(process.returncode for process in others) == {Exit.BUSY: count - 1}
    assert all("another process owns the run" in error for error in errors)
    owners = [event.body for event in read(run_of(shell).log_path) if isinstance(event.body, ev.OwnerChanged)]
    assert len(owners) == 2
    assert api.chats == 6
    assert verify(run_of(shell)).differences == ()


def test_one_of_4_that_resume_at_once_does_and_the_others_exit_7(shell: Shell) -> None:
    resumed_at_once(shell, 4)


@pytest.mark.sweep
def test_one_of_20_that_resume_at_once_does_and_the_others_exit_7(shell: Shell) -> None:
    resumed_at_once(shell, 20)


def sent_at_once(shell: Shell, count: int) -> None:
    """Let processes send a message each at once to a run that has ended."""
    with FakeApi(key=CANARY) as api:
        environ = {"OVERLORD_BASE_URL": api.base_url, "SAKANA_API_KEY": CANARY}
        assert shell.run("council.yml", "-i", "tag=once", **environ).exit == 0
        words = [("send", "alder", f"message {number} once", "--format", "json") for number in range(count)]
        processes = at_once(shell, api, *words)
        outputs = [process.communicate(timeout=DEADLINE_S)[0] for process in processes]
        asked = Counter(request.body["messages"][-1]["content"] for request in api.requests if request.body)
    assert [process.returncode for process in processes] == [Exit.OK] * count
    assert {text: times for text, times in asked.items() if text.startswith("message")} == {
        f"message {number} once": 1 for number in range(count)
    }
    replies = [reply["text"] for output in outputs for reply in json.loads(output)["replies"]]
    assert len(set(replies)) == count
    assert verify(run_of(shell)).differences == ()


def test_every_one_of_4_messages_sent_at_once_is_answered_once(shell: Shell) -> None:
    sent_at_once(shell, 4)


@pytest.mark.sweep
def test_every_one_of_20_messages_sent_at_once_is_answered_once(shell: Shell) -> None:
    sent_at_once(shell, 20)

"""Own a run against the odds: killed senders, ids used twice, many processes at once, files that somebody changed."""

import asyncio
import json
import shlex
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import COUNCIL, PROGRAM, Shell
from canary import CANARY
from fake_api import Answer, FakeApi
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.recorder import Recorder
from store_kit import contents

AS_JSON = ("--format", "json")
DEADLINE_S = 60.0
LONG_AGO = "2020-02-02T10:00:00.000Z"
PLAIN = "overlord: 1\nanswers: {}\n"
LATE = 'overlord: 1\nanswers: {birch: {rank: {fault: timeout, times: 1, text: "1. The disk."}}}\n'
STUCK_AT_STARTUP = 'overlord: 1\nanswers: {"*": {startup: {slow: 60s}}}\n'
STUCK_ONCE = 'overlord: 1\nanswers: {alder: {startup: Ready., rank: None., "*": {slow: 60s, times: 1, text: Late.}}}\n'
SLOW_VERDICT = "overlord: 1\nanswers: {oak: {verdict: {slow: 1s, text: Ship it.}}}\n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return council_in(tmp_path)


def council_in(folder: Path) -> Shell:
    folder.mkdir(exist_ok=True)
    shell = Shell(folder)
    shell.write("council.yml", COUNCIL)
    return shell


def rehearsed(shell: Shell, script: str = PLAIN, *words: str) -> int:
    """Rehearse the council under the id `r` and return the exit code."""
    return shell.run("council.yml", "--rehearse", shell.write("script.yml", script), "--run-id", "r", *words, "-q").exit


def run_dir(shell: Shell) -> Path:
    return shell.folder / ".overlord" / "runs" / "r"


def log_of(shell: Shell) -> list[dict[str, Any]]:
    """Return the whole lines of the log of the run `r`, which may be growing."""
    path = run_dir(shell) / "events.jsonl"
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.splitlines()]


def events(shell: Shell, kind: str) -> list[dict[str, Any]]:
    return [event for event in log_of(shell) if event["type"] == kind]


def calls(shell: Shell) -> Counter[tuple[str, str]]:
    """Return how often each servant was sent each message."""
    return Counter((event["messageId"], event["slot"]) for event in events(shell, "request_sent"))


def verified(shell: Shell) -> bool:
    return shell.run("verify", "--run", "r").exit == 0


@contextmanager
def started(shell: Shell, *words: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command, and kill what is left of it at the end."""
    with subprocess.Popen(
        [*PROGRAM, *words],
        cwd=shell.folder,
        env=shell.environ(**environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield process
        process.kill()


def wait_for_call(shell: Shell, message_id: str, slot: str, attempt: int = 1) -> None:
    """Wait until a call is on record, as the attempt of this number."""
    wait_until(lambda: calls(shell)[message_id, slot] >= attempt)


def wait_until(has_come: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not has_come():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exits_of(shell: Shell, *commands: tuple[str, ...]) -> list[int]:
    """Run commands side by side, and return their exit codes in order."""
    processes = [
        subprocess.Popen(
            [*PROGRAM, *words, "-q"],
            cwd=shell.folder,
            env=shell.environ(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for words in commands
    ]
    return sorted(process.wait(timeout=DEADLINE_S) for process in processes)


# ids, and several at once


def test_the_same_id_gives_the_stored_reply_and_calls_nothing(shell: Shell) -> None:
    with FakeApi(key=CANARY) as api:
        assert shell.run("council.yml", "-q", OVERLORD_BASE_URL=api.base_url, SAKANA_API_KEY=CANARY).exit == 0
        words = ("send", "oak", "Why?", "--id", "k", *AS_JSON)
        first = shell.run(*words, SAKANA_API_KEY=CANARY).json("send")
        asked = list(api.requests)
        again = shell.run(*words).json("send")  # no key is needed for what is on record
        assert api.requests == asked
    assert again["replies"] == first["replies"]
    assert (first["wasKnown"], again["wasKnown"]) == (False, True)


def test_two_texts_with_one_id_at_once_are_one_message_and_one_refusal(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    assert exits_of(shell, ("send", "alder", "Why?", "--id", "k"), ("send", "alder", "How?", "--id", "k")) == [0, 2]
    assert len(events(shell, "message_accepted")) == 1


def test_a_recovery_is_done_once_an_id_and_told_again(shell: Shell) -> None:
    assert rehearsed(shell, LATE) == 1
    first = shell.run("recover", "birch", "--id", "k", *AS_JSON).json("send")
    again = shell.run("recover", "birch", "--id", "k", *AS_JSON).json("send")
    assert (first["exit"], first["wasKnown"], again["wasKnown"]) == (0, False, True)
    assert again["replies"] == first["replies"]
    assert calls(shell)["rank", "birch"] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["recover", "birch", "--id", "sent"], "the id 'sent' was used for another request"),
        (["recover", "birch", "--replace", "--id", "sent"], "the id 'sent' was used for another request"),
        (["send", "alder", "Why?", "--id", "recovered"], "the id 'recovered' was used for another message"),
        (["send", "all", "Why?", "--id", "sent"], "the id 'sent' was used for another message"),
        (["send", "alder", "Why?", "--id", ""], "the id is blank"),
        (["send", "alder", "Why?", "--id", " ", "--wait", "1s"], "the id is blank"),
        (["recover", "birch", "--id", ""], "the id is blank"),
    ],
)
def test_an_id_stands_for_one_request(shell: Shell, words: list[str], told: str) -> None:
    assert rehearsed(shell, LATE.replace("times: 1", "times: 9")) == 1
    assert shell.run("send", "alder", "Why?", "--id", "sent").exit == 0
    assert shell.run("recover", "birch", "--id", "recovered").exit == 1
    before = calls(shell)
    done = shell.run(*words)
    assert (done.exit, done.err.splitlines()[0]) == (2, f"error: {told}")
    assert calls(shell) == before


def test_an_id_that_holds_the_key_is_refused(shell: Shell) -> None:
    assert rehearsed(shell, LATE) == 1
    assert shell.run("recover", "birch", "--id", CANARY, SAKANA_API_KEY=CANARY).exit == 4


def test_one_of_several_recoveries_at_once_asks_and_the_others_end(shell: Shell) -> None:
    assert rehearsed(shell, LATE) == 1
    assert exits_of(shell, *[("recover", "birch")] * 3) == [0, 2, 2]
    assert calls(shell)["rank", "birch"] == 2
    assert verified(shell)


def test_messages_that_are_sent_while_a_run_is_resumed_are_answered_once(shell: Shell) -> None:
    with started(shell, "council.yml", "--rehearse", shell.write("script.yml", SLOW_VERDICT), "--run-id", "r") as run:
        wait_for_call(shell, "verdict", "oak")
        run.kill()
    with started(shell, "resume", "--resend-unknown", "-q") as resumed:
        wait_for_call(shell, "verdict", "oak", attempt=2)
        assert exits_of(shell, ("send", "alder", "Why?"), ("send", "all", "How?")) == [0, 0]
        assert resumed.wait(timeout=DEADLINE_S) == 0
    sent = calls(shell)
    assert {key: times for key, times in sent.items() if times > 1} == {("verdict", "oak"): 2}
    assert len(events(shell, "message_accepted")) == 2
    assert verified(shell)


# blocked, replaced, answering


def test_a_blocked_servant_is_left_out_of_a_message(shell: Shell) -> None:
    assert rehearsed(shell, LATE) == 1
    told = shell.run("send", "role:critic", "Why?", *AS_JSON).json("send")
    assert told["messageState"] == "partial"
    assert [(reply["slot"], reply["state"]) for reply in told["replies"]] == [
        ("alder", "completed"),
        ("birch", "skipped"),
    ]
    assert ("send.1", "birch") not in calls(shell)


def test_a_servant_that_is_answering_is_replaced_once_it_has_answered(shell: Shell) -> None:
    with started(shell, "council.yml", "--rehearse", shell.write("script.yml", SLOW_VERDICT), "--run-id", "r") as run:
        wait_for_call(shell, "verdict", "oak")
        assert shell.run("recover", "oak", "--replace").exit == 0
        assert run.wait(timeout=DEADLINE_S) == 0
    answered = [event["seq"] for event in events(shell, "reply_received") if event["slot"] == "oak"]
    assert [event["seq"] > answered[0] for event in events(shell, "servant_replaced")] == [True]
    assert verified(shell)


# crashes


@pytest.mark.parametrize(("message_id", "slot"), [("startup", "birch"), ("verdict", "oak")])
def test_a_killed_run_makes_only_the_calls_again_that_a_person_says(shell: Shell, message_id: str, slot: str) -> None:
    stuck = {"startup": [Answer("Ready."), Answer(delay_s=DEADLINE_S)], "verdict": [Answer(delay_s=DEADLINE_S)]}
    with FakeApi(key=CANARY) as api:
        api.answer("fugu" if message_id == "startup" else "fugu-ultra", *stuck[message_id])
        where = {"OVERLORD_BASE_URL": api.base_url, "SAKANA_API_KEY": CANARY}
        with started(shell, "council.yml", "--run-id", "r", "--concurrency", "1", "-q", **where) as run:
            wait_for_call(shell, message_id, slot)
            run.kill()
        asked, before = api.chats, contents(run_dir(shell))
        undecided = shell.run("resume", SAKANA_API_KEY=CANARY)
        assert (undecided.exit, f"'{message_id} to {slot}'" in undecided.err) == (10, True)
        assert shell.run("send", "all", "Why?", SAKANA_API_KEY=CANARY).exit == 7
        assert (api.chats, contents(run_dir(shell))) == (asked, before)
        assert shell.run("resume", "--resend-unknown", "-q", SAKANA_API_KEY=CANARY).exit == 0
    assert calls(shell) == Counter(
        {
            ("startup", "alder"): 1,
            ("startup", "birch"): 1,
            ("rank", "alder"): 1,
            ("rank", "birch"): 1,
            ("verdict", "oak"): 1,
        }
    ) + Counter({(message_id, slot): 1})
    assert verified(shell)


def test_a_killed_send_is_carried_on_by_a_resume(shell: Shell) -> None:
    assert rehearsed(shell, STUCK_ONCE) == 0
    with started(shell, "send", "alder", "Why?", "--id", "k") as sending:
        wait_for_call(shell, "send.1", "alder")
        sending.kill()
    assert shell.run("status", "--exit-code").exit == 10
    assert shell.run("send", "birch", "How?").exit == 7
    assert shell.run("resume").exit == 10
    assert shell.run("resume", "--resend-unknown", "-q").exit == 0
    told = shell.run("send", "alder", "Why?", "--id", "k", *AS_JSON).json("send")
    assert (told["wasKnown"], [reply["text"] for reply in told["replies"]]) == (True, ["Late."])
    assert calls(shell)["send.1", "alder"] == 2
    assert verified(shell)


def test_a_message_that_a_stop_left_open_is_waited_for_by_nobody_until_the_run_is_resumed(shell: Shell) -> None:
    dies = 'overlord: 1\nanswers: {alder: {startup: Ready., rank: None., "*": {fault: die, times: 1, text: Late.}}}\n'
    assert rehearsed(shell, dies) == 0
    assert shell.run("send", "alder", "Why?", "--id", "k").exit not in range(3)
    assert shell.run("stop").exit == 0
    before = len(log_of(shell))
    again = shell.run("send", "alder", "Why?", "--id", "k", *AS_JSON)
    assert (again.exit, again.json("error")["error"]["code"]) == (7, "interrupted")
    assert len(log_of(shell)) == before
    assert shell.run("resume", "--resend-unknown", "-q").exit == 0
    told = shell.run("send", "alder", "Why?", "--id", "k", *AS_JSON).json("send")
    assert (told["wasKnown"], [reply["text"] for reply in told["replies"]]) == (True, ["Late."])


# files that somebody changed


def test_a_sender_whose_request_somebody_deletes_ends(shell: Shell) -> None:
    script = shell.write("script.yml", STUCK_AT_STARTUP)
    with started(shell, "council.yml", "--rehearse", script, "--run-id", "r") as run:
        wait_for_call(shell, "startup", "alder")
        with started(shell, "send", "alder", "Why?") as sending:  # it waits for the startup's end
            wait_until(lambda: list((run_dir(shell) / "inbox").glob("*.json")))
            shutil.rmtree(run_dir(shell) / "inbox")
            assert sending.wait(timeout=DEADLINE_S) == 2
        assert run.poll() is None
    assert events(shell, "message_accepted") == []


@pytest.mark.parametrize(
    "content",
    [
        b"garbage",
        b'{"v":1',
        b'{"v":1,"kind":"send","request_id":"x","target":"nobody","text":"Hello?"}',
        b'{"v":1,"kind":"recover","request_id":"x","slot":"nobody","replace":true}',
        b'{"v":1,"kind":"recover","request_id":"x","slot":"alder","replace":false}',
    ],
)
def test_what_somebody_puts_into_the_inbox_changes_nothing(shell: Shell, content: bytes) -> None:
    assert rehearsed(shell) == 0
    inbox = run_dir(shell) / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "00000000000000000001-0123456789abcdef.json").write_bytes(content)
    assert shell.run("send", "alder", "Why?").exit == 0
    assert [event["text"] for event in events(shell, "message_accepted")] == ["Why?"]
    assert list(inbox.glob("*.json")) == []
    assert verified(shell)


def test_a_plan_that_was_edited_is_refused_and_a_registry_that_was_deleted_is_made_again(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    plan, before = run_dir(shell) / "plan.json", log_of(shell)
    whole = plan.read_bytes()
    plan.write_bytes(whole.replace(b"You decide.", b"You decode."))
    for words in (["send", "oak", "Why?"], ["resume"], ["recover", "oak", "--replace"]):
        assert shell.run(*words).exit == 74
    assert log_of(shell) == before
    plan.write_bytes(whole)
    (run_dir(shell) / "run.json").unlink()
    assert shell.run("verify").exit == 1
    assert shell.run("send", "oak", "Why?").exit == 0
    assert verified(shell)


def test_two_worktrees_with_runs_of_one_id_do_not_meet(tmp_path: Path) -> None:
    here, there = council_in(tmp_path / "here"), council_in(tmp_path / "there")
    assert (rehearsed(here), rehearsed(there)) == (0, 0)
    before = contents(run_dir(there))
    assert here.run("send", "all", "Why?").exit == 0
    assert contents(run_dir(there)) == before
    assert [run["runId"] for run in there.run("list", *AS_JSON).json("list")["runs"]] == ["r"]


def test_the_next_command_holds_also_where_paths_have_blanks(tmp_path: Path) -> None:
    shell = council_in(tmp_path / "a council's folder")
    assert rehearsed(shell, PLAIN, "--state-dir", "its runs") == 0
    told = shell.run("send", "alder", "Why?", "--state-dir", "its runs", *AS_JSON).json("send")
    program, *words = shlex.split(told["next"])
    assert program == "overlord-run"
    assert "Why?" in shell.run(*words).out


# an ACK is a lease


def test_an_old_ack_is_no_proof_and_a_check_renews_it(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("roles:", "engine: {lease: 1h}\nroles:", 1))
    assert rehearsed(shell) == 0
    make_old(shell)
    log = (run_dir(shell) / "events.jsonl").read_bytes()
    told = shell.run("status", *AS_JSON).json("status")
    failing = [[proof["name"] for proof in one["proofs"] if not proof["holds"]] for one in told["servants"]]
    assert ([one["isReady"] for one in told["servants"]], failing) == ([False] * 3, [["signal"]] * 3)
    assert (run_dir(shell) / "events.jsonl").read_bytes() == log
    told = shell.run("status", "--check", *AS_JSON).json("status")
    assert [one["isReady"] for one in told["servants"]] == [True] * 3
    assert [one["lastAckAt"][:4] for one in told["servants"][:2]] == ["2020", "2020"]
    assert verified(shell)


def make_old(shell: Shell) -> None:
    """Tell the run `r` again as one of the year 2020."""
    created, owner, *bodies = [event.body for event in read(run_dir(shell) / "events.jsonl")]
    plan = json.loads((run_dir(shell) / "plan.json").read_bytes())
    shutil.rmtree(run_dir(shell))

    async def tell() -> None:
        folder = RunFolder.create(shell.folder / ".overlord", "r")
        recorder = await Recorder.create(folder, plan, created, owner, clock=lambda: LONG_AGO, listen=lambda *_: None)
        for body in bodies:
            await recorder.record(body)
        await recorder.aclose()

    asyncio.run(tell())

"""A run asks a person, and goes on or ends by what is said, from any process."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import Shell
from canary import CANARY
from fake_api import FakeApi
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.recorder import Recorder

AS_JSON = ("--format", "json")
DEADLINE_S = 60.0
NOW = "2026-11-22T10:00:00.000Z"
COUNCIL = """\
overlord: 1
name: council
roles:
  critic: {system: You criticise.}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
redirects:
  - {id: draft, to: alder, message: Write it.}
  - {id: ask, pause: "Shall this go out? {{ replies.draft.alder }}"}
  - {id: last, to: birch, needs: [ask], message: "{{ approvals.ask.note }}"}
outputs:
  draft: {value: replies.draft.alder.text, file: draft.md}
  last: {value: replies.last.birch.text}
"""
SCRIPT = "overlord: 1\nanswers: {alder: {draft: Ship it.}, birch: {last: {text: Shipped., contains: Read.}}}\n"
BESIDE = COUNCIL.replace("redirects:\n", "redirects:\n  - {id: slow, to: birch, message: S., after: []}\n").replace(
    "message: Write it.}", "message: Write it., after: []}"
)
SLOW = SCRIPT.replace("birch: {", "birch: {slow: {slow: 6s}, ")
IN_ROUNDS = """\
  - id: rounds
    after: [draft]
    redirects: [{id: each, check: true}, {id: more, pause: And more?, when: round == 2}]
    repeat: {max: 2}
"""
TWO = COUNCIL.replace("outputs:\n", f"{IN_ROUNDS}outputs:\n")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def asked(shell: Shell, playbook: str = COUNCIL, script: str = SCRIPT, *words: str) -> int:
    """Rehearse a playbook under the id `r` until it asks, and return the exit code."""
    shell.write("council.yml", playbook)
    shell.write("script.yml", script)
    return shell.run("council.yml", "--rehearse", "script.yml", "--run-id", "r", "-q", *words).exit


def run_folder(shell: Shell) -> RunFolder:
    return RunFolder(shell.folder / ".overlord" / "runs" / "r")


def events(shell: Shell, kind: str) -> list[dict[str, Any]]:
    whole = run_folder(shell).log_path.read_bytes().rpartition(b"\n")[0]
    return [event for event in map(json.loads, whole.splitlines()) if event["type"] == kind]


def purposes(shell: Shell) -> list[str]:
    return [event["purpose"] for event in events(shell, "owner_changed")]


def answers(shell: Shell) -> list[tuple[str, bool, str]]:
    return [(event["messageId"], event["approved"], event["note"]) for event in events(shell, "pause_answered")]


def verified(shell: Shell) -> bool:
    return shell.run("verify", "--run", "r").exit == 0


def test_a_run_that_waits_is_told_so_everywhere_and_an_approval_carries_it_on(shell: Shell) -> None:
    assert asked(shell) == 6
    question = [{"id": "ask", "text": "Shall this go out? Ship it."}]
    status = shell.run("status", "--exit-code", *AS_JSON)
    told = status.json("status")
    assert (status.exit, told["state"], told["questions"]) == (6, "awaiting-human", question)
    assert told["next"] == "overlord-run approve ask --run r"
    assert shell.run("list", *AS_JSON).json("list")["runs"][0]["state"] == "awaiting-human"
    waited = shell.run("wait", "--for", "message:last", *AS_JSON)
    assert (waited.exit, waited.json("wait")["exit"]) == (6, 6)
    assert shell.run("send", "alder", "Why?", *AS_JSON).json("send")["state"] == "awaiting-human"
    assert shell.run("stop", *AS_JSON).json("stop")["state"] == "stopped"
    done = shell.run("approve", "--note", "Read.", "--outputs", "out", *AS_JSON)
    assert (done.exit, done.json("done")["outputs"]) == (0, {"draft": "Ship it.", "last": "Shipped."})
    assert (shell.folder / "out" / "draft.md").read_text("utf-8") == "Ship it."
    assert (purposes(shell), answers(shell)) == (["run", "send", "stop", "approve"], [("ask", True, "Read.")])
    assert verified(shell)


def test_a_rejection_ends_a_run_and_tells_who_said_no(shell: Shell) -> None:
    assert asked(shell) == 6
    done = shell.run("reject", "--note", "Not yet.", LOGNAME="ada")
    assert (done.exit, done.out) == (8, "Ship it.\n")
    assert done.err.splitlines()[:3] == [
        "[rehearsal] Loading the run registry of r",
        "[rehearsal] ask: rejected by ada: Not yet.",
        "[rehearsal] last: skipped: 'ask' was not approved: rejected by ada: Not yet.",
    ]
    assert "Failed:\n  ask: rejected by ada: Not yet.\n" in done.err
    assert shell.run("wait").exit == 8
    for words in (["resume"], ["reject", "ask"]):  # neither asks or records anything
        before = run_folder(shell).log_path.read_bytes()
        assert shell.run(*words, "-q").exit == 8
        assert run_folder(shell).log_path.read_bytes() == before
    assert shell.run("send", "alder", "Why?", *AS_JSON).json("send")["state"] == "rejected"
    assert verified(shell)


def test_a_rejection_needs_no_key_and_asks_the_api_nothing(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL)
    with FakeApi(key=CANARY) as api:
        words = ("council.yml", "--run-id", "r", "-q")
        assert shell.run(*words, OVERLORD_BASE_URL=api.base_url, SAKANA_API_KEY=CANARY).exit == 6
        refused = shell.run("approve", "ask")
        assert (refused.exit, answers(shell)) == (4, [])
        assert shell.run("status").out.splitlines()[-1] == "Next: overlord-run approve ask --run r"
        before = list(api.requests)
        leaked = shell.run("reject", "--note", f"see {CANARY}", SAKANA_API_KEY=CANARY)
        assert (leaked.exit, answers(shell)) == (4, [])
        assert shell.run("reject").exit == 8
        assert api.requests == before
    assert verified(shell)


def test_one_of_two_questions_is_answered_and_the_other_waits(shell: Shell) -> None:
    assert asked(shell, TWO) == 6
    which = shell.run("approve")
    told = "error: several questions wait: 'ask', 'more.2'\nnext: Name one, such as: ask\n"
    assert (which.exit, which.err) == (2, told)
    at_a_tab = {"_OVERLORD_RUN_COMPLETE": "bash_complete", "COMP_WORDS": "overlord-run approve ", "COMP_CWORD": "2"}
    assert shell.run(**at_a_tab).out == "plain,ask\nplain,more.2\n"
    one = shell.run("approve", "ask", "--note", "Read.", *AS_JSON)
    assert (one.exit, one.json("done")["questions"]) == (6, [{"id": "more.2", "text": "And more?"}])
    assert shell.run("approve", "-q").exit == 0
    assert [pause for pause, _, _ in answers(shell)] == ["ask", "more.2"]


def test_a_playbook_that_says_something_else_now_is_not_carried_on_unless_a_person_wants_it(shell: Shell) -> None:
    assert asked(shell) == 6
    shell.write("council.yml", COUNCIL.replace("Write it.", "Write it anew."))
    changed = shell.run("approve", *AS_JSON)
    assert (changed.exit, changed.json("error")["error"]["code"], answers(shell)) == (11, "changed", [])
    assert shell.run("approve", "--ignore-changes", "--note", "Read.", "-q").exit == 0


# processes at once


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Return how a command ended, and what it said on standard error."""
    _, said = process.communicate(timeout=DEADLINE_S)
    return process.returncode, said


def wait_until(has_come: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not has_come():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answered_while_owned(shell: Shell, words: tuple[str, ...], *bodies: ev.Body) -> tuple[int, str]:
    """Own the run for something else while an answer comes in, record these events, let go, and say how it ended."""

    async def own() -> "subprocess.Popen[str]":
        owner, folder = ev.OwnerChanged(1, {}, "send"), run_folder(shell)
        recorder = await Recorder.open(folder, owner, clock=lambda: NOW, listen=lambda _event, _state: None)
        process = shell.start(*words)
        await asyncio.to_thread(wait_until, lambda: list(folder.inbox_dir.glob("*.json")))
        if bodies:
            await recorder.record(*bodies)
        await recorder.aclose()
        return process

    return ended(asyncio.run(own()))


def test_the_process_that_carries_a_run_on_takes_an_answer_while_it_asks_others(shell: Shell) -> None:
    assert asked(shell, BESIDE, SLOW, "--detach") == 0
    wait_until(lambda: run_folder(shell).log_path.exists() and events(shell, "pause_reached"))
    assert shell.run("status", *AS_JSON).json("status")["questions"] != []
    done = shell.run("approve", "ask", "--note", "Read.", *AS_JSON)
    assert (done.exit, done.json("done")["state"]) == (0, "completed")
    assert purposes(shell) == ["run"]
    order = [event["seq"] for kind in ("pause_answered", "run_finished") for event in events(shell, kind)]
    slow = [event["seq"] for event in events(shell, "reply_received") if event["messageId"] == "slow"]
    assert [order[0], *slow, order[1]] == sorted([*order, *slow])
    assert verified(shell)


def test_an_owner_that_goes_before_it_takes_an_answer_leaves_it_to_who_answers(shell: Shell) -> None:
    assert asked(shell) == 6
    assert answered_while_owned(shell, ("approve", "ask", "--note", "Read.", "-q")) == (0, "")
    assert (purposes(shell), answers(shell)) == (["run", "send", "approve"], [("ask", True, "Read.")])
    assert list(run_folder(shell).inbox_dir.glob("*.json")) == []


def test_an_answer_that_comes_behind_another_one_is_told_of_it(shell: Shell) -> None:
    assert asked(shell) == 6
    no = ev.PauseAnswered("ask", approved=False, by="eve", note="", request_id="theirs")
    code, said = answered_while_owned(shell, ("approve", "ask"), no, ev.RunFinished("rejected", "no", {}, {}))
    assert (code, said.splitlines()[-2:]) == (
        2,
        ["error: 'ask' was rejected already by eve", "next: overlord-run status shows how the run stands"],
    )
    assert answers(shell) == [("ask", False, "")]


def test_of_two_answers_at_once_one_counts_and_the_other_is_told(shell: Shell) -> None:
    assert asked(shell) == 6
    processes = [shell.start(word, "ask", "--note", "Read.", "-q") for word in ("approve", "reject")]
    assert sorted(ended(process)[0] for process in processes) in ([0, 2], [2, 8])
    assert len(answers(shell)) == 1
    # Whoever gets the lock behind the other finds nothing left to do, and says again how it ended.
    assert {event["state"] for event in events(shell, "run_finished")} in ({"completed"}, {"rejected"})
    assert verified(shell)


@pytest.mark.parametrize(
    ("pause", "first"),
    [
        ("{id: ask, after: [], pause: Go?}", "ask"),
        ("{id: block, redirects: [{id: draw, to: alder, message: Draw it.}, {id: ask, pause: Go?}]}", "block"),
    ],
)
def test_what_waits_for_a_person_is_not_left_out_by_a_later_beginning(shell: Shell, pause: str, first: str) -> None:
    last = "  - {id: last, to: all, message: Ship it.}\n"
    council = f"{COUNCIL[: COUNCIL.index('redirects:')]}redirects:\n  - {pause}\n{last}"
    assert asked(shell, council, "overlord: 1\nanswers: {}\n") == 6
    done = shell.run("resume", "--from", "last", "-q")
    assert done.exit == 2
    assert done.err.splitlines() == [
        "error: the pause 'ask' stands before 'last' and has not passed; it is not left out",
        f"next: Go on with --from {first}, or with a redirect before it.",
    ]
    assert [event["messageId"] for event in events(shell, "redirect_skipped")] == []

"""Own a run from another process: send, resume, recover, wait, stop, and what proves that servants are ready."""

import json
import subprocess
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, PROGRAM, Shell
from canary import leaks_under
from fake_api import Answer, FakeApi

AS_JSON = ("--format", "json")
KEY = "sk-canary-7f3a9c0b12de"
SLOW = 'overlord: 1\nanswers: {"*": {"*": {slow: 2s}}}\n'
DIES = "overlord: 1\nanswers: {oak: {verdict: {fault: die, times: 1, text: Ship it.}}}\n"
LATE = 'overlord: 1\nanswers: {birch: {rank: {fault: timeout, times: 1, text: "1. The disk."}}}\n'
FAILS_TO_START = "overlord: 1\nanswers: {birch: {startup: {fault: timeout, times: 1, text: It burns.}}}\n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    made.write("council.yml", COUNCIL)
    return made


def rehearsed(shell: Shell, script: str = "overlord: 1\nanswers: {}\n", *words: str) -> int:
    """Rehearse the council under the id `r` and return the exit code."""
    return shell.run("council.yml", "--rehearse", shell.write("script.yml", script), "--run-id", "r", *words, "-q").exit


def events(shell: Shell, kind: str) -> list[dict[str, object]]:
    """Return the events of one type of the run `r`."""
    log = (shell.folder / ".overlord" / "runs" / "r" / "events.jsonl").read_text("ascii")
    return [event for event in map(json.loads, log.splitlines()) if event["type"] == kind]


def verified(shell: Shell) -> bool:
    return shell.run("verify", "--run", "r").exit == 0


# send


@pytest.mark.parametrize(("target", "slots"), [("alder", ["alder"]), ("role:critic", ["alder", "birch"]), ("all", 3)])
def test_a_message_goes_to_a_slot_a_role_or_all_of_a_run_that_has_ended(
    shell: Shell, target: str, slots: list[str] | int
) -> None:
    assert rehearsed(shell) == 0
    told = shell.run("send", target, "Why?", *AS_JSON).json("send")
    asked = [reply["slot"] for reply in told["replies"]]
    assert asked == (["alder", "birch", "oak"] if slots == 3 else slots)
    assert (told["messageId"], told["messageState"], told["state"]) == ("send.1", "completed", "completed")
    assert verified(shell)


def test_every_byte_of_a_message_is_kept_and_none_of_it_is_a_template(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    odd = "\ufeff{{ inputs.plan }}\r\n{% raw %}\tGröße\r\n"
    (shell.folder / "odd.txt").write_bytes(odd.encode())
    assert shell.run("send", "alder", "--message-file", "odd.txt").exit == 0
    assert shell.run("send", "alder", "-", stdin=odd).exit == 0
    assert [event["text"] for event in events(shell, "message_accepted")] == [odd, odd]
    assert [event["text"] for event in events(shell, "message_queued")][-2:] == [odd, odd]


def test_the_same_id_and_text_is_sent_once_and_with_another_text_refused(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    first = shell.run("send", "alder", "Why?", "--id", "k", *AS_JSON).json("send")
    again = shell.run("send", "alder", "Why?", "--id", "k", *AS_JSON).json("send")
    assert (first["wasKnown"], again["wasKnown"]) == (False, True)
    assert first["replies"] == again["replies"]
    assert len(events(shell, "message_accepted")) == 1
    refused = shell.run("send", "alder", "How?", "--id", "k")
    assert (refused.exit, refused.err.splitlines()[0]) == (2, "error: the id 'k' was used for another message")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["adler", "Why?"], "nobody in this run is called 'adler'"),
        (["role:judges", "Why?"], "nobody in this run is called 'role:judges'"),
        (["alder", "  \n"], "the message is blank"),
        (["alder"], "no message is given"),
        (["alder", "Why?", "--message-file", "x"], "a message and --message-file cannot both be given"),
    ],
)
def test_what_cannot_be_sent_is_refused(shell: Shell, words: list[str], told: str) -> None:
    assert rehearsed(shell) == 0
    done = shell.run("send", *words)
    assert (done.exit, done.err.splitlines()[0]) == (2, f"error: {told}")
    assert events(shell, "message_accepted") == []


def test_a_message_with_the_key_is_refused_before_any_of_it_is_kept(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    done = shell.run("send", "alder", f"Use {KEY}.", SAKANA_API_KEY=KEY)
    assert (done.exit, "stands in the message" in done.err) == (4, True)
    assert leaks_under(shell.folder) == []


def test_a_live_run_takes_a_message_through_its_inbox(shell: Shell) -> None:
    script = shell.write("script.yml", SLOW)
    shell.run("council.yml", "--rehearse", script, "--run-id", "r", "--detach", "-q")
    told = shell.run("send", "alder", "Why?", *AS_JSON).json("send")
    assert told["messageState"] == "completed"
    assert shell.run("wait", *AS_JSON).json("wait")["state"] == "completed"
    assert {event["purpose"] for event in events(shell, "owner_changed")} == {"run"}
    assert verified(shell)


# resume


def test_a_call_of_unknown_outcome_stops_a_resume_until_a_person_decides(shell: Shell) -> None:
    assert rehearsed(shell, DIES) != 0
    before = events(shell, "request_sent")
    undecided = shell.run("resume")
    assert undecided.exit == 10
    assert "'verdict to oak'" in undecided.err
    assert events(shell, "request_sent") == before
    assert shell.run("status", "--exit-code").exit == 10
    assert shell.run("resume", "--resend-unknown", "-q").out == "Ship it.\n"
    sent = [(event["messageId"], event["slot"]) for event in events(shell, "request_sent")]
    assert sorted(sent[: len(before)]) == sorted((event["messageId"], event["slot"]) for event in before)
    assert sent[len(before) :] == [("verdict", "oak")]
    assert verified(shell)


def test_a_skipped_call_counts_as_failed_and_its_servant_can_be_recovered(shell: Shell) -> None:
    rehearsed(shell, DIES)
    assert shell.run("resume", "--skip-unknown", "-q").exit == 1
    assert shell.run("recover", "oak", "-q").out == "Ship it.\n"
    assert shell.run("list", *AS_JSON).json("list")["runs"][0]["state"] == "completed"
    assert verified(shell)


def test_what_a_blocked_servant_needs_comes_next_after_a_message_to_another_one(shell: Shell) -> None:
    assert rehearsed(shell, LATE) == 1
    assert shell.run("send", "alder", "Why?", *AS_JSON).json("send")["next"] == "overlord-run recover birch --run r"


def test_a_run_that_is_done_is_told_again_and_nothing_is_sent(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    before = (shell.folder / ".overlord/runs/r/events.jsonl").read_bytes()
    assert shell.run("resume", "-q").exit == 0
    assert rehearsed(shell) == 0
    assert (shell.folder / ".overlord/runs/r/events.jsonl").read_bytes() == before


def test_a_playbook_that_says_something_else_now_is_refused_and_a_comment_is_not(shell: Shell) -> None:
    rehearsed(shell, DIES)
    shell.write("council.yml", COUNCIL.replace("You decide.", "You decide with care."))
    done = shell.run("resume", "--resend-unknown")
    assert (done.exit, "servants[2].system" in done.err) == (11, True)
    shell.write("council.yml", "# A comment.\n" + COUNCIL)
    assert shell.run("resume", "--resend-unknown", "-q").exit == 0


def test_changes_are_ignored_on_a_persons_word_even_where_the_playbook_is_gone(shell: Shell) -> None:
    rehearsed(shell, DIES)
    (shell.folder / "council.yml").unlink()
    assert shell.run("resume", "--resend-unknown").exit == 11
    assert shell.run("resume", "--resend-unknown", "--ignore-changes", "-q").exit == 0


def test_a_failed_startup_is_resumed_for_the_servants_that_are_missing(shell: Shell) -> None:
    assert rehearsed(shell, FAILS_TO_START) == 1
    assert shell.run("resume", "-q").exit == 0
    asked = [event["slot"] for event in events(shell, "request_sent") if event["messageId"] == "startup"]
    assert (asked.count("alder"), asked.count("birch")) == (1, 2)
    assert verified(shell)


def test_a_run_goes_only_forward(shell: Shell) -> None:
    rehearsed(shell, DIES)
    assert shell.run("resume", "--skip-unknown", "--from", "rank").exit == 2
    assert "did you mean 'verdict'?" in shell.run("resume", "--skip-unknown", "--from", "verdit").err.lower()


def test_a_run_that_is_done_refuses_a_redirect_that_it_never_had(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    assert shell.run("resume", "--from", "rank", "-q").exit == 0
    done = shell.run("resume", "--from", "verdit", "-q")
    assert (done.exit, done.err.splitlines()[0]) == (2, "error: the plan has no redirect 'verdit'")


def test_what_a_crash_had_torn_is_moved_aside(shell: Shell) -> None:
    rehearsed(shell, DIES)
    log = shell.folder / ".overlord/runs/r/events.jsonl"
    line = log.read_bytes().count(b"\n") + 1
    log.write_bytes(log.read_bytes() + b'{"v":1,"seq":')
    assert shell.run("resume", "--resend-unknown", "-q").exit == 0
    assert (log.parent / f"torn-{line}.jsonl").read_bytes() == b'{"v":1,"seq":'
    assert verified(shell)


def test_another_plan_under_the_same_id_is_refused(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    assert rehearsed(shell, "overlord: 1\nanswers: {}\n", "-i", "plan=Ship today.") == 11


def test_a_run_over_http_that_was_stopped_is_carried_on_with_the_key_of_today(shell: Shell) -> None:
    with FakeApi(key=KEY) as api:
        where = {"OVERLORD_BASE_URL": api.base_url, "SAKANA_API_KEY": KEY}
        api.answer("fugu-ultra", Answer("Ship it."))
        assert shell.run("council.yml", "--run-id", "r", "-q", **where).exit == 0

        def paid() -> int:
            return sum(request.method == "POST" for request in api.requests)

        asked = paid()
        told = shell.run("send", "oak", "Why?", *AS_JSON, SAKANA_API_KEY=KEY).json("send")
        assert told["messageState"] == "completed"
        assert paid() == asked + 1
        refused = shell.run("status", "--check", SAKANA_API_KEY="sk-another-0123456789")
        assert refused.exit == 4
        assert shell.run("status", "--check", SAKANA_API_KEY=KEY).exit == 0
        assert paid() == asked + 1
    assert verified(shell)


# recover


def test_a_blocked_servant_is_asked_the_question_that_failed_again(shell: Shell) -> None:
    assert rehearsed(shell, LATE) == 1
    assert shell.run("recover", "birch", "-q").out == "1. The disk.\n"
    assert shell.run("status", "--exit-code").exit == 0
    refused = shell.run("recover", "birch")
    assert (refused.exit, "only a blocked servant is recovered" in refused.err) == (2, True)


def test_a_new_servant_in_a_slot_is_told_what_the_old_one_knew(shell: Shell) -> None:
    assert rehearsed(shell, LATE.replace("times: 1", "times: 9")) == 1
    shell.run("recover", "birch", "--replace", "-q")
    asked = [event for event in events(shell, "message_queued") if event["slot"] == "birch"][-1]
    assert asked["messageId"] == "rank"
    assert str(asked["text"]).startswith("You take over from another servant in this slot, which could not go on:")
    assert str(asked["text"]).endswith("Rank your findings.")
    registry = json.loads((shell.folder / ".overlord/runs/r/run.json").read_bytes())
    both = [servant for servant in registry["servants"] if servant["slot"] == "birch"]
    assert [servant["state"] for servant in both] == ["blocked", "replaced"]
    assert both[0]["scopeToken"] != both[1]["scopeToken"]
    assert verified(shell)


def test_a_council_that_may_recover_by_itself_does(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("roles:", "engine: {recovery: auto}\nroles:", 1))
    assert rehearsed(shell, LATE) == 0
    assert [event["messageId"] for event in events(shell, "servant_recovered")] == ["rank"]


def test_a_startup_that_need_not_be_whole_goes_on_without_the_servant_that_failed(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("roles:", "engine: {startup: {require: any}}\nroles:", 1))
    assert rehearsed(shell, FAILS_TO_START) == 1
    assert shell.run("list", *AS_JSON).json("list")["runs"][0]["state"] == "partial"


# wait, status, stop


def test_a_wait_ends_when_its_time_is_up_and_nothing_is_lost(shell: Shell) -> None:
    script = shell.write("script.yml", SLOW)
    shell.run("council.yml", "--rehearse", script, "--run-id", "r", "--detach", "-q")
    assert shell.run("wait", "--timeout", "0.1s").exit == 9
    assert shell.run("wait", "--for", "ready").exit == 0
    assert shell.run("wait", "--for", "message:verdict").exit == 0
    assert shell.run("wait").exit == 0


def test_waiting_for_a_run_that_a_crash_left_ends_at_once(shell: Shell) -> None:
    rehearsed(shell, DIES)
    assert shell.run("wait").exit == 10
    assert shell.run("send", "alder", "Why?").exit == 7


def test_a_check_is_recorded_and_nothing_else_of_a_status_is(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    log = shell.folder / ".overlord/runs/r/events.jsonl"
    before = log.read_bytes()
    told = shell.run("status", *AS_JSON).json("status")
    assert log.read_bytes() == before
    assert [servant["isReady"] for servant in told["servants"]] == [True, True, True]
    assert shell.run("status", "--check").exit == 0
    assert {event["type"] for event in map(json.loads, log.read_bytes()[len(before) :].splitlines())} == {
        "owner_changed",
        "preflight_passed",
        "lease_checked",
    }


def test_a_stopped_run_is_resumed_and_a_released_one_is_not(shell: Shell) -> None:
    script = shell.write("script.yml", SLOW)
    shell.run("council.yml", "--rehearse", script, "--run-id", "r", "--detach", "-q")
    stopped = shell.run("stop", *AS_JSON).json("stop")
    assert (stopped["state"], stopped["how"]) == ("stopped", "its process was asked to end, and did")
    assert shell.run("resume", "-q").exit == 0
    assert shell.run("stop", "--release", *AS_JSON).json("stop")["isReleased"]
    assert shell.run("send", "alder", "Why?").exit == 11
    assert shell.run("recover", "alder", "--replace").exit == 11
    assert verified(shell)


def test_where_two_runs_are_live_the_choice_is_refused(shell: Shell) -> None:
    script = shell.write("script.yml", "overlord: 1\nanswers: {alder: {startup: {slow: 8s}}}\n")
    for run_id in ("one", "two"):
        shell.run("council.yml", "--rehearse", script, "--run-id", run_id, "--detach", "-q")
    done = shell.run("status")
    assert (done.exit, done.err.splitlines()[0]) == (2, "error: 2 runs are live here: 'one', 'two'")
    assert shell.run("wait", OVERLORD_RUN="one").exit == 0
    assert shell.run("wait", "--run", "two").exit == 0


def test_twenty_messages_at_once_are_each_answered_once(shell: Shell) -> None:
    assert rehearsed(shell) == 0
    sending = [
        subprocess.Popen([*PROGRAM, "send", "alder", f"Number {n}?", "-q"], cwd=shell.folder, env=shell.environ())
        for n in range(20)
    ]
    assert [process.wait(timeout=120) for process in sending] == [0] * 20
    texts = [event["text"] for event in events(shell, "message_accepted")]
    assert sorted(map(str, texts)) == sorted(f"Number {n}?" for n in range(20))
    answered = [
        event["messageId"] for event in events(shell, "reply_received") if str(event["messageId"])[:4] == "send"
    ]
    assert len(answered) == len(set(answered)) == 20
    assert verified(shell)

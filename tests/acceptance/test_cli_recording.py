"""A run is recorded once, with a key, and replayed from then on without one, and never taken for the real thing."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from acceptance.invocation import COUNCIL, Done, Shell
from canary import CANARY
from fake_api import Answer, FakeApi
from overlord_run.playbook.schema import load


@pytest.fixture(scope="module")
def api() -> Iterator[FakeApi]:
    with FakeApi(key=CANARY) as api:
        yield api


@pytest.fixture(scope="module")
def recorded(api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Done]:
    """Return a folder that holds a run of the council that was recorded, and how it ended: one answer was lost."""
    shell = Shell(tmp_path_factory.mktemp("recorded"))
    shell.write("council.yml", COUNCIL)
    api.answer("fugu-ultra", Answer(status=500, body={"error": {"message": f"no {CANARY}"}}))
    api.answer("fugu", Answer(status=429, headers={"retry-after": "0.1"}), *(Answer(f"Flaw {n}.") for n in range(9)))
    words = ("council.yml", "--record", "run.jsonl", "--concurrency", "1", "--base-url", api.base_url)
    return shell, shell.run(*words, SAKANA_API_KEY=CANARY)


@pytest.fixture
def shell(recorded: tuple[Shell, Done], tmp_path: Path) -> Shell:
    for name in ("council.yml", "run.jsonl"):
        shutil.copy(recorded[0].folder / name, tmp_path)
    return Shell(tmp_path)


def lines(shell: Shell, name: str = "run.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shell.folder / name).read_text(encoding="ascii").splitlines()]


def conversation(shell: Shell) -> list[tuple[str, str, str | None, str | None]]:
    told = [json.loads(line) for line in shell.run("ledger", "--format", "json").out.splitlines()]
    return [(one["messageId"], one["slot"], one["responseText"], one["errorText"]) for one in told]


def test_a_recording_holds_every_exchange_by_its_schema_and_is_its_owners_alone(recorded: tuple[Shell, Done]) -> None:
    shell, done = recorded
    found = lines(shell)
    assert done.exit == 1
    assert f"Recorded in: {shell.folder / 'run.jsonl'}" in done.err
    assert [(one["type"], one.get("message"), one.get("attempt")) for one in found] == [
        ("recording", None, None),
        ("models", None, None),
        ("chat", "startup", 1),
        ("chat", "startup", 1),
        ("chat", "startup", 2),
        ("chat", "rank", 1),
        ("chat", "rank", 1),
        ("chat", "verdict", 1),
    ]
    assert [error.message for one in found for error in Draft7Validator(load("recording")).iter_errors(one)] == []
    assert "no [redacted]" in json.dumps(found[-1])
    if sys.platform != "win32":
        assert (shell.folder / "run.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_replay_needs_no_key_and_comes_to_the_same(recorded: tuple[Shell, Done], shell: Shell) -> None:
    before = conversation(recorded[0])
    done = shell.run("council.yml", "--replay", "run.jsonl", "--debug")
    assert done.exit == recorded[1].exit == 1
    assert conversation(shell) == before
    told = [line for line in done.err.splitlines() if line.startswith("[")]
    assert all(line.startswith("[replay] ") for line in told)
    assert "[replay] Checking /models in the recording for fugu and fugu-ultra" in told
    assert any("the API asks for fewer requests (429); attempt 2 in 0 ms" in line for line in told)
    assert "Exit 1: the run ended, and something failed (a replay: no model was asked)" in done.err
    assert f"Replayed from: {shell.folder / 'run.jsonl'}" in done.err
    registry = next((shell.folder / ".overlord" / "runs").glob("*/run.json"))
    assert json.loads(registry.read_text(encoding="utf-8"))["engine"] == "recording"
    assert "answered from a recording, no model was asked; no process owns it" in shell.run("status").out
    assert "3 servants, a recording answers" in shell.run("events").out


def test_a_prompt_that_has_changed_is_told_with_the_nearest_that_was_recorded(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("Rank your findings.", "Rank your two worst findings."))
    done = shell.run("council.yml", "--replay", "run.jsonl", "-q")
    assert done.exit == 1
    assert (
        "  rank: alder failed: the recording does not hold this request; nearest is line 6, 'rank' to 'alder', where "
        "messages[3].content differs: recorded is 'Rank your findings.', asked 'Rank your two worst findings.'\n"
    ) in done.err


def test_a_replayed_run_is_gone_on_with_from_the_same_recording(shell: Shell) -> None:
    shell.run("council.yml", "--replay", "run.jsonl", "--run-id", "one")
    again = shell.run("council.yml", "--replay", "run.jsonl", "--run-id", "one", "--format", "json").json("done")
    assert (again["state"], again["engine"], again["exit"]) == ("partial", "recording", 1)
    sent = shell.run("send", "alder", "Anything else?", "--run", "one")
    assert sent.exit == 1
    assert "[replay] send.1 to alder: failed" in sent.err
    assert "the recording does not hold this request; nearest is line " in sent.err
    assert shell.run("status", "--check").exit == 0
    other = shell.run("council.yml", "--rehearse", "--run-id", "one")
    assert other.exit == 11
    assert other.err == (
        "error: the run one is answered by a recording, not by the rehearsal\n"
        "next: give this one another --run-id, or resume that one as it was: overlord-run resume\n"
    )
    with (shell.folder / "run.jsonl").open("ab") as file:
        file.write(b"\n")
    changed = shell.run("send", "birch", "And you?")
    assert changed.exit == 11
    assert changed.err == (
        f"error: the recording {shell.folder / 'run.jsonl'}, which answers here, has changed since the run began\n"
        "next: put it back as it was, or start a new run\n"
    )


def test_a_process_of_its_own_is_handed_the_recording(shell: Shell) -> None:
    done = shell.run("council.yml", "--replay", "run.jsonl", "--wait", "60s", "-q")
    assert done.exit == 1
    assert "(a replay: no model was asked)" in done.err


def test_a_recording_is_gone_on_with_by_whoever_takes_the_run_up(shell: Shell) -> None:
    script = shell.write("die.yml", "overlord: 1\nanswers: {oak: {verdict: {fault: die, times: 1}}}\n")
    shell.run("council.yml", "--rehearse", script, "--record", "new.jsonl", "-q", "--run-id", "one")
    torn = shell.folder / "new.jsonl"
    torn.write_bytes(torn.read_bytes() + b'{"type":"chat","at"')
    assert shell.run("council.yml", "--replay", "new.jsonl").err.startswith("new.jsonl:7:1: error: the line is torn: ")
    resumed = shell.run("resume", "--resend-unknown", "-q")
    assert resumed.exit == 0
    assert [line.get("message") for line in lines(shell, "new.jsonl")] == [
        *(None, None, "startup", "startup", "rank", "rank"),
        *(None, "verdict"),
    ]
    shutil.move(shell.folder / "run.jsonl", torn)
    refused = shell.run("send", "alder", "Anything else?")
    assert (refused.exit, refused.err) == (
        11,
        f"error: {torn} is not the recording that this run made\nnext: put that one back, or move this file away\n",
    )
    torn.unlink()
    assert shell.run("send", "alder", "Anything else?").exit == 0
    assert [line.get("message") for line in lines(shell, "new.jsonl")] == [None, None, "send.1"]

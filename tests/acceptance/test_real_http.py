"""Whole runs against a chat API on loopback: what is sent, what is on record, and that the key is nowhere."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from acceptance.invocation import COUNCIL, Done, Shell
from canary import CANARY
from fake_api import Answer, FakeApi
from overlord_run.playbook.schema import load


def run(folder: Path, api: FakeApi, *words: str, playbook: str = COUNCIL, key: str = CANARY) -> Done:
    """Run a playbook against the API."""
    shell = Shell(folder)
    shell.write("council.yml", playbook)
    return shell.run("council.yml", *words, OVERLORD_BASE_URL=api.base_url, SAKANA_API_KEY=key)


def run_folder(folder: Path) -> Path:
    return next((folder / ".overlord" / "runs").iterdir())


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run_folder(folder) / name).read_text(encoding="utf-8").splitlines()]


def test_a_council_asks_each_servant_its_whole_conversation_and_nothing_else(tmp_path: Path) -> None:
    with FakeApi(key=CANARY) as api:
        done = run(tmp_path, api)
    assert (done.exit, done.out) == (0, "Answer 1 of fugu-ultra.\n")
    listing, *chats = api.requests
    assert (listing.method, listing.path) == ("GET", "/v1/models")
    assert [sorted(chat.body) for chat in chats] == [["messages", "model"]] * 5
    roles = [[turn["role"] for turn in chat.body["messages"]] for chat in chats]
    asked, answered = ["system", "user"], ["system", "user", "assistant", "user"]
    assert roles == [asked, asked, answered, answered, asked]
    assert {request.headers["authorization"] for request in api.requests} == {f"Bearer {CANARY}"}
    assert {request.headers["accept-encoding"] for request in api.requests} == {"identity"}


def test_the_models_parameters_go_with_every_call(tmp_path: Path) -> None:
    playbook = COUNCIL.replace("roles:", "models: {ultra: {id: fugu-ultra, params: {max_tokens: 64}}}\nroles:", 1)
    with FakeApi() as api:
        run(tmp_path, api, playbook=playbook)
    ultra = [request.body for request in api.requests if request.body and request.body["model"] == "fugu-ultra"]
    assert [body["max_tokens"] for body in ultra] == [64]


def test_the_record_of_a_run_fits_its_schemas_and_verifies(tmp_path: Path) -> None:
    with FakeApi(key=CANARY) as api:
        api.answer("fugu", Answer("Ready."), Answer("Ready."), Answer(status=500))
        done = run(tmp_path, api)
    assert done.exit == 1
    registry = json.loads((run_folder(tmp_path) / "run.json").read_text(encoding="utf-8"))
    checked = [("registry", registry)]
    checked += [("ledger", line) for line in lines(tmp_path, "ledger.jsonl")]
    checked += [("event", line) for line in lines(tmp_path, "events.jsonl")]
    for name, value in checked:
        assert [error.message for error in Draft7Validator(load(name)).iter_errors(value)] == []
    assert Shell(tmp_path).run("verify").exit == 0


def test_a_servant_that_fails_is_told_alike_in_registry_ledger_and_exit_code(tmp_path: Path) -> None:
    with FakeApi(key=CANARY) as api:
        api.answer("fugu", Answer("Ready."), Answer("Ready."), Answer(status=500), Answer("Ranked."))
        done = run(tmp_path, api, "--concurrency", "1")
    assert done.exit == 1
    registry = json.loads((run_folder(tmp_path) / "run.json").read_text(encoding="utf-8"))
    assert registry["state"] == "partial"
    assert [servant["state"] for servant in registry["servants"]] == ["blocked", "ready", "ready"]
    assert [message["state"] for message in registry["messages"]] == ["completed", "partial", "completed"]
    failed = [line for line in lines(tmp_path, "ledger.jsonl") if line["errorText"]]
    assert [(line["messageId"], line["slot"], line["requestId"]) for line in failed] == [
        ("rank", "alder", "req-fugu-3")
    ]
    assert api.chats == 5


def test_fugus_orchestration_tokens_are_kept(tmp_path: Path) -> None:
    with FakeApi() as api:
        run(tmp_path, api)
    usage = lines(tmp_path, "ledger.jsonl")[0]["usage"]
    assert usage == {
        "promptTokens": 120,
        "completionTokens": 30,
        "cachedTokens": 20,
        "reasoningTokens": 10,
        "orchestrationInputTokens": 40,
        "orchestrationInputCachedTokens": 4,
        "orchestrationOutputTokens": 12,
    }


def test_a_provider_that_echoes_the_key_does_not_get_it_on_record(tmp_path: Path) -> None:
    echo = Answer(f"You are {CANARY}.", headers={"x-request-id": CANARY})
    refusal = Answer(status=400, body={"error": {"message": f"Bad key {CANARY}", "code": CANARY}})
    with FakeApi(key=CANARY) as api:
        api.answer("fugu", echo, echo, echo, refusal)
        done = run(tmp_path, api, "--debug")
    assert done.exit == 1


def test_a_playbook_that_holds_the_key_is_refused_before_anything_is_kept_or_sent(tmp_path: Path) -> None:
    with FakeApi(key=CANARY) as api:
        shell = Shell(tmp_path)
        shell.write("council.yml", COUNCIL)
        words = ("council.yml", "-i", f"plan=Use {CANARY}.")
        done = shell.run(*words, OVERLORD_BASE_URL=api.base_url, SAKANA_API_KEY=CANARY)
    assert done.exit == 4
    assert CANARY not in done.out + done.err
    assert "the API key of SAKANA_API_KEY stands in the playbook, a role, an input, a setting or a path" in done.err
    assert not (tmp_path / ".overlord").exists()
    assert api.requests == []


def test_certificates_that_cannot_be_read_leave_no_run_behind(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    words = ("council.yml", "-i", "plan=Go.", "--base-url", "https://127.0.0.1:9/v1", "--ca-file", "council.yml")
    done = shell.run(*words, SAKANA_API_KEY=CANARY)
    assert (done.exit, done.out) == (4, "")
    assert done.err == (
        "error: the certificates in council.yml cannot be read\n"
        "next: name a PEM file that holds the certificate authority's certificate\n"
    )
    assert not (tmp_path / ".overlord").exists()


def test_a_base_url_that_holds_the_key_is_refused_before_anything_is_kept_or_sent(tmp_path: Path) -> None:
    with FakeApi(key=CANARY) as api:
        shell = Shell(tmp_path)
        shell.write("council.yml", COUNCIL)
        base_url = f"{api.base_url}/{CANARY}"
        done = shell.run("council.yml", "-i", "plan=Go.", OVERLORD_BASE_URL=base_url, SAKANA_API_KEY=CANARY)
    assert (done.exit, done.out) == (4, "")
    assert done.err == (
        "error: the API key of SAKANA_API_KEY stands in the base URL\n"
        "next: Take it out there: it is sent in a header.\n"
    )
    assert not (tmp_path / ".overlord").exists()
    assert api.requests == []


@pytest.mark.parametrize("place", ["input", "model", "path"])
def test_a_key_that_the_run_does_not_use_is_kept_out_of_the_record_all_the_same(tmp_path: Path, place: str) -> None:
    shell = Shell(tmp_path)
    canary = "sk-canary-0123456789"
    playbook = shell.write(f"{canary}.yml" if place == "path" else "council.yml", COUNCIL)
    words = {"input": ["-i", f"plan=Use {canary}."], "model": ["--model", canary], "path": []}[place]
    done = shell.run(playbook, "--rehearse", *words, OVERLORD_API_KEY=canary)
    assert done.exit == 4
    assert canary not in done.out + done.err
    assert not (tmp_path / ".overlord").exists()


@pytest.mark.parametrize("words", [["--timeout", CANARY], ["--concurrency", CANARY], [CANARY], ["-i", CANARY]])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_key_typed_in_the_wrong_place_is_not_told_back(tmp_path: Path, words: list[str], form: str) -> None:
    shell = Shell(tmp_path)
    done = shell.run(shell.write("council.yml", COUNCIL), "--format", form, *words, SAKANA_API_KEY=CANARY)
    assert done.exit == 2
    assert CANARY not in done.out + done.err


def test_a_probe_is_on_record_before_it_is_sent_and_told_as_weaker(tmp_path: Path) -> None:
    playbook = COUNCIL.replace("inputs:", "engine: {preflight: probe}\ninputs:", 1)
    with FakeApi(key=CANARY, listing=Answer(status=404)) as api:
        done = run(tmp_path, api, playbook=playbook)
    assert done.exit == 0
    assert "Asking fugu and fugu-ultra for a word each: a probe, weaker than /models, and perhaps billed" in done.err
    proof = [line for line in lines(tmp_path, "events.jsonl") if line["type"] in {"probe_sent", "preflight_passed"}]
    assert [line.get("model", line.get("method")) for line in proof] == ["fugu", "fugu-ultra", "probe"]
    assert api.chats == 2 + 5


@pytest.mark.parametrize(
    ("api", "key", "words", "code"),
    [
        (FakeApi(key="sk-another-0123456789"), CANARY, [], "key-refused"),
        (FakeApi(models=("fugu",)), CANARY, [], "model-missing"),
        (FakeApi(), CANARY, ["--model", "fogu"], "model-missing"),
        (FakeApi(listing=Answer(status=404)), CANARY, [], "no-models-endpoint"),
        (FakeApi(listing=Answer(body="<!doctype html><title>Hi</title>")), CANARY, [], "models-not-json"),
        (FakeApi(listing=Answer(body={"data": []})), CANARY, [], "models-empty"),
        (FakeApi(listing=Answer(status=500)), CANARY, [], "api-failed"),
        (FakeApi(listing=Answer(status=302, headers={"location": "/v2/models"})), CANARY, [], "redirected"),
    ],
    ids=["wrong-key", "model-missing", "near-miss", "404", "html", "empty", "500", "redirect"],
)
def test_an_api_that_is_not_proved_ends_with_exit_4_a_remedy_and_no_chat_call(
    tmp_path: Path, api: FakeApi, key: str, words: list[str], code: str
) -> None:
    with api:
        done = run(tmp_path, api, "--format", "json", *words, key=key)
    error = done.json("error")["error"]
    assert done.exit == 4
    assert (error["code"], error["exit"]) == (code, 4)
    assert error["next"]
    assert api.chats == 0

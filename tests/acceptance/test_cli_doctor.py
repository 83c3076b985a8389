import json
import os
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import Done, Shell
from canary import CANARY
from fake_api import FakeApi


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def examined(shell: Shell, *words: str, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code of a doctor and its checks by name; nothing is written."""
    before = set(shell.folder.rglob("*"))
    text = shell.run("doctor", *words, **environ)
    done = shell.run("doctor", *words, "--format", "json", **environ)
    assert set(shell.folder.rglob("*")) == before
    told = done.json("doctor")
    assert text.exit == done.exit == told["exit"]
    assert [
        line.split()[1] for line in text.out.splitlines() if line.startswith(("ok ", "note ", "missing ", "wrong "))
    ]
    return done.exit, {check["name"]: check for check in told["checks"]}


def states(checks: dict[str, dict[str, Any]], *stopping: str) -> set[str]:
    return {name for name, check in checks.items() if check["state"] in (stopping or ("missing", "wrong"))}


def test_without_a_key_the_key_is_missing_and_the_command_to_set_it_is_told(shell: Shell) -> None:
    exit_code, checks = examined(shell)
    assert (exit_code, states(checks)) == (4, {"key"})
    assert checks["key"] == {
        "name": "key",
        "state": "missing",
        "message": "no API key is set for api.sakana.ai",
        "next": checks["key"]["next"],
    }
    assert checks["key"]["next"].startswith("set it: ")
    assert "SAKANA_API_KEY" in checks["key"]["next"]
    done = shell.run("doctor")
    assert done.out.endswith(
        "\nA run against the API needs 1 thing set right: key.\n"
        "A rehearsal needs no key and no API: overlord-run PLAYBOOK --rehearse\n"
    )


def test_with_a_key_all_is_well_and_nothing_is_sent(shell: Shell) -> None:
    with FakeApi(key=CANARY) as api:
        base_url = api.base_url
        exit_code, checks = examined(shell, SAKANA_API_KEY=CANARY, OVERLORD_BASE_URL=base_url)
        assert api.requests == []
    assert (exit_code, states(checks)) == (0, set())
    authority = base_url.removeprefix("http://").removesuffix("/v1")
    assert checks["key"]["message"] == f"SAKANA_API_KEY is set and well-formed, for {authority}"
    assert checks["base-url"]["message"] == f"{base_url}, from OVERLORD_BASE_URL"
    assert checks["api"] == {
        "name": "api",
        "state": "note",
        "message": "not asked; one GET /models, never billed, proves it",
        "next": "overlord-run doctor --check",
    }


def test_the_api_is_proved_by_its_list_of_models_alone(shell: Shell) -> None:
    with FakeApi(key=CANARY) as api:
        base_url = api.base_url
        environ = {"SAKANA_API_KEY": CANARY, "OVERLORD_BASE_URL": base_url, "OVERLORD_MODEL": "fugu"}
        exit_code, checks = examined(shell, "--check", **environ)
        assert {(request.method, request.path) for request in api.requests} == {("GET", "/v1/models")}
    assert (exit_code, states(checks)) == (0, set())
    assert checks["api"]["message"] == f"{base_url} was reached, and lists fugu"
    assert checks["models"]["message"] == "normal is fugu, from OVERLORD_MODEL; ultra is fugu-ultra"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SAKANA_API_KEY": "another-key"}, " refused the key in SAKANA_API_KEY (401)"),
        ({"SAKANA_API_KEY": CANARY, "OVERLORD_MODEL": "fugo"}, " does not list the model 'fugo'"),
    ],
)
def test_an_api_that_is_not_proved_is_told_as_by_a_run(shell: Shell, environ: dict[str, str], message: str) -> None:
    with FakeApi(key=CANARY) as api:
        exit_code, checks = examined(shell, "--check", OVERLORD_BASE_URL=api.base_url, **environ)
    assert (exit_code, states(checks)) == (4, {"api"})
    assert checks["api"]["message"].endswith(message)
    assert checks["api"]["next"]


def test_all_that_is_wrong_is_told_at_once_and_then_nothing_is_sent(shell: Shell) -> None:
    (shell.folder / "home" / "overlord-run").mkdir(parents=True)
    (shell.folder / "home" / "overlord-run" / "config.yml").write_text("trust_host: [a]\n", encoding="utf-8")
    (shell.folder / ".overlord").write_text("", encoding="utf-8")
    exit_code, checks = examined(
        shell,
        "--check",
        OVERLORD_BASE_URL="ftp://example.com",
        SAKANA_API_KEY="two words",
        OVERLORD_MODEL=" ",
        OVERLORD_TIMEOUT_MS="soon",
    )
    assert exit_code == 4
    assert states(checks) == {"state-folder", "config", "base-url", "key", "models", "timeout"}
    assert "did you mean 'trust_hosts'?" in checks["config"]["message"]
    assert checks["api"]["message"] == "not asked: what is missing or wrong above comes first"


def test_a_key_in_the_base_url_is_told_without_it_and_goes_nowhere(shell: Shell) -> None:
    exit_code, checks = examined(
        shell, "--check", OVERLORD_BASE_URL="https://sk-canary-0.example.com/v1", SAKANA_API_KEY="sk-canary-0"
    )
    assert (exit_code, states(checks)) == (4, {"base-url"})
    assert checks["base-url"]["message"] == "OVERLORD_BASE_URL holds the API key"
    assert "sk-canary-0" not in json.dumps(checks)


def runs_of(shell: Shell) -> Done:
    shell.run("init")
    return shell.run("council.yml", "--rehearse", "-q")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_state_folder_that_others_may_read_is_noted(shell: Shell) -> None:
    assert runs_of(shell).exit == 0
    _, checks = examined(shell)
    assert checks["state-folder"]["message"] == f"{shell.folder / '.overlord'}, 1 run, writable"
    (shell.folder / ".overlord").chmod(0o755)
    _, checks = examined(shell)
    assert checks["state-folder"]["message"].endswith("1 run; others may get at it (0755)")
    assert checks["state-folder"]["next"].startswith("chmod 700 ")


def test_a_state_folder_that_git_would_track_is_noted(shell: Shell) -> None:
    assert runs_of(shell).exit == 0
    (shell.folder / ".overlord" / ".gitignore").unlink()
    _, checks = examined(shell)
    assert checks["state-folder"]["state"] == "note"
    assert checks["state-folder"]["message"].endswith("nothing in it tells git to ignore them")

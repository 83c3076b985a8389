"""Start-up is a feature: a command imports what it needs, and `--help` next to nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_kit import ROWS

HEAVY = {"yaml", "jsonschema", "jinja2", "httpx", "rich", "asyncio"}
LOADED = "import atexit, json, sys; atexit.register(lambda: print(json.dumps(sorted(sys.modules)))); "


REPO = Path(__file__).parents[2]


def modules_of(*args: str, folder: Path | None = None, **environ: str) -> set[str]:
    """Return what a command line imports, the heavy ones and our own."""
    code = f"{LOADED}sys.argv[1:] = {list(args)!r}; from overlord_run.cli.main import main; main()"
    env = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | environ
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode in (0, 2, 3, 11), done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("args", [["--help"], [], ["--version"]], ids=" ".join)
def test_what_runs_no_command_imports_nothing_heavy_and_no_command(args: list[str]) -> None:
    modules = modules_of(*args)
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("overlord_run.")} == {
        "overlord_run.cli",
        "overlord_run.cli.lazy",
        "overlord_run.cli.main",
        "overlord_run.cli.report",
        "overlord_run.cli.report.problems",
        "overlord_run.cli.report.visible",
        "overlord_run.cli.report.words",
        "overlord_run.cli.streams",
        "overlord_run.errors",
    }


def test_an_error_imports_nothing_heavy() -> None:
    assert not modules_of("lst") & HEAVY


@pytest.mark.parametrize("name", ROWS)
def test_the_flags_of_a_command_are_known_without_what_carries_it_out(name: str) -> None:
    modules = modules_of(*name.split(" "), "--help")
    assert ROWS[name][0].partition(":")[0] in modules
    assert not modules & HEAVY


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("overlord_run.")}


def test_validate_imports_what_reads_playbooks_and_nothing_of_runs() -> None:
    modules = modules_of("validate", str(REPO / "playbooks" / "quickstart.yml"))
    assert "overlord_run.app.validate" in modules
    assert not modules & {"httpx", "asyncio", "rich", "click.shell_completion"}
    floors = {".".join(name.split(".")[:2]) for name in ours(modules)}
    assert not floors & {"overlord_run.store", "overlord_run.executor", "overlord_run.host"}
    assert not modules & {"overlord_run.plan.model", "overlord_run.engine.script", "overlord_run.settings.model"}
    of_packs = {f"overlord_run.roles.{name}" for name in ("cache", "lock", "packs")}
    assert not modules & {*of_packs, "overlord_run.settings.cache", "overlord_run.app.roles.examples", "platformdirs"}


@pytest.mark.parametrize(
    ("words", "most"),
    [
        (["--help"], 9),
        (["validate", str(REPO / "playbooks" / "quickstart.yml")], 101),
        (["list"], 79),
        (["status"], 90),
        ([str(REPO / "playbooks" / "quickstart.yml"), "--dry-run"], 158),
        ([str(REPO / "playbooks" / "quickstart.yml"), "--rehearse", "-q"], 253),
    ],
    ids=lambda value: " ".join(word for word in value if "/" not in word) if isinstance(value, list) else "",
)
def test_no_command_imports_more_of_ours_than_it_did(words: list[str], most: int, tmp_path: Path) -> None:
    """To find, read and run a module of ours takes a quarter of a millisecond."""
    assert len(ours(modules_of(*words, folder=tmp_path))) <= most


def test_trying_roles_imports_neither_the_network_nor_the_event_loop() -> None:
    modules = modules_of("roles", "test", "--format", "json", str(REPO / "playbooks" / "roles"))
    assert "overlord_run.app.roles.test" in modules
    assert not modules & {"httpx", "asyncio", "rich"}


@pytest.mark.parametrize("name", ["list", "status", "show", "ledger", "events", "verify"])
def test_what_looks_at_a_run_imports_no_network(name: str, tmp_path: Path) -> None:
    modules = modules_of(name, "--state-dir", str(tmp_path))
    assert "overlord_run.app.history" in modules
    assert not modules & {"httpx", "jinja2", "jsonschema", "yaml", "rich"}
    assert ("overlord_run.store.verify" in modules) == (name == "verify")


def test_a_run_imports_what_an_unusual_flag_needs_only_where_it_is_given(tmp_path: Path) -> None:
    modules = modules_of(str(REPO / "playbooks" / "quickstart.yml"), "--rehearse", "-q", folder=tmp_path)
    assert "overlord_run.executor.run" in modules
    unusual = ("app.start", "app.detach", "app.wait", "cli.apart", "cli.report.plan", "store.verify", "store.glance")
    assert not modules & {f"overlord_run.{name}" for name in unusual}


def test_asking_more_of_a_run_checks_no_playbook() -> None:
    code = "import json, sys, overlord_run.cli.send; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    modules = set(json.loads(done.stdout))
    assert {"overlord_run.executor.turn", "overlord_run.app.unchanged"} <= modules
    assert not modules & {"jsonschema", "rich", "overlord_run.playbook.parse"}


def test_what_speaks_http_imports_no_second_client_and_a_rehearsal_not_even_the_first(tmp_path: Path) -> None:
    rehearsed = modules_of(str(REPO / "playbooks" / "quickstart.yml"), "--rehearse", "-q", folder=tmp_path)
    assert not rehearsed & {"h11", "httpcore", "anyio"}
    code = "import json, sys, overlord_run.engine.direct; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    speaking = set(json.loads(done.stdout))
    assert speaking > {"h11", "aiohappyeyeballs"}
    assert not speaking & {"httpcore", "anyio"}


def test_comparing_runs_imports_nothing_that_reads_playbooks_and_comparing_playbooks_no_network(tmp_path: Path) -> None:
    of_runs = modules_of("diff", "one", "other", "--state-dir", str(tmp_path))
    assert "overlord_run.app.diff.runs" in of_runs
    assert not of_runs & {"httpx", "jinja2", "jsonschema", "yaml", "rich"}
    playbook = str(REPO / "playbooks" / "quickstart.yml")
    of_playbooks = modules_of("diff", playbook, playbook, folder=tmp_path)
    assert "overlord_run.app.diff.playbooks" in of_playbooks
    assert not of_playbooks & {"httpx", "asyncio", "rich"}


def test_what_is_only_planned_imports_neither_the_network_nor_the_event_loop(tmp_path: Path) -> None:
    playbook = str(REPO / "playbooks" / "quickstart.yml")
    modules = modules_of(playbook, "--dry-run", folder=tmp_path)
    assert "overlord_run.cli.report.plan.text" in modules
    assert not modules & {"httpx", "asyncio", "rich"}
    refused = modules_of(playbook, "-i", "nonsense=1", folder=tmp_path)
    assert "overlord_run.app.prepare" in refused
    assert not refused & {"httpx", "asyncio", "rich"}

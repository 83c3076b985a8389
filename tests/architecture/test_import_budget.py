"""Start-up is a feature: a command imports what it needs, and `--help` next to nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"yaml", "jsonschema", "jinja2", "httpx", "rich", "asyncio"}
LOADED = "import atexit, json, sys; atexit.register(lambda: print(json.dumps(sorted(sys.modules)))); "


REPO = Path(__file__).parents[2]


def modules_of(*args: str, folder: Path | None = None) -> set[str]:
    """Return what a command line imports, the heavy ones and our own."""
    code = f"{LOADED}sys.argv[1:] = {list(args)!r}; from overlord_run.cli.main import main; main()"
    environ = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 2), done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("args", [["--help"], [], ["--version"]], ids=" ".join)
def test_what_runs_no_command_imports_nothing_heavy_and_no_command(args: list[str]) -> None:
    modules = modules_of(*args)
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("overlord_run.")} == {
        "overlord_run.cli",
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


def test_validate_imports_neither_the_network_nor_the_event_loop() -> None:
    modules = modules_of("validate", "--help")
    assert "overlord_run.app.validate" in modules
    assert not modules & {"httpx", "asyncio", "rich"}


@pytest.mark.parametrize("name", ["list", "status", "show", "verify"])
def test_what_looks_at_a_run_imports_no_network(name: str) -> None:
    assert not modules_of(name, "--help") & {"httpx", "jinja2", "jsonschema", "yaml", "rich"}


@pytest.mark.parametrize("words", [[], ["--format", "json"], ["-q"], ["--dry-run"]], ids=" ".join)
def test_a_run_whose_output_goes_into_a_pipe_does_not_import_what_draws(words: list[str], tmp_path: Path) -> None:
    playbook = str(REPO / "playbooks" / "quickstart.yml")
    modules = modules_of(playbook, "--rehearse", *words, folder=tmp_path)
    assert "overlord_run.cli.run" in modules
    assert not modules & {"rich", "pygments"}
    assert not modules_of("list", folder=tmp_path) & {"rich", "pygments"}


def test_a_conversation_that_goes_into_a_pipe_does_not_import_what_draws(tmp_path: Path) -> None:
    modules_of(str(REPO / "playbooks" / "quickstart.yml"), "--rehearse", folder=tmp_path)
    assert not modules_of("show", folder=tmp_path) & {"rich", "pygments"}

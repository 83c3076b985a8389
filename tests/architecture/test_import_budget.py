"""Start-up is a feature: a command imports what it needs, and `--help` next to nothing."""

import json
import subprocess
import sys

import pytest

HEAVY = {"yaml", "jsonschema", "jinja2", "httpx", "rich", "asyncio"}
LOADED = "import atexit, json, sys; atexit.register(lambda: print(json.dumps(sorted(sys.modules)))); "


def modules_of(*args: str) -> set[str]:
    """Return what a command line imports, the heavy ones and our own."""
    code = f"{LOADED}sys.argv[1:] = {list(args)!r}; from overlord_run.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
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
